#include "api/snippet_source.hpp"

#include "api/snippet_json.hpp"

#include <random>

namespace snippetd::api {

namespace {

std::shared_ptr<const cache::Entry> negative_entry(const std::string& id, cache::Entry::Kind kind) {
    auto entry = std::make_shared<cache::Entry>();
    entry->id = id;
    entry->kind = kind;
    entry->valid_until = base::deadline_in(SnippetSource::kNegativeTtl);
    return entry;
}

base::Milliseconds with_jitter(base::Milliseconds ttl) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> factor{0.9, 1.1};
    return base::Milliseconds{static_cast<base::Milliseconds::rep>(static_cast<double>(ttl.count()) * factor(random))};
}

}  // namespace

base::Awaitable<cache::Fill> SnippetSource::load(std::string id, base::Deadline deadline) {
    const store::Loaded loaded = co_await store_.load_snippet(id, deadline);
    co_return fill_from(id, loaded);
}

cache::Fill SnippetSource::fill_from(const std::string& id, const store::Loaded& loaded) {
    using State = store::Loaded::State;
    if (loaded.state == State::missing) return {negative_entry(id, cache::Entry::Kind::missing), nullptr};
    if (loaded.state == State::gone) return {negative_entry(id, cache::Entry::Kind::gone), nullptr};
    const model::Snippet& snippet = *loaded.snippet;
    if (!snippet.cacheable()) return {nullptr, loaded.snippet};
    if (snippet.expired(base::unix_now_ms())) return {negative_entry(id, cache::Entry::Kind::gone), nullptr};
    return {make_entry(snippet, with_jitter(ttl_), "public, no-cache"), nullptr};
}

}  // namespace snippetd::api
