#pragma once

#include "base/admission.hpp"
#include "base/clock.hpp"
#include "base/party.hpp"
#include "base/queue_meter.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

namespace snippetd::base {

/// What waits for its turn, shared out twice: the kinds of work take turns, and within a kind its clients do. What is
/// shared out is time, and how long a piece takes is known when it has been done: whoever took more than their turn is
/// passed over until the others have had as much (surplus round robin, Adiseshu, Parulkar and Varghese 1996). So
/// whoever has much waits for itself, and a flood of one kind leaves the other kinds their share. A share that nobody
/// needs is everybody's, and costs nobody anything later.
///
/// As much waits as `Admission` says. When that is reached, whoever has the most has to give way: the kind of work that
/// has the most, of it the client that has the most, of equals those of the lower standing, and then the same ones for
/// a while (as WeChat's DAGOR does), so that others are served through instead of everybody now and then. It is the
/// newest that goes, which has waited least; a newcomer that is as many as the others is refused itself.
///
/// Not thread-safe. `T` may be move-only.
template <class T>
class FairQueue {
  public:
    struct Refused {
        T item;
        Party party;
    };

    /// `meter` may be null.
    explicit FairQueue(Admission::Options options, std::shared_ptr<QueueMeter> meter = nullptr)
        : admission_{options}, meter_{std::move(meter)} {
        tell();
    }

    bool empty() const { return size_ == 0; }
    std::size_t size() const { return size_; }
    const Admission& admission() const { return admission_; }

    /// Lets `item` wait. Answers what is refused for it, if anything: the item itself, or one that had been waiting.
    std::optional<Refused> push(T item, const Party& party, SteadyTime now) {
        std::optional<Refused> refused;
        if (size_ >= admission_.limit()) {
            Line* const victim = find_victim(party, now);
            if (meter_) meter_->refused(victim ? victim->party.work : party.work);
            if (!victim) return Refused{std::move(item), party};
            refused = Refused{std::move(victim->waiting.back().item), victim->party};
            victim->waiting.pop_back();
            shrunk(*victim);
        }
        push_always(std::move(item), party, now);
        return refused;
    }

    /// Whether one more of `party` would be refused now. If so it counts as refused.
    bool refuses(const Party& party, SteadyTime now) {
        const bool refused = size_ >= admission_.limit() && find_victim(party, now) == nullptr;
        if (refused && meter_) meter_->refused(party.work);
        return refused;
    }

    /// Lets it wait whatever the limit is: for what its owner bounds.
    void push_always(T item, const Party& party, SteadyTime now) {
        Line& line = line_of(party);
        line.waiting.push_back({std::move(item), now});
        ++size_;
        Kind& its_kind = kind(party.work);
        ++its_kind.size;
        const auto largest = places_.find(its_kind.largest);
        const bool is_largest = largest == places_.end() || largest->second->waiting.size() <= line.waiting.size();
        if (is_largest) its_kind.largest = key_of(party);
        tell();
    }

    /// Lets it wait before all others of its client, and its client before the others: it has had its turn already.
    void push_front(T item, const Party& party, SteadyTime now) {
        Line& line = line_of(party);
        line.waiting.push_front({std::move(item), now});
        ++size_;
        Kind& its_kind = kind(party.work);
        ++its_kind.size;
        its_kind.lines.splice(its_kind.lines.begin(), its_kind.lines, places_.at(key_of(party)));
        tell();
    }

