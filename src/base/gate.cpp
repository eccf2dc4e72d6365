#include "base/gate.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace snippetd::base {

namespace {

constexpr Milliseconds kMeasure{100};
/// What the newest measure weighs.
constexpr double kWeight = 0.3;
/// So many turns there must have been: one that is long is none that stands.
constexpr int kTurnsMin = 4;
constexpr std::size_t kCellMax = std::numeric_limits<std::uint16_t>::max();

bool is_free(Work work) {
    return work == Work::hot || work == Work::operation;
}

}  // namespace

Milliseconds Gate::target_of(Work work) {
    switch (work) {
        case Work::hot:
        case Work::operation:
        case Work::own:
        case Work::read: return Milliseconds{20};
        case Work::list:
        case Work::render: return Milliseconds{50};
        case Work::auth:
        case Work::bulk: break;
    }
    return Milliseconds{250};
}

Gate::Gate(std::shared_ptr<QueueMeter> meter) : meter_{std::move(meter)} {}

std::size_t Gate::cell_of(const Party& party) {
    // Fibonacci hashing (Knuth, The Art of Computer Programming, volume 3, 6.4).
    return static_cast<std::size_t>(party.client * 0x9E3779B97F4A7C15ULL >> 52) % kCells;
}

std::size_t Gate::limit(Work work) const {
    if (!behind_) return kCellMax;
    const double seconds = std::chrono::duration<double>{target_of(work)}.count();
    const double bearable = kinds_[static_cast<std::size_t>(work)].rate * seconds;
    return static_cast<std::size_t>(std::clamp(bearable, static_cast<double>(kLeast), static_cast<double>(kCellMax)));
}

bool Gate::enter(const Party& party, SteadyTime now, SteadyTime turn_began) {
    if (turn_began != turn_began_) begin_turn(turn_began);
    waited_ = std::max(waited_, now - turn_began);
    if (is_free(party.work)) return true;
    Kind& its_kind = kind(party.work);
    std::uint16_t& own = its_kind.cells[cell_of(party)];
    const bool late = behind_ && now - turn_began > kWait;
    const std::size_t most = late ? kLeast : limit(party.work);
    if (late || its_kind.under_way >= most) {
        const std::size_t clients = its_kind.clients + (own == 0 ? 1 : 0);
        const bool has_its_share =
            party.standing == Standing::bot || own >= std::max<std::size_t>(1, most / clients) || own == kCellMax;
        if (has_its_share) {
            refused_ = true;
            if (meter_) meter_->refused(party.work);
            return false;
        }
    }
    if (own++ == 0) ++its_kind.clients;
    ++its_kind.under_way;
    if (meter_) meter_->entered();
    return true;
}

void Gate::leave(const Party& party, SteadyTime now) {
    if (is_free(party.work)) return;
    Kind& its_kind = kind(party.work);
    std::uint16_t& own = its_kind.cells[cell_of(party)];
    SNIPPETD_ASSERT(own > 0 && its_kind.under_way > 0, own, its_kind.under_way);
    if (--own == 0) --its_kind.clients;
    --its_kind.under_way;
    ++its_kind.done;
    if (now - measured_since_ >= kMeasure) measure(now);
    if (meter_) meter_->gone();
}

/// The one before is over.
void Gate::begin_turn(SteadyTime began) {
    shortest_ = turns_ == 0 ? waited_ : std::min(shortest_, waited_);
    longest_ = std::max(longest_, waited_);
    ++turns_;
    waited_ = {};
    turn_began_ = began;
    if (began - judged_since_ >= kBurst) judge(began);
}

void Gate::judge(SteadyTime now) {
    const bool stands = turns_ >= kTurnsMin && shortest_ > kWait;
    const bool over = !refused_ || longest_ <= kShort;
    behind_ = stands || (behind_ && !over);
    if (meter_) meter_->limited(limit(Work::read));
    judged_since_ = now;
    shortest_ = longest_ = {};
    turns_ = 0;
    refused_ = false;
}

/// While the worker is behind it is what it can do; else it is at least that.
void Gate::measure(SteadyTime now) {
    const double seconds = std::chrono::duration<double>{now - measured_since_}.count();
    for (Kind& one : kinds_) {
        const double sample = static_cast<double>(one.done) / seconds;
        one.rate = behind_ ? one.rate + kWeight * (sample - one.rate) : std::max(sample, one.rate * (1 - kWeight / 10));
        one.done = 0;
    }
    measured_since_ = now;
}

}  // namespace snippetd::base
