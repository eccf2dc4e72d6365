#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
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
    /// What the workers of the process bound together.
    struct Bound {
        std::size_t listeners_max = 0;
        std::atomic<std::size_t> listeners{0};
    };

    explicit LiveCounts(Bound& bound) : bound_{bound} {}

    /// False when the process has as many as it may. The listener stays the caller's, until it is removed.
    bool add(const std::string& id, Listener& listener) {
        if (bound_.listeners.fetch_add(1) >= bound_.listeners_max) {
            bound_.listeners.fetch_sub(1);
            return false;
        }
        listeners_[id].push_back(&listener);
        return true;
    }
    void remove(const std::string& id, Listener& listener) {
        const auto found = listeners_.find(id);
        if (found == listeners_.end() || std::erase(found->second, &listener) == 0) return;
        if (found->second.empty()) listeners_.erase(found);
        bound_.listeners.fetch_sub(1);
    }

    void publish(std::string_view id, std::int64_t count) {
        if (listeners_.empty()) return;
        const auto found = listeners_.find(std::string{id});
        if (found == listeners_.end()) return;
        for (Listener* listener : found->second) listener->on_count(count);
    }

  private:
    Bound& bound_;
    std::unordered_map<std::string, std::vector<Listener*>> listeners_;
};

}  // namespace snippetd::views
