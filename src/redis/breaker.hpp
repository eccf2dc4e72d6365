#pragma once

#include <set>
#include <string>
#include <utility>

namespace snippetd::redis {

/// A circuit breaker (Nygard, "Release It!") of one connection that knows what its probe has proven. It has no socket
/// and no clock: it is told what happens.
///
/// Silence opens it. A refusal does not, since refusals are quick and may be meant for one command only: the probe that
/// has to follow says whether all is refused. When that probe is answered although a command was refused, then either
/// the server has recovered in between, or the probe proves less than that command. What the server said tells which:
/// see `concerns_all_commands`. In the second case commands are sent, but the server is not well until a command of the
/// same kind succeeds.
class Breaker {
  public:
    /// Whether commands are sent.
    bool closed() const { return closed_; }
    /// Whether commands are sent, and no kind of command is known to be refused.
    bool well() const { return closed_ && !all_refused_ && refused_.empty(); }

    /// The connection is lost, or the server does not answer in time.
    void open() { closed_ = false; }
    /// A command was refused, as any would have been: the next probe that is answered ends that.
    void refused_as_all_are() { all_refused_ = true; }
    /// A command of this kind was refused.
    void refused(std::string kind) { refused_.insert(std::move(kind)); }
    /// Commands of the kinds that `has_succeeded(kind)` says have succeeded since.
    template <class Predicate>
    void forget_refused(Predicate has_succeeded) {
        std::erase_if(refused_, has_succeeded);
    }
    bool any_refused() const { return !refused_.empty(); }
    /// The probe sees what the commands saw: from now on it can tell when that is over.
    void probe_refused() {
        closed_ = false;
        refused_.clear();
    }
    void probe_answered() {
        closed_ = true;
        all_refused_ = false;
    }
    /// The connection leads to another server, of which nothing is known.
    void other_server() { refused_.clear(); }

  private:
    bool closed_ = false;
    bool all_refused_ = false;
    std::set<std::string> refused_;  ///< of those that the probe has not seen refused
};

}  // namespace snippetd::redis
