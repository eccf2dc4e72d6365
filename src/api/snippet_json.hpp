#pragma once

#include "cache/entry.hpp"
#include "model/snippet.hpp"

#include <memory>
#include <string>
#include <string_view>

/// How a snippet looks from outside.
namespace snippetd::api {

/// `"v3"` and `"v3-raw"`: the tag changes with every edit, and differs between the representations of one version.
std::string json_etag(std::int64_t version);
std::string raw_etag(std::int64_t version);

enum class Body { shown, left_out };

/// The snippet as a JSON object. `edit_token` is shown when not empty. `base` begins its `url`.
std::string snippet_json(const model::Snippet& snippet, std::string_view base, Body body,
                         std::string_view edit_token = {});

/// Everything of a link's answers that is the same for all readers. `ttl` is cut at the snippet's own expiry. With a
/// large body the entry is not whole: most of its readers want other forms than JSON.
std::shared_ptr<cache::Entry> make_entry(const model::Snippet& snippet, base::Milliseconds ttl,
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

}  // namespace snippetd::api
