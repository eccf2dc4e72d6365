#pragma once

#include "base/metrics.hpp"
#include "model/numbers_by_id.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

/// View counts off the request path: a read drops a count here and returns; the drainer collects.
namespace snippetd::views {

/// What all workers of the process count together.
struct Tally {
    explicit Tally(base::Metrics& metrics);
    base::Counter& recorded;
    base::Counter& applied;
    base::Counter& dropped;  ///< beyond the recorder's bound, or never applied by the end of the process
    base::Counter& batches;
    std::atomic<std::uint64_t> handed_on{0};  ///< of those recorded here, to the store or to Redis
};

/// The request side, one for each worker and used on its thread alone.
class Recorder {
  public:
    /// Overflow rule: views of further ids are dropped and counted as such; ids that are here go on counting.
    static constexpr std::size_t kPendingIdsMax = 131072;

    explicit Recorder(Tally& tally) : tally_{tally} {}

    /// Some nanoseconds; no lock, no system call, and no allocation for an id that is here already.
    void record(std::string_view id) {
        tally_.recorded.add();
        const auto found = pending_.find(id);
        if (found != pending_.end()) {
            ++found->second;
        } else if (pending_.size() < kPendingIdsMax) {
            pending_.emplace(std::string{id}, 1);
        } else {
            tally_.dropped.add();
        }
    }

    /// A view that has been written to the store at once.
    void note_applied() {
        tally_.recorded.add();
        tally_.applied.add();
        ++tally_.handed_on;
    }

    /// Hands over what has gathered and starts at nothing.
    model::NumbersById take();

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return boost::hash<std::string_view>{}(text); }
    };
    struct Equal {
        using is_transparent = void;
        bool operator()(std::string_view a, std::string_view b) const { return a == b; }
    };
    Tally& tally_;
    boost::unordered_flat_map<std::string, std::int64_t, Hash, Equal> pending_;
};

}  // namespace snippetd::views