    /// Whose turn it is; nothing when nobody waits.
    std::optional<T> pop(SteadyTime now) {
        if (empty()) return std::nullopt;
        Kind& its_kind = next_kind();
        Line& line = next_line(its_kind);
        Waiting next = std::move(line.waiting.front());
        line.waiting.pop_front();
        its_kind.lines.splice(its_kind.lines.end(), its_kind.lines, its_kind.lines.begin());
        shrunk(line);
        admission_.taken(size_, now);
        if (meter_) meter_->waited(now - next.since);
        tell();
        return std::move(next.item);
    }
    template <class Visitor>
    void for_each(Visitor visit) const {
        for (const Kind& its_kind : kinds_) {
            for (const Line& line : its_kind.lines) {
                for (const Waiting& one : line.waiting) visit(one.item);
            }
        }
    }
    /// So many of those that were taken have been done.
    void done(std::size_t pieces) { admission_.done(pieces); }
    /// A piece of `party` has taken so long. Who has nothing else waiting is in nobody's way, and owes nothing.
    void spent(const Party& party, SteadyTime::duration time) {
        const SteadyTime::duration surplus = time - kTurn;
        if (surplus <= SteadyTime::duration::zero()) return;
        const auto owe = [surplus](SteadyTime::duration& debt) {
            debt = std::min<SteadyTime::duration>(debt + surplus, kDebtMax);
        };
        Kind& its_kind = kind(party.work);
        if (its_kind.size > 0) owe(its_kind.debt);
        const auto place = places_.find(key_of(party));
        if (place != places_.end()) owe(place->second->debt);
    }

    /// Takes out all that `pred` is true of, in no order.
    template <class Predicate>
    std::vector<T> take_if(Predicate pred) {
        std::vector<T> taken;
        for (Kind& its_kind : kinds_) {
            for (auto line = its_kind.lines.begin(); line != its_kind.lines.end();) {
                Line& here = *line++;  // it may be gone afterwards
                std::deque<Waiting> left;
                std::size_t gone = 0;
                for (Waiting& one : here.waiting) {
                    if (pred(std::as_const(one.item))) {
                        taken.push_back(std::move(one.item));
                        ++gone;
                    } else {
                        left.push_back(std::move(one));
                    }
                }
                here.waiting.swap(left);
                if (gone > 0) shrunk(here, gone);
            }
        }
        if (empty()) admission_.emptied();
        tell();
        return taken;
    }
    std::vector<T> take_all() {
        return take_if([](const T&) { return true; });
    }

    /// Who is first when the queue is behind changes after this.
    static constexpr std::chrono::seconds kServedThrough{60};
    static constexpr std::size_t kLinesLookedAtMax = 256;
    /// What a turn is worth. A piece counts as no less.
    static constexpr std::chrono::microseconds kTurn{250};
    /// For so long at most others go first: what took longer waited for somebody else, as a store that stands still.
    static constexpr std::chrono::seconds kDebtMax{1};

  private:
    struct Waiting {
        T item;
        SteadyTime since;
    };
    /// What one client has of one kind of work.
    struct Line {
        Party party;
        std::deque<Waiting> waiting{};
        SteadyTime::duration debt{};  ///< had before its turn
    };
    struct Kind {
        std::list<Line> lines;  ///< whose turn is next is at the front; none is empty
        std::size_t size = 0;   ///< of all lines
        SteadyTime::duration debt{};
        /// The key of the line that was the longest when something was added last. It may be gone, or shorter by now.
        std::uint64_t largest = 0;
    };

    using Places = std::unordered_map<std::uint64_t, typename std::list<Line>::iterator>;  ///< by key

    static constexpr std::size_t kSpareMax = 64;

    void tell() const {
        if (meter_) meter_->left(size_, admission_.limit());
    }

    Kind& kind(Work work) { return kinds_[static_cast<std::size_t>(work)]; }

    /// Whether it is passed over this time, which pays a turn of what it owes.
    static bool passed_over(SteadyTime::duration& debt) {
        if (debt < kTurn) return false;
        debt -= kTurn;
        return true;
    }
    /// Something waits.
    Kind& next_kind() {
        while (true) {
            Kind& candidate = kinds_[turn_];
            turn_ = (turn_ + 1) % kWorks;
            if (candidate.size == 0) continue;
            if (candidate.size == size_) candidate.debt = {};  // it is in nobody's way
            if (!passed_over(candidate.debt)) return candidate;
        }
    }
    Line& next_line(Kind& its_kind) {
        auto& lines = its_kind.lines;
        if (lines.size() == 1) lines.front().debt = {};
        while (passed_over(lines.front().debt)) lines.splice(lines.end(), lines, lines.begin());
        return lines.front();
    }

