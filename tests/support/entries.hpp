#pragma once

#include "cache/entry.hpp"

#include <memory>
#include <string>

namespace snippetd::test {

/// An entry of a snippet that has been loaded now, is valid for an hour and asks for no refresh before.
inline std::shared_ptr<cache::Entry> make_entry(std::string id, std::int64_t version = 1, std::string body = "body") {
    auto entry = std::make_shared<cache::Entry>();
    entry->id = std::move(id);
    entry->version = version;
    model::Snippet snippet;
    snippet.body = std::move(body);
    entry->snippet = std::make_shared<const model::Snippet>(std::move(snippet));
    entry->loaded_at = base::steady_now();
    entry->valid_until = entry->loaded_at + base::Milliseconds{3'600'000};
    entry->refresh_from = entry->valid_until;
    return entry;
}

/// The same when its time is over.
inline std::shared_ptr<cache::Entry> make_stale_entry(std::string id, std::int64_t version = 1,
                                                      std::string body = "body") {
    auto entry = make_entry(std::move(id), version, std::move(body));
    entry->valid_until = base::steady_now() - base::Milliseconds{1};
    entry->refresh_from = entry->valid_until;
    return entry;
}

}  // namespace snippetd::test
