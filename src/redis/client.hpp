#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/timer.hpp"
#include "redis/breaker.hpp"
#include "redis/endpoint.hpp"
#include "redis/health.hpp"
#include "redis/pipeline.hpp"
#include "redis/queue.hpp"
#include "redis/resolver.hpp"
#include "redis/script.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// The driver: it knows no word of the domain.
namespace snippetd::redis {

/// What a connection is for, which decides how its troubles are taken.
enum class Use {
    requests,    ///< small commands of requests: they wait a moment for a new connection when the last one is lost
    background,  ///< small commands of jobs, which come again
    bulk,        ///< what may be large and can be had elsewhere: slowness is no outage
    channel,     ///< listens, and takes no command but PING (RESP2)
};

/// What proves that a server serves: a script that does what the scripts of the service do, on a key of its own that is
/// like theirs, so that the rules of an ACL and the slots of a cluster meet it as they meet them.
struct Probe {
    const Script* script = nullptr;  ///< outlives the client; null: a PING is enough
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

/// One connection to Redis of one loop, for use on that loop's thread. What the coroutines of one turn of the loop send
/// goes out together (pipelining).
///
/// - An answer is due within `command_timeout` of the moment when the command was written: whoever asks has something
///   else to do when Redis is slow. Where it is not Redis that is slow, a little more is granted.
/// - A few commands are on their way at a time; more wait, see `Queue`. Who waits longer than `Queue::kQueuedMax` while
///   the server answers gets `Busy`.
/// - With the first answer that does not come in time a circuit breaker opens: what waits is answered with Unavailable
///   and what comes is refused, so that an outage costs each client one time-out. A refusal has it probe, see
///   `Breaker`. The client probes, with jitter, and closes the breaker when that is answered in time.
/// - Late bulk is not silence: the breaker opens when nothing at all moves for so long.
/// - A connection that is lost is made anew, with backoff and jitter, and the name of the server is looked up anew. So
///   is one whose server says that it is not the right one, or refuses the probe for `kRefusedMax`.
/// - An idle connection is kept alive by a heartbeat, which also notices when it is dead. One that is lost while
///   nothing was asked is made anew without an alert, if that goes quickly.
/// - No command is ever sent twice.
class Client {
  public:
    struct Options {
        Endpoint endpoint;
        base::Milliseconds command_timeout{150};
        Use use = Use::background;
        Probe probe;
        /// A channel to listen to, on each new connection as soon as it is known who serves; empty for none.
        std::string channel;
        std::function<void(std::string payload)> on_message;  ///< called for each message, on the client's loop
        std::shared_ptr<Resolver> resolver = std::make_shared<Resolver>();
    };

    Client(base::Executor executor, Options options, Health& health, base::Metrics& metrics);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Begins to connect. Before the worker runs, or on its thread.
    void start();
    /// Ends the connection; what waits is answered with Unavailable. On the worker's thread.
    void stop();

    /// Whether the server serves, as far as is known.
    bool up() const { return ready_ && breaker_.well(); }
    /// Whether a command would be sent now; also when commands of another kind are refused.
    bool sends() const { return ready_ && breaker_.closed(); }
    /// Counts the connections, so that what was learnt over an earlier one can be told apart.
    std::uint64_t connection() const { return connection_; }
    /// The `run_id` of the server that this connection leads to: another one after a restart or a failover, when the
    /// server may remember what it had been told to forget. Empty while it is not known, or is not told.
    const std::string& server_id() const { return server_id_; }

    /// The command's answer, which is no error. Throws base::Unavailable when the server does not answer in time or
    /// cannot, and Busy of these when too many commands wait.
    base::Awaitable<Reply> command(Command words);
    /// The script's answer, which is no error. Throws as `command`.
    base::Awaitable<Reply> evaluate(const Script& script, std::vector<std::string> keys,
                                    std::vector<std::string> arguments);

  private:
    struct Stream;

    base::Awaitable<void> run();
    base::Awaitable<void> connect();
    base::Awaitable<void> introduce(std::uint64_t connection);
    base::Awaitable<Reply> insist(Command words, base::Deadline deadline);
    base::Awaitable<void> ask_who_serves(base::Deadline deadline);
    base::Awaitable<void> probe(std::uint64_t connection);
    base::Awaitable<Reply> send_probe();
    base::Awaitable<void> read();
    base::Awaitable<void> keep_alive(std::uint64_t connection);
    base::Awaitable<void> beat(std::uint64_t connection);
    base::Awaitable<void> end_quiet(std::uint64_t loss, std::string reason);
    // `words` outlive the waiting.
    base::Awaitable<Reply> exchange(const Command& words);
    base::Awaitable<Reply> send(const Command& words, std::optional<base::Deadline> deadline);
    base::Awaitable<Reply> park(const Command& words);
    base::Awaitable<void> pause(base::Milliseconds duration);
    void lost(const std::string& reason);
    bool has_lasted() const;
    void begin_service();
    bool has_room() const { return queue_.has_room(pipeline_.waiting()); }
    void release_parked();
    void judge(const std::string& kind, const Reply& reply);
    void heed_proofs();
    [[noreturn]] void refuse(const std::string& kind, const std::string& error);
    void start_probe();
    void tell_breaker(const std::string& kind, const std::string& error);
    void tell_down(const std::string& reason);
    void tell_odd(const std::string& kind, const std::string& error);
    void tell_accepted(const std::string& kind);
    void flush();
    void flush_soon();
    void arm(base::SteadyTime when);
    std::optional<base::SteadyTime> owing_since() const;
    bool excused(base::SteadyTime planned, base::SteadyTime now) const;
    void look_at_deadlines(base::SteadyTime planned);
    void arm_for_next(base::SteadyTime now);
    void open_breaker(const std::string& reason);
    void end_connection(std::string reason);
    void close_socket();
    bool is_bulk() const { return options_.use == Use::bulk; }
    base::Milliseconds several_timeouts(base::Milliseconds at_least, int count) const;

    base::Executor executor_;
    Options options_;
    Health& health_;
    base::CountersBy commands_;  ///< what was sent
    std::unique_ptr<Stream> stream_;
    Pipeline pipeline_;
    Breaker breaker_;            ///< open until the first probe has been answered
    std::set<std::string> odd_;  ///< kinds of commands whose refusal is told as a defect
    Queue queue_;                ///< before the pipeline
    std::string writing_;        ///< what is on its way out
    bool flush_posted_ = false;
    bool connected_ = false;
    bool ready_ = false;   ///< connected, introduced, and the probe has been answered
    bool served_ = false;  ///< the same, also while the connection is being ended
    bool quiet_ = false;   ///< the connection was lost, and nobody has been told so far
    bool stopping_ = false;
    bool probing_ = false;
    bool beating_ = false;    ///< a heartbeat waits for its answer
    bool told_slow_ = false;  ///< of bulk, in the log
    std::string server_id_;
    std::string last_server_id_;    ///< the last one that was known
    std::string refusal_;           ///< why the connection is ended by us, when it is
    std::uint64_t connection_ = 0;  ///< counts the attempts, so that what belongs to an earlier one notices
    std::uint64_t losses_ = 0;
    base::SteadyTime served_since_;
    base::SteadyTime heard_at_;  ///< when something was read last
    base::SteadyTime moved_at_;  ///< when something was written last
    base::Timer deadline_timer_;
    base::SteadyTime armed_for_ = base::SteadyTime::max();  ///< when the timer looks at the deadlines
};

}  // namespace snippetd::redis
