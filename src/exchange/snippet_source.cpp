#include "exchange/snippet_source.hpp"

#include "cache/ttl.hpp"
#include "exchange/snippet_json.hpp"

#include <algorithm>

namespace snippetd::exchange {

namespace {

/// Of what is made once for whoever reads it.
constexpr base::Party kOfAll{0, base::Work::read, base::Standing::service};

std::shared_ptr<cache::Entry> entry_from(const std::string& id, const model::Loaded& loaded, base::Milliseconds ttl) {
    if (loaded.state == model::Loaded::State::found && ttl.count() > 0) {
        return make_entry(loaded.snippet, ttl, "public, no-cache");
    }
    auto entry = std::make_shared<cache::Entry>();
    entry->id = id;
    const bool missing = loaded.state == model::Loaded::State::missing;
    entry->kind = missing ? cache::Entry::Kind::missing : cache::Entry::Kind::gone;
    entry->valid_until = base::deadline_in(std::max(ttl, base::Milliseconds{1}));
    return entry;
}

}  // namespace

base::Awaitable<cache::Fill> SnippetSource::load(std::string id, cache::Wanted wanted, base::Deadline deadline) {
    const cache::RedisCache::Answer answer = co_await find(id, wanted, deadline);
    cache::Fill fill;
    fill.as_of = answer.as_of;
    if (answer.from_redis) fill.status = cache::Status::redis_hit;
    if (answer.loaded.snippet && !answer.loaded.snippet->cacheable()) {
        fill.snippet = answer.loaded.snippet;
        fill.snippet_expired = answer.loaded.expired();
        co_return fill;
    }
    const std::size_t size = answer.loaded.snippet ? answer.loaded.snippet->body.size() : 0;
    auto work = [&] { return entry_from(id, answer.loaded, answer.ttl); };
    const std::shared_ptr<cache::Entry> entry =
        co_await texts_.by_size(Text::entry, size, deadline.party, std::move(work));
    entry->loaded_at = answer.as_of;
    // What ends because the snippet itself expires has nothing to be refreshed for.
    bool expires = false;
    if (entry->expires_at != 0) {
        const base::Milliseconds lifetime = lifetime_of(answer);
        entry->expire_in(lifetime);
        expires = lifetime <= answer.ttl;
    }
    entry->refresh_from = expires ? entry->valid_until : entry->valid_until - refresh_below_;
    fill.entry = entry;
    co_return fill;
}

/// How long until the snippet expires. Redis does not say by which clock it was loaded, so when the store's has not
/// been heard lately either, it is what is left of the time in Redis, which ends before.
base::Milliseconds SnippetSource::lifetime_of(const cache::RedisCache::Answer& answer) const {
    const base::UnixMillis expires_at = *answer.loaded.snippet->expires_at;
    if (!answer.from_redis) return base::Milliseconds{expires_at - answer.loaded.as_of};
    const std::optional<base::UnixMillis> now = store_.estimated_now();
    return now ? base::Milliseconds{expires_at - *now} : answer.ttl;
}

base::Awaitable<std::shared_ptr<const cache::Entry>> SnippetSource::complete(
    std::shared_ptr<const cache::Entry> entry) {
    auto work = [entry] { return make_whole(*entry); };
    co_return co_await texts_.by_size(Text::json, entry->snippet->body.size(), kOfAll, std::move(work));
}

base::Awaitable<cache::RedisCache::Answer> SnippetSource::find(std::string id, cache::Wanted, base::Deadline deadline) {
    cache::RedisCache::Answer answer;
    answer.as_of = base::steady_now();
    answer.loaded = co_await load_for_everybody(std::move(id), deadline);
    answer.ttl = cache::ttl_for(answer.loaded, ttl_);
    co_return answer;
}

base::Awaitable<model::Loaded> SnippetSource::load_for_everybody(std::string id, base::Deadline deadline) {
    model::Loaded loaded = co_await store_.load_snippet(std::move(id), deadline);
    const bool tells_too_much = loaded.snippet && loaded.snippet->cacheable() && !loaded.snippet->forked_from.empty() &&
                                !loaded.snippet->original_is_public;
    if (tells_too_much) {
        auto snippet = std::make_shared<model::Snippet>(*loaded.snippet);
        snippet->hide_original();
        loaded.snippet = std::move(snippet);
    }
    co_return loaded;
}

base::Awaitable<void> SnippetSource::invalidate(std::string, std::int64_t) {
    co_return;
}

base::Awaitable<cache::RedisCache::Answer> SharedSnippetSource::find(std::string id, cache::Wanted wanted,
                                                                     base::Deadline deadline) {
    if (reads_ == Reads::none || wanted == cache::Wanted::newest) {
        co_return co_await SnippetSource::find(std::move(id), wanted, deadline);
    }
    cache::RedisCache::Load from_store = [this](std::string wanted_id, base::Deadline until) {
        return load_for_everybody(std::move(wanted_id), until);
    };
    const base::Milliseconds below = wanted == cache::Wanted::refresh ? refresh_below() : base::Milliseconds{0};
    co_return co_await redis_.read(std::move(id), below, std::move(from_store), deadline);
}

base::Awaitable<void> SharedSnippetSource::invalidate(std::string id, std::int64_t floor) {
    co_await redis_.invalidate(std::move(id), floor);
}

}  // namespace snippetd::exchange
