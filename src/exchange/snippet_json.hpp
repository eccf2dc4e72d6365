#pragma once

#include "cache/entry.hpp"
#include "http/codings.hpp"
#include "model/snippet.hpp"

#include <memory>
#include <string>
#include <string_view>

/// How a snippet looks from outside.
namespace snippetd::exchange {

// Entity tags. They are strong, so each names everything that its representation is made from, the version first; what
// names the version alone goes on with `-` or ends there.

/// `-1f2e3d4c`: stands for the base of links, by a hash (FNV-1a, 32 bits).
void append_base_tag(std::string& out, std::string_view base);
/// `"v3-c120-1f2e3d4c"`: also the count, as it is shown.
void append_json_etag(std::string& out, std::int64_t version, std::int64_t view_count, std::string_view base);
std::string json_etag(const model::Snippet& snippet, std::string_view base);
/// `"v3-raw"`
std::string raw_etag(std::int64_t version);
/// `"v3-raw-gzip"`: the same representation in another coding has another tag, since its bytes are others.
void append_coding(std::string& etag, http::Coding coding);

enum class Body { shown, left_out };

/// The snippet as a JSON object. `edit_token` is shown when not empty. `base` begins its `url`.
std::string snippet_json(const model::Snippet& snippet, std::string_view base, Body body,
                         std::string_view edit_token = {});

/// Everything of a link's answers that is the same for all readers. It may be kept for `ttl`. With a large body the
/// entry is not whole: most of its readers want other forms than JSON.
std::shared_ptr<cache::Entry> make_entry(std::shared_ptr<const model::Snippet> snippet, base::Milliseconds ttl,
                                         std::string_view cache_control);

/// The same with its JSON. Called again, also by another thread, it gives the same entry as long as that is kept.
std::shared_ptr<const cache::Entry> make_whole(const cache::Entry& entry);

/// What names of files in this language (canonical) end with, without the dot; `txt` for one without its own.
std::string_view extension_of(std::string_view language);

/// The file name that a download of the snippet gets: its title, made harmless, or its id with the language's
/// extension.
std::string download_name(std::string_view id, std::string_view title, std::string_view language);

/// The name of its file among others: its id, then what is harmless of its title, at most 150 bytes together, and an
/// extension. No two snippets have the same.
std::string export_name(std::string_view id, std::string_view title, std::string_view language);

}  // namespace snippetd::exchange