    static std::uint64_t key_of(const Party& party) {
        return mixed(party.client ^ (static_cast<std::uint64_t>(party.work) << 60));
    }
    /// The finalizer of SplitMix64.
    static std::uint64_t mixed(std::uint64_t x) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
        return x ^ (x >> 31);
    }
    static std::uint64_t rank(const Party& party, SteadyTime now) {
        const auto period = now.time_since_epoch() / kServedThrough;
        return mixed(party.client + static_cast<std::uint64_t>(period) * 0x9e3779b97f4a7c15U);
    }

    Line& line_of(const Party& party) {
        const std::uint64_t key = key_of(party);
        const auto found = places_.find(key);
        if (found != places_.end()) return *found->second;
        auto& lines = kind(party.work).lines;
        if (spare_places_.empty()) {
            const auto line = lines.insert(lines.end(), Line{party});
            places_.emplace(key, line);
            return *line;
        }
        lines.splice(lines.end(), spare_lines_, spare_lines_.begin());
        Line& line = lines.back();
        line.party = party;
        line.debt = {};
        typename Places::node_type place = std::move(spare_places_.back());
        spare_places_.pop_back();
        place.key() = key;
        place.mapped() = std::prev(lines.end());
        places_.insert(std::move(place));
        return line;
    }

    /// Most lines come and go with one piece: what they are made of is used again.
    void end_line(typename Places::iterator place, std::list<Line>& lines) {
        const auto line = place->second;
        if (spare_places_.size() >= kSpareMax) {
            places_.erase(place);
            lines.erase(line);
            return;
        }
        spare_places_.push_back(places_.extract(place));
        spare_lines_.splice(spare_lines_.end(), lines, line);
    }

    /// Less by `gone` than before.
    void shrunk(Line& line, std::size_t gone = 1) {
        size_ -= gone;
        Kind& its_kind = kind(line.party.work);
        its_kind.size -= gone;
        if (its_kind.size == 0) its_kind.debt = {};
        if (!line.waiting.empty()) return;
        end_line(places_.find(key_of(line.party)), its_kind.lines);
    }

    /// Whose newest has to give way to one more of `newcomer`; null: its own. Of nobody does more wait than of those,
    /// as far as is looked: for as many lines as this nobody waits while the queue is locked.
    Line* find_victim(const Party& newcomer, SteadyTime now) {
        // As if it had come in.
        const auto size_of = [&](std::size_t work) {
            return kinds_[work].size + (work == static_cast<std::size_t>(newcomer.work) ? 1 : 0);
        };
        std::size_t most = static_cast<std::size_t>(newcomer.work);
        for (std::size_t work = 0; work < kWorks; ++work) {
            if (size_of(work) > size_of(most)) most = work;
        }
        Line* victim = nullptr;
        Party its_party = newcomer;
        std::size_t its_size = 0;
        if (most == static_cast<std::size_t>(newcomer.work)) {
            const auto own = places_.find(key_of(newcomer));
            its_size = 1 + (own == places_.end() ? 0 : own->second->waiting.size());
        }
        const auto consider = [&](Line& line) {
            const std::size_t size = line.waiting.size();
            if (size < its_size || line.party == newcomer) return;
            if (size == its_size && !goes_before(its_party, line.party, now)) return;
            victim = &line;
            its_party = line.party;
            its_size = size;
        };
        const auto largest = places_.find(kinds_[most].largest);
        if (largest != places_.end() && largest->second->party.work == static_cast<Work>(most))
            consider(*largest->second);
        std::size_t looked_at = 0;
        for (Line& line : kinds_[most].lines) {
            if (++looked_at > kLinesLookedAtMax) break;
            consider(line);
        }
        return victim;
    }
    bool goes_before(const Party& one, const Party& other, SteadyTime now) const {
        if (one.standing != other.standing) return one.standing > other.standing;
        return rank(one, now) > rank(other, now);
    }

    Admission admission_;
    std::shared_ptr<QueueMeter> meter_;
    std::array<Kind, kWorks> kinds_;
    Places places_;
    std::list<Line> spare_lines_;  ///< empty ones, as many as spare_places_
    std::vector<typename Places::node_type> spare_places_;
    std::size_t size_ = 0;
    std::size_t turn_ = 0;  ///< the kind whose turn it is
};

}  // namespace snippetd::base
