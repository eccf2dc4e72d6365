#include "redis/queue.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace snippetd::redis {

namespace {

std::exception_ptr too_many_wait() {
    return std::make_exception_ptr(Busy{"too many commands wait for Redis"});
}

}  // namespace

base::Milliseconds Queue::patience() const {
    return bulk_ ? std::min(command_timeout_, kBulkPatienceMax) : command_timeout_;
}

/// A server that has many large answers to make lets the others wait until it has made them all.
bool Queue::has_room(std::size_t awaited) const {
    return bulk_ ? awaited * answer_bytes_ < kBulkAwaitedBytesMax : awaited < kAwaitedMax;
}

bool Queue::is_full(std::size_t output_bytes) const {
    return bulk_ && (output_bytes > kBulkOutputMax || parked_.size() >= kBulkParkedMax);
}

void Queue::park(Command words, base::SteadyTime now, base::Completion<Reply> done) {
    if (parked_.size() >= kParkedMax) {
        done.reject(too_many_wait());
        return;
    }
    SNIPPETD_ASSERT(parked_.empty() || parked_.back().since <= now, parked_.size());
    parked_.push_back({std::move(words), now, std::move(done)});
}

Queue::Parked Queue::take() {
    SNIPPETD_ASSERT(!parked_.empty());
    Parked first = std::move(parked_.front());
    parked_.pop_front();
    return first;
}

std::optional<base::Deadline> Queue::deadline_of(const Parked& parked) const {
    if (!bulk_) return std::nullopt;
    return parked.since + patience();
}

base::Deadline Queue::due(bool serving) const {
    if (parked_.empty()) return base::SteadyTime::max();
    return parked_.front().since + (serving && !bulk_ ? kQueuedMax : patience());
}

bool Queue::expire(base::SteadyTime now, bool serving) {
    const bool busy = serving && !bulk_;
    bool any = false;
    while (due(serving) <= now) {
        take().done.reject(busy ? too_many_wait()
                                : std::make_exception_ptr(base::Unavailable{"no connection to Redis in time"}));
        any = !busy;
    }
    return any;
}

void Queue::reject(const std::string& reason) {
    std::deque<Parked> rejected;
    rejected.swap(parked_);
    for (Parked& parked : rejected) parked.done.reject(std::make_exception_ptr(base::Unavailable{reason}));
}

/// Keeps in mind how large answers are: the largest, and less and less of it.
void Queue::received(std::size_t bytes, std::uint64_t answers) {
    SNIPPETD_ASSERT(answers >= answers_, answers, answers_);
    unanswered_bytes_ += bytes;
    const std::uint64_t fresh = answers - answers_;
    if (fresh == 0) return;
    answers_ = answers;
    answer_bytes_ = std::max(static_cast<std::size_t>(unanswered_bytes_ / fresh), answer_bytes_ / 8 * 7);
    unanswered_bytes_ = 0;
}

}  // namespace snippetd::redis
