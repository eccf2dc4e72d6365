#include "cache/reign.hpp"

namespace snippetd::cache {

/// By the database's clock, or, since that may be set back, by what was seen of it.
bool Agreement::gone(const model::CacheServer& in_force, base::SteadyTime now, base::Milliseconds after) const {
    return in_force.unseen >= after || now - last_changed_ >= after;
}

std::optional<std::string> Agreement::learn(const model::CacheServer& in_force, const std::string& own,
                                            base::SteadyTime now) {
    if (in_force.epoch != last_.epoch || in_force.seen_at != last_.seen_at) last_changed_ = now;
    last_ = in_force;
    // Without a connection it is not known to lead elsewhere: a moment's silence ends no reign.
    const bool goes_on = own.empty() && reign_ && reign_->epoch == in_force.epoch;
    if (!goes_on) reign_.reset();
    const bool vacant = in_force.run_id.empty();
    if (vacant || own.empty() || in_force.run_id == own) {
        // Without a server of its own an instance has no say: what it disagreed about may still be so.
        if (!own.empty()) disagrees_ = false;
        other_since_.reset();
    } else {
        if (!other_since_) other_since_ = now;
        if (now - *other_since_ >= kDisagreesAfter) disagrees_ = true;
    }
    if (in_force.epoch == 0) return own;
    if (vacant) return own.empty() ? std::nullopt : std::optional{own};
    if (in_force.run_id == own) {
        reign_ = Reign{own, in_force.epoch};
        const bool due = in_force.unseen >= kSaidAgainAfter || in_force.unseen.count() < 0;
        return due ? std::optional{own} : std::nullopt;
    }
    if (gone(in_force, now, own.empty() ? kVacantAfter : kGoneAfter)) return own;
    return std::nullopt;
}

}  // namespace snippetd::cache
