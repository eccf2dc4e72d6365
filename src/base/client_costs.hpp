#pragma once

#include "base/party.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::base {

/// Which clients cost most, by the time that the threads of all pools have spent on them: an estimate from a bounded
/// number of counters, by the algorithm Space-Saving (Metwally, Agrawal and El Abbadi, "Efficient Computation of
/// Frequent and Top-k Elements in Data Streams", 2005). Whoever has more than a `kCounters`th of everything is among
/// them. Thread-safe.
class ClientCosts {
  public:
    static constexpr std::size_t kCounters = 128;

    struct Cost {
        std::uint64_t client = 0;
        std::string name;  ///< empty when nobody has told
        std::chrono::nanoseconds spent{0};
        std::chrono::nanoseconds too_much{0};  ///< `spent` is at most by so much more than it was
    };

    /// What is added together, so that nobody else is let in between. To be short.
    class Adding {
      public:
        explicit Adding(ClientCosts& costs) : costs_{costs}, lock_{costs.mutex_} {}
        /// What the service does on its own account is nobody's cost.
        void add(const Party& party, std::chrono::nanoseconds spent) { costs_.add_locked(party, spent); }

      private:
        ClientCosts& costs_;
        const std::lock_guard<std::mutex> lock_;
    };

    void add(const Party& party, std::chrono::nanoseconds spent) { Adding{*this}.add(party, spent); }
    /// How the client is called, an address or an account: kept while it has a counter.
    void name(std::uint64_t client, std::string_view name);

    /// The first ones, by what was spent on them.
    std::vector<Cost> top(std::size_t count) const;
    /// What has been spent on all.
    std::chrono::nanoseconds total() const;
    /// Halves everything: called again and again, what is long ago counts for little.
    void age();

  private:
    struct Counter {
        std::string name;
        std::chrono::nanoseconds spent{0}, too_much{0};
    };
    using Counters = std::unordered_map<std::uint64_t, Counter>;

    void add_locked(const Party& party, std::chrono::nanoseconds spent);

    mutable std::mutex mutex_;
    Counters counters_;                  ///< guarded by mutex_
    std::chrono::nanoseconds total_{0};  ///< guarded by mutex_
};

}  // namespace snippetd::base
