#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::views {

/// Who has a snippet open and wants to see its count follow: one for each worker, used on its thread alone. It is fed
/// by what the drainer publishes, so a flush costs an open page one message however many have read meanwhile.
class LiveCounts {
  public:
    class Listener {
      public:
        /// Must not throw, nor add or remove listeners.
        virtual void on_count(std::int64_t count) = 0;

      protected:
        ~Listener() = default;
    };

    enum class Outcome {
        added,
        full,         ///< the process has as many as it may
        client_full,  ///< the client has its quarter of them, and the last sixteenth is for others
    };

    /// What the workers of the process bound together: all listeners, and those of each client.
    class Bound {
      public:
        /// A client may have as many as this, however few there may be.
        static constexpr std::size_t kOfAClientAlways = 8;

        explicit Bound(std::size_t listeners_max) : max_{listeners_max} {}

        /// Any thread may call both.
        Outcome enter(std::uint64_t client);
        void leave(std::uint64_t client);

      private:
        const std::size_t max_;
        std::mutex mutex_;
        std::size_t all_ = 0;                                         ///< guarded by mutex_
        std::unordered_map<std::uint64_t, std::size_t> of_a_client_;  ///< guarded by mutex_; none is 0
    };

    explicit LiveCounts(Bound& bound) : bound_{bound} {}

    /// The listener stays the caller's, who removes it if it was added. `client` is whose it is (`base::Party`).
    Outcome add(const std::string& id, Listener& listener, std::uint64_t client);
    void remove(const std::string& id, const Listener& listener);

    void publish(std::string_view id, std::int64_t count);

  private:
    struct Entry {
        Listener* listener;
        std::uint64_t client;
    };

    Bound& bound_;
    std::unordered_map<std::string, std::vector<Entry>> entries_;  ///< by the snippet's id
};

}  // namespace snippetd::views
