#pragma once

#include "base/clock.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::model {

enum class Visibility { public_, unlisted, private_ };

/// What the API and the pages call it.
constexpr std::string_view to_text(Visibility visibility) {
    switch (visibility) {
        case Visibility::public_: return "public";
        case Visibility::unlisted: return "unlisted";
        case Visibility::private_: break;
    }
    return "private";
}

/// The one of that name, or nothing.
constexpr std::optional<Visibility> visibility_named(std::string_view name) {
    for (const Visibility visibility : {Visibility::public_, Visibility::unlisted, Visibility::private_}) {
        if (to_text(visibility) == name) return visibility;
    }
    return std::nullopt;
}

/// A snippet as it is stored, its current version.
struct Snippet {
    std::string id;  ///< 12 characters of A-Z a-z 0-9: 71 random bits
    std::string title;
    std::string body;  ///< UTF-8 without NUL; empty in lists
    std::string language;
    bool language_chosen = true;  ///< somebody has said it; else it is guessed, and again when the title changes
    Visibility visibility = Visibility::unlisted;
    std::vector<std::string> tags;
    std::string owner_id;      ///< empty for anonymous
    std::string owner_name;    ///< empty for anonymous
    std::int64_t version = 1;  ///< grows by one with each edit
    std::int64_t view_count = 0;
    base::UnixMillis created_at = 0;
    base::UnixMillis updated_at = 0;
    std::optional<base::UnixMillis> expires_at;
    bool burn_after_reading = false;
    std::string edit_token_hash;      ///< empty unless created anonymously
    std::string forked_from;          ///< empty unless it is a fork
    bool original_is_public = false;  ///< whether everybody may know what it is a fork of; only read, never written

    bool expired(base::UnixMillis now) const { return expires_at && *expires_at <= now; }
    /// Forgets what it is a fork of, unless everybody may know: the id of an unlisted snippet is all that one needs to
    /// read it.
    void hide_original() {
        if (!original_is_public) forked_from.clear();
    }
    /// Whether everyone who has the link gets the same answer, any number of times: what a cache may hold.
    bool cacheable() const { return visibility != Visibility::private_ && !burn_after_reading; }
};

/// No version of a deleted snippet may be served: the floor that its deletion leaves.
inline constexpr std::int64_t kDeletedFloor = std::numeric_limits<std::int64_t>::max();

/// An earlier (or the current) version of a snippet.
struct Revision {
    std::int64_t version = 0;
    std::string title;
    std::string body;  ///< empty in lists
    std::string language;
    Visibility visibility = Visibility::unlisted;  ///< as it was while this version was current
    base::UnixMillis created_at = 0;
    std::int64_t size = 0;  ///< of the body, in bytes
};

}  // namespace snippetd::model
