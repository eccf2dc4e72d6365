#pragma once

#include "base/clock.hpp"
#include "base/party.hpp"
#include "base/queue_meter.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace snippetd::base {

/// Who may come in to a worker that is behind.
///
/// A worker is behind when its turns are long: when for half a second none of them has been without a request that
/// waited for more than 5 ms until its turn came to it (CoDel, RFC 8289 section 3, with the wait in one turn of the
/// loop, which is part of the whole wait). Then of each kind of work so many are let in at a time as are answered in
/// `target_of` the kind (Little's law, L = λW), though some always, and none that has waited for more than 5 ms in its
/// turn; the rest is told before anything has been done for it. That ends when for half a second nothing waited for
/// more than 1 ms, or nothing had to be refused. A worker that waits for others, say for a slow disk, is not behind,
/// however many wait in it.
///
/// Who is in cannot be sent back, so a newcomer is weighed by itself: it is let in as long as its client has less than
/// its share of the limit, however many others there are; a robot has no share. Clients are counted by a hash; two in
/// 4,096 may be taken for one.
///
/// For one thread.
class Gate {
  public:
    static constexpr Milliseconds kWait{5}, kShort{1}, kBurst{500};
    /// So many of a kind are let in whatever they take: a client may have as many connections that take turns.
    static constexpr std::size_t kLeast = 64;

    /// `meter` may be null, and may be shared by several.
    explicit Gate(std::shared_ptr<QueueMeter> meter = nullptr);

    /// Whether a request may come in, which is looked at in the turn of the loop that began at `turn_began`. Who may,
    /// must `leave`.
    bool enter(const Party& party, SteadyTime now, SteadyTime turn_began);
    void leave(const Party& party, SteadyTime now);

    bool behind() const { return behind_; }
    /// How many of a kind may be in.
    std::size_t limit(Work work) const;
    static Milliseconds target_of(Work work);

  private:
    static constexpr std::size_t kCells = 4096;

    struct Kind {
        std::size_t under_way = 0;
        std::size_t clients = 0;  ///< cells that are not 0
        /// By a hash of the client: what is under way of it.
        std::vector<std::uint16_t> cells = std::vector<std::uint16_t>(kCells);
        std::size_t done = 0;  ///< since `measured_since_`
        double rate = 0;       ///< answers a second
    };

    static std::size_t cell_of(const Party& party);
    Kind& kind(Work work) { return kinds_[static_cast<std::size_t>(work)]; }
    void begin_turn(SteadyTime began);
    void judge(SteadyTime now);
    void measure(SteadyTime now);

    std::shared_ptr<QueueMeter> meter_;
    std::vector<Kind> kinds_ = std::vector<Kind>(kWorks);
    bool behind_ = false;
    SteadyTime measured_since_{};
    SteadyTime turn_began_{};
    SteadyTime::duration waited_{};  ///< the longest in the present turn
    // Since `judged_since_`.
    SteadyTime judged_since_{};
    SteadyTime::duration shortest_{}, longest_{};  ///< of all turns, the longest wait in each
    int turns_ = 0;
    bool refused_ = false;
};

}  // namespace snippetd::base
