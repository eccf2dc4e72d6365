#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "views/recorder.hpp"

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>

namespace snippetd::views {

/// The worker side: every flush interval, moves what the recorders hold to the store, in one batch.
///
/// A batch has a random id, which the store keeps in a ledger. When the store's answer is lost, the same batch is given
/// again under the same id, and the ledger makes the second time a no-op: counted exactly once, whichever way it went.
/// While the store is away the batch waits, and later views gather behind it.
class Drainer {
  public:
    /// Overflow rule: beyond this many ids, those of a new collection are dropped, and counted as such.
    static constexpr std::size_t kGatheredIdsMax = 524288;
    /// One statement's worth. More than that come together only while the store is away, and are applied in several.
    static constexpr std::size_t kBatchIdsMax = 131072;

    struct Steps {
        /// Takes from every recorder.
        std::function<base::Awaitable<model::NumbersById>()> collect;
        /// Applies to the store; the new totals. May throw base::Unavailable.
        std::function<base::Awaitable<model::NumbersById>(std::string batch_id, model::NumbersById counts)> apply;
        /// Tells the caches.
        std::function<base::Awaitable<void>(model::NumbersById totals)> publish;
    };

    Drainer(base::Executor executor, Steps steps, Tally& tally)
        : timer_{std::move(executor)}, steps_{std::move(steps)}, tally_{tally} {}

    /// A flush every `interval`, and a last one after `stop`. True when that has left nothing.
    base::Awaitable<bool> run(base::Milliseconds interval);
    /// On the drainer's executor.
    void stop();

    /// One flush; not while `run` runs. Does not throw: what could not be applied stays for the next one. True when
    /// nothing is left.
    base::Awaitable<bool> flush();

  private:
    struct Batch {
        std::string id;
        model::NumbersById counts;
        std::int64_t views = 0;
    };

    void gather(model::NumbersById counts);
    void cut_batch();

    base::Timer timer_;
    bool stopping_ = false;
    Steps steps_;
    Tally& tally_;
    std::unordered_map<std::string, std::int64_t> gathered_;  ///< not yet in a batch
    std::optional<Batch> batch_;                              ///< given to the store, not known to be applied
};

}  // namespace snippetd::views
