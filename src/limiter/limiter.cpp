#include "limiter/limiter.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/this_coro.hpp>

namespace snippetd::limiter {

namespace {

namespace asio = boost::asio;

bool refuses(const Charge& charge, const Verdict& verdict) {
    return !verdict.admitted() && !charge.policy->shadow;
}

base::Awaitable<Verdict> take_one(Limiter& limiter, const Charge& charge) {
    std::string client = charge.client;
    co_return co_await limiter.take(*charge.policy, std::move(client), charge.cost);
}

/// The verdicts of `which`, of which there are two or more, looked up at the same time.
base::Awaitable<std::vector<Verdict>> take_together(Limiter& limiter, const std::vector<Charge>& charges,
                                                    const std::vector<std::size_t>& which) {
    const base::Executor executor = co_await asio::this_coro::executor;
    const auto begin = [&](std::size_t i) {
        return asio::co_spawn(executor, take_one(limiter, charges[i]), asio::deferred);
    };
    std::vector<decltype(begin(0))> looks;
    looks.reserve(which.size());
    for (const std::size_t i : which) looks.push_back(begin(i));
    auto group = asio::experimental::make_parallel_group(std::move(looks));
    const asio::experimental::wait_for_all all;
    auto [order, errors, verdicts] = co_await group.async_wait(all, base::use_awaitable);
    for (const std::exception_ptr& error : errors) {
        if (error) std::rethrow_exception(error);
    }
    co_return std::move(verdicts);
}

}  // namespace

base::Awaitable<std::vector<Verdict>> take_all(Limiter& limiter, std::vector<Charge> charges) {
    std::vector<Verdict> verdicts(charges.size());
    std::vector<std::size_t> taken, far;
    bool refused = false;
    for (std::size_t i = 0; i < charges.size() && !refused; ++i) {
        const std::optional<Verdict> near = limiter.take_near(*charges[i].policy, charges[i].client, charges[i].cost);
        if (near) verdicts[i] = *near;
        refused = near && refuses(charges[i], *near);
        (near ? taken : far).push_back(i);
    }
    if (!refused && far.size() == 1) {
        verdicts[far.front()] = co_await take_one(limiter, charges[far.front()]);
    } else if (!refused && !far.empty()) {
        const std::vector<Verdict> looked_up = co_await take_together(limiter, charges, far);
        for (std::size_t i = 0; i < far.size(); ++i) verdicts[far[i]] = looked_up[i];
    }
    if (!refused) {
        taken.insert(taken.end(), far.begin(), far.end());
        refused = std::any_of(far.begin(), far.end(), [&](std::size_t i) { return refuses(charges[i], verdicts[i]); });
    }
    if (!refused) co_return verdicts;
    for (const std::size_t i : taken) {
        if (verdicts[i].decision != Verdict::Decision::allowed) continue;
        co_await limiter.give_back(*charges[i].policy, std::move(charges[i].client), charges[i].cost, verdicts[i]);
    }
    co_return verdicts;
}

}  // namespace snippetd::limiter
