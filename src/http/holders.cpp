#include "http/holders.hpp"

#include "base/assert.hpp"

#include <utility>

namespace snippetd::http {

Holders::Holder& Holders::enter(std::string key, bool proxy) {
    Holder& holder = holders_.try_emplace(key).first->second;
    if (holder.connections == 0) {
        holder.key = std::move(key);
        holder.proxy = proxy;
    }
    if (with_.size() <= holder.connections + 1) with_.resize(holder.connections + 2);
    if (holder.connections > 0) --with_[holder.connections];
    ++with_[++holder.connections];
    if (holder.connections > most_) {
        most_ = holder.connections;
        ++most_of_all_;
    }
    return holder;
}

void Holders::leave(Holder& holder) {
    SNIPPETD_ASSERT(holder.connections > 0 && holder.connections <= most_, holder.connections, most_);
    --with_[holder.connections];
    if (holder.connections == most_ && with_[most_] == 0) {
        --most_;  // it has one less, and nobody has more than that
        --most_of_all_;
    }
    if (--holder.connections > 0) {
        ++with_[holder.connections];
    } else {
        holders_.erase(std::string{holder.key});
    }
}

}  // namespace snippetd::http
