#pragma once

#include "cache/entry.hpp"

#include <memory>
#include <string>

namespace snippetd::test {

/// An entry of a snippet that is valid for an hour.
inline std::shared_ptr<cache::Entry> make_entry(std::string id, std::int64_t version = 1, std::string body = "body") {
    auto entry = std::make_shared<cache::Entry>();
    entry->id = std::move(id);
    entry->version = version;
    entry->body = std::move(body);
    entry->valid_until = base::deadline_in(base::Milliseconds{3'600'000});
    return entry;
}

/// The same when its time is over.
inline std::shared_ptr<cache::Entry> make_stale_entry(std::string id, std::int64_t version = 1) {
    auto entry = make_entry(std::move(id), version);
    entry->valid_until = base::steady_now() - base::Milliseconds{1};
    return entry;
}

}  // namespace snippetd::test
