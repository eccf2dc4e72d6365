#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::model {

/// Whether `text`, in lower case, can be an account's name.
inline bool is_username(std::string_view text) {
    constexpr std::size_t kLeast = 2, kMost = 32;
    return text.size() >= kLeast && text.size() <= kMost &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == text.npos;
}

struct Account {
    std::string id;
    std::string username;  ///< lower case
    base::UnixMillis created_at = 0;
};

/// An account, and what opened it.
struct Bearer : Account {
    std::string token_id;  ///< of an API token; empty for a session
};

/// An API token as its owner sees it; the secret itself is stored nowhere.
struct ApiToken {
    std::string id;
    std::string name;
    base::UnixMillis created_at = 0;
    std::optional<base::UnixMillis> expires_at;
};

}  // namespace snippetd::model
