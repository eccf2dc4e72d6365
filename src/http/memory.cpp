#include "http/memory.hpp"

#include "base/assert.hpp"
#include "http/client_address.hpp"
#include "http/response.hpp"

namespace snippetd::http {

namespace {

constexpr std::size_t kSharesOfASite = 2;

}  // namespace

std::vector<base::MemoryBudget::Group> memory_groups(const boost::asio::ip::address& client) {
    std::vector<base::MemoryBudget::Group> groups{{address_key(client), 1}};
    if (std::string site = site_key(client); !site.empty()) groups.push_back({std::move(site), kSharesOfASite});
    return groups;
}

base::Error too_much_held(base::MemoryBudget::Outcome outcome) {
    if (outcome == base::MemoryBudget::Outcome::client_full) {
        return {base::ErrorKind::rate_limited,
                "Too much is under way from your address: finish what you send, or read what you have asked for.",
                {},
                moment_s()};
    }
    return {base::ErrorKind::unavailable, "Too many large requests at a time.", {}, moment_s()};
}

base::MemoryBudget::Outcome SharedContents::hold(const void* content, std::size_t bytes,
                                                 const boost::asio::ip::address& client) {
    Held& held = held_.try_emplace(content, budget_).first->second;
    if (held.readers == 0) {
        const auto outcome = held.memory.set(bytes, [&client] { return memory_groups(client); });
        if (outcome != base::MemoryBudget::Outcome::granted) {
            held_.erase(content);
            return outcome;
        }
    }
    ++held.readers;
    return base::MemoryBudget::Outcome::granted;
}

void SharedContents::let_go(const void* content) {
    const auto held = held_.find(content);
    SNIPPETD_ASSERT(held != held_.end() && held->second.readers > 0, held_.size());
    if (--held->second.readers == 0) held_.erase(held);
}

}  // namespace snippetd::http
