#pragma once

#include "base/error.hpp"
#include "base/memory_budget.hpp"

#include <cstddef>
#include <unordered_map>
#include <vector>

#include <boost/asio/ip/address.hpp>

/// Whose the memory is that connections make the process hold. For http/ only.
namespace snippetd::http {

/// The client's by its address, and with IPv6 that of its site too, which has two shares.
std::vector<base::MemoryBudget::Group> memory_groups(const boost::asio::ip::address& client);

/// What to tell who was not granted any: 429 when it has its share, 503 when there is none left.
base::Error too_much_held(base::MemoryBudget::Outcome outcome);

/// What answers refer to that wait for slow readers: entries that a cache may have let go meanwhile. One worker's.
/// Each counts once, however many wait for it, for the client that was the first.
class SharedContents {
  public:
    explicit SharedContents(base::MemoryBudget& budget) : budget_{budget} {}

    /// One more waits for it. Refused, it does not count.
    base::MemoryBudget::Outcome hold(const void* content, std::size_t bytes, const boost::asio::ip::address& client);
    /// One of those that hold it waits no more.
    void let_go(const void* content);

  private:
    struct Held {
        explicit Held(base::MemoryBudget& budget) : memory{budget} {}
        base::MemoryBudget::Holding memory;
        std::size_t readers = 0;
    };

    base::MemoryBudget& budget_;
    std::unordered_map<const void*, Held> held_;
};

}  // namespace snippetd::http
