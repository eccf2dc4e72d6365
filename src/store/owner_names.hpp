#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

namespace snippetd::store {

/// The usernames of accounts that have been asked for, so that a look-up of a snippet needs no join. An account keeps
/// its name, and its id is never given again, so what is here is right for ever. Thread-safe.
class OwnerNames {
  public:
    /// At most twice as many are kept, about 100 bytes each: the ones that have been asked for lately.
    static constexpr std::size_t kGenerationMax = 8192;

    std::optional<std::string> find(const std::string& id) {
        const std::lock_guard lock{mutex_};
        if (const auto found = current_.find(id); found != current_.end()) return found->second;
        const auto found = previous_.find(id);
        if (found == previous_.end()) return std::nullopt;
        std::string name = std::move(found->second);
        previous_.erase(found);
        add(id, name);
        return name;
    }

    void put(const std::string& id, const std::string& name) {
        const std::lock_guard lock{mutex_};
        add(id, name);
    }

  private:
    using Names = std::unordered_map<std::string, std::string>;

    void add(const std::string& id, const std::string& name) {
        if (current_.size() >= kGenerationMax) previous_ = std::exchange(current_, {});
        current_.insert_or_assign(id, name);
    }

    std::mutex mutex_;
    Names current_, previous_;  ///< guarded by mutex_
};

}  // namespace snippetd::store
