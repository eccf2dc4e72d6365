#include "cache/ttl.hpp"

#include <algorithm>
#include <random>

namespace snippetd::cache {

base::Milliseconds ttl_for(const model::Loaded& loaded, base::Milliseconds ttl) {
    if (loaded.state != model::Loaded::State::found) return kNegativeTtl;
    const model::Snippet& snippet = *loaded.snippet;
    if (!snippet.cacheable()) return base::Milliseconds{0};
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> factor{0.9, 1.1};
    base::Milliseconds jittered{
        static_cast<base::Milliseconds::rep>(static_cast<double>(ttl.count()) * factor(random))};
    if (snippet.expires_at) jittered = std::min(jittered, base::Milliseconds{*snippet.expires_at - loaded.as_of});
    return std::max(jittered, base::Milliseconds{0});
}

}  // namespace snippetd::cache
