#include "redis/client.hpp"

#include "base/error.hpp"
#include "base/fail_point.hpp"
#include "base/jitter.hpp"
#include "base/log.hpp"
#include "base/turn.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>

namespace snippetd::redis {

namespace asio = boost::asio;

namespace {

using Socket = asio::basic_stream_socket<asio::ip::tcp, base::Executor>;
constexpr base::Milliseconds kBackoffMin{50};
constexpr base::Milliseconds kBackoffMax{500};
constexpr base::Milliseconds kQuietBackoff{20};
constexpr base::Milliseconds kProbePause{100};
// A server that refuses the probe for so long may not be the one that the name leads to by now.
constexpr base::Milliseconds kRefusedMax{1000};
// What is done anew at once and without a word must have lasted so long, lest it be done all the time.
constexpr base::Milliseconds kLastedMin{1000};
constexpr base::Milliseconds kIdle{300};  // after so long without a word there is a heartbeat
// Each of these, or several time-outs if that is more.
constexpr base::Milliseconds kConnectTimeout{1000};  // to look up the name, to connect to all its addresses, for TLS
constexpr base::Milliseconds kIntroductionTimeout{1000};
constexpr base::Milliseconds kQuietMax{500};  // a new connection after a loss that nobody noticed
constexpr base::Milliseconds kStuckMax{350};  // a connection on which nothing moves for so long is given up
constexpr base::Milliseconds kExcusedMax{500};
// When a reply is overdue, it is asked whose fault that is: see `excused`.
constexpr base::Milliseconds kLookAgain{5};
constexpr base::Milliseconds kLate{5};  // a loop that is so late lacks the processor
constexpr std::size_t kReadBytes = 16384;
constexpr std::size_t kBulkReadBytes = 65536;
constexpr std::size_t kWriteBytes = 65536;  // at a time
// Of what is large little stays in the system's buffer, so that what has been written has left, nearly.
constexpr int kBulkSendBuffer = 256 * 1024;
constexpr std::size_t kOutputKept = 1024 * 1024;  // bytes of buffer that are kept for what comes next
constexpr const char* kProbeKind = "the probe";

/// So that many instances do not knock all at once.
base::Milliseconds with_jitter(base::Milliseconds duration) {
    return base::random_between(duration / 2, duration * 3 / 2);
}

/// Whether nothing but another setting ends such refusals.
bool is_defect(ErrorMeaning meaning) {
    return meaning == ErrorMeaning::denied || meaning == ErrorMeaning::other;
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// The group of the points before and after its commands.
std::string_view fail_points_of(Use use) {
    switch (use) {
        case Use::requests: return "redis-requests";
        case Use::bulk: return "redis-bulk";
        case Use::background:
        case Use::channel: break;
    }
    return "redis-background";
}

}  // namespace

/// A socket, and TLS over it when that is asked for.
struct Client::Stream {
    Stream(const base::Executor& executor, const Endpoint& endpoint) : socket{executor} {
        if (!endpoint.tls) return;
        context.emplace(asio::ssl::context::tls_client);
        context->set_default_verify_paths();
        context->set_verify_mode(asio::ssl::verify_peer);
        context->set_verify_callback(asio::ssl::host_name_verification{endpoint.host});
        tls.emplace(socket, *context);
        SSL_set_tlsext_host_name(tls->native_handle(), endpoint.host.c_str());
    }

    Socket socket;
    std::optional<asio::ssl::context> context;
    std::optional<asio::ssl::stream<Socket&>> tls;
};

Client::Client(base::Executor executor, Options options, Health& health, base::Metrics& metrics)
    : executor_{std::move(executor)},
      options_{std::move(options)},
      health_{health},
      commands_{metrics, "snippetd_redis_commands_total", "Commands sent to Redis.", "command"},
      queue_{is_bulk(), options_.command_timeout},
      deadline_timer_{executor_} {
    health_.expect(this);
    pipeline_.on_message(options_.on_message);
}

Client::~Client() = default;

void Client::start() {
    asio::co_spawn(executor_, run(), base::detached);
}

void Client::stop() {
    stopping_ = true;
    ready_ = false;
    breaker_.open();
    close_socket();
    deadline_timer_.cancel();
    pipeline_.reset("the service is shutting down");
    queue_.connection_lost();
    queue_.reject("the service is shutting down");
}

base::Awaitable<void> Client::run() {
    base::Milliseconds backoff = kBackoffMin;
    while (!stopping_) {
        std::string reason;
        try {
            co_await connect();
            asio::co_spawn(executor_, introduce(connection_), base::detached);
            co_await read();
        } catch (const boost::system::system_error& error) {
            reason = error.code().message();  // without where in the library it was noticed
        } catch (const std::exception& error) {
            reason = error.what();
        }
        if (stopping_) co_return;
        close_socket();
        if (!refusal_.empty()) reason = std::exchange(refusal_, {});
        const bool lasted = has_lasted();
        lost("no connection to Redis: " + reason);
        backoff = lasted ? kBackoffMin : std::min(backoff * 2, kBackoffMax);
        co_await pause(with_jitter(quiet_ ? kQuietBackoff : backoff));
    }
}

/// The connection has ended, or there was none to be had.
void Client::lost(const std::string& reason) {
    // Where a request waits for an answer, its write goes on without a limit, which is worth an alert.
    const std::size_t heartbeats = beating_ ? 1 : 0;
    const bool noticed = options_.use == Use::requests && pipeline_.waiting() > heartbeats;
    if (has_lasted() && breaker_.well() && !noticed) {
        quiet_ = true;
        asio::co_spawn(executor_, end_quiet(++losses_, reason), base::detached);
    }
    connected_ = ready_ = served_ = beating_ = false;
    if (!quiet_) open_breaker(reason);
    pipeline_.reset("the connection to Redis is lost");
    writing_.clear();
    queue_.connection_lost();
    // Its commands name the server that they are meant for.
    if (is_bulk()) queue_.reject(reason);
    arm(queue_.due(ready_));
}

bool Client::has_lasted() const {
    return served_ && base::steady_now() - served_since_ >= kLastedMin;
}

base::Awaitable<void> Client::end_quiet(std::uint64_t loss, std::string reason) {
    co_await pause(several_timeouts(kQuietMax, 3));
    if (quiet_ && loss == losses_ && !stopping_) open_breaker(reason);
}

base::Awaitable<void> Client::connect() {
    const std::uint64_t attempt = ++connection_;
    const base::Milliseconds patience = several_timeouts(kConnectTimeout, 4);
    const Resolver::Addresses addresses = co_await options_.resolver->resolve(
        options_.endpoint.host, options_.endpoint.port, base::deadline_in(patience));
    stream_ = std::make_unique<Stream>(executor_, options_.endpoint);
    base::Timer timer{executor_};
    const auto limit = [&](base::Milliseconds timeout) {
        timer.expires_after(timeout);
        timer.async_wait([this, attempt](boost::system::error_code cancelled) {
            if (!cancelled && attempt == connection_ && !connected_) close_socket();
        });
    };
    // One that swallows what is sent to it must not keep us from the next.
    const base::Milliseconds patience_each = patience / static_cast<int>(std::min<std::size_t>(addresses.size(), 4));
    boost::system::error_code error;
    for (const asio::ip::tcp::endpoint& address : addresses) {
        if (stopping_) throw std::runtime_error{"the service is shutting down"};
        close_socket();
        limit(patience_each);
        auto token = asio::redirect_error(base::use_awaitable, error);
        co_await stream_->socket.async_connect(address, token);
        if (!error && !stream_->socket.is_open()) error = asio::error::timed_out;
        if (!error) break;
        if (error == asio::error::operation_aborted) error = asio::error::timed_out;
    }
    if (error) throw boost::system::system_error{error};
    stream_->socket.set_option(asio::ip::tcp::no_delay{true});
    stream_->socket.set_option(asio::socket_base::keep_alive{true});
    if (is_bulk()) stream_->socket.set_option(asio::socket_base::send_buffer_size{kBulkSendBuffer});
    if (stream_->tls) {
        limit(patience);
        co_await stream_->tls->async_handshake(asio::ssl::stream_base::client, base::use_awaitable);
    }
    connected_ = true;
    heard_at_ = moved_at_ = base::steady_now();
}

/// Says who we are, and finds out whether the server serves.
base::Awaitable<void> Client::introduce(std::uint64_t connection) {
    const Endpoint& endpoint = options_.endpoint;
    try {
        const base::Deadline deadline = base::deadline_in(several_timeouts(kIntroductionTimeout, 4));
        if (!endpoint.password.empty()) {
            Command words{"AUTH"};
            if (!endpoint.user.empty()) words.push_back(endpoint.user);
            words.push_back(endpoint.password);
            co_await insist(std::move(words), deadline);
        }
        co_await ask_who_serves(deadline);
        if (!options_.channel.empty()) {
            Command words{"SUBSCRIBE", options_.channel};
            co_await insist(std::move(words), deadline);
        } else if (endpoint.database != 0) {
            Command words{"SELECT", std::to_string(endpoint.database)};
            co_await insist(std::move(words), deadline);
        }
    } catch (const std::exception& error) {
        if (connection == connection_) end_connection(error.what());
        co_return;
    }
    co_await probe(connection);
}

base::Awaitable<Reply> Client::insist(Command words, base::Deadline deadline) {
    Reply reply = co_await send(std::move(words), deadline);
    if (reply.is_error()) throw std::runtime_error{reply.text};
    co_return reply;
}

base::Awaitable<void> Client::ask_who_serves(base::Deadline deadline) {
    constexpr std::string_view kName = "run_id:";
    server_id_.clear();
    Command words{"INFO", "server"};
    const Reply reply = co_await send(std::move(words), deadline);
    if (reply.is_error() && meaning_of(reply.text) == ErrorMeaning::not_now) throw std::runtime_error{reply.text};
    const std::size_t found = reply.is_error() ? std::string::npos : reply.text.find(kName);
    if (found == std::string::npos) {
        log::warn("Redis does not say which server it is; nothing is kept there", {{"reply", reply.text}});
        co_return;
    }
    const std::size_t begin = found + kName.size();
    server_id_ = reply.text.substr(begin, reply.text.find_first_of("\r\n", begin) - begin);
    if (server_id_ != last_server_id_) breaker_.other_server();
    last_server_id_ = server_id_;
}

void Client::start_probe() {
    if (ready_ && !probing_ && !stopping_) asio::co_spawn(executor_, probe(connection_), base::detached);
}

/// Until the probe is answered or the connection ends.
base::Awaitable<void> Client::probe(std::uint64_t connection) {
    probing_ = true;
    std::optional<base::SteadyTime> refused_since;
    while (!stopping_ && connection == connection_ && connected_) {
        std::string reason;
        bool refused = false;
        try {
            const Reply reply = co_await send_probe();
            if (connection != connection_ || stopping_) co_return;
            // What takes no writes may have something to read.
            const bool full = is_bulk() && meaning_of(reply.text) == ErrorMeaning::out_of_space;
            if (!reply.is_error() || full) {
                begin_service();
                co_return;
            }
            refused = true;
            reason = reply.text;
        } catch (const base::Unavailable& away) {
            reason = away.what();
        }
        if (stopping_ || connection != connection_ || !connected_) break;
        if (!refused) {
            refused_since.reset();
            open_breaker("Redis cannot serve: " + reason);
        } else {
            breaker_.probe_refused();
            open_breaker("Redis cannot serve: " + reason);
            if (is_bulk() && is_defect(meaning_of(reason))) tell_odd(kProbeKind, reason);
            const base::SteadyTime now = base::steady_now();
            if (!refused_since) refused_since = now;
            if (meaning_of(reason) == ErrorMeaning::moved_on || now - *refused_since >= kRefusedMax) {
                end_connection(std::move(reason));
                break;
            }
        }
        co_await pause(with_jitter(kProbePause));
    }
    if (connection == connection_) probing_ = false;
}

base::Awaitable<Reply> Client::send_probe() {
    const Probe& probe = options_.probe;
    if (!options_.channel.empty() || !probe.script) {
        Command ping{"PING"};
        co_return co_await send(std::move(ping), std::nullopt);
    }
    Command words{"EVALSHA", probe.script->digest(), std::to_string(probe.keys.size())};
    words.insert(words.end(), probe.keys.begin(), probe.keys.end());
    words.insert(words.end(), probe.arguments.begin(), probe.arguments.end());
    Command again = words;
    Reply reply = co_await send(std::move(words), std::nullopt);
    if (!reply.is_error() || meaning_of(reply.text) != ErrorMeaning::no_script) co_return reply;
    again[0] = "EVAL";
    again[1] = probe.script->text();
    co_return co_await send(std::move(again), std::nullopt);
}

/// The probe has been answered.
void Client::begin_service() {
    probing_ = false;
    quiet_ = false;
    breaker_.probe_answered();
    ready_ = true;
    if (!std::exchange(served_, true)) {
        served_since_ = base::steady_now();
        asio::co_spawn(executor_, keep_alive(connection_), base::detached);
    }
    tell_accepted(kProbeKind);
    if (std::exchange(told_slow_, false)) log::info("Redis moves large values again");
    if (breaker_.well()) health_.up(this);
    release_parked();
}

base::Awaitable<void> Client::read() {
    std::vector<char> bytes(is_bulk() ? kBulkReadBytes : kReadBytes);
    while (true) {
        const auto buffer = asio::buffer(bytes);
        std::size_t size = 0;
        if (stream_->tls) {
            size = co_await stream_->tls->async_read_some(buffer, base::use_awaitable);
        } else {
            size = co_await stream_->socket.async_read_some(buffer, base::use_awaitable);
        }
        const base::Turn turn;
        heard_at_ = base::steady_now();
        pipeline_.receive({bytes.data(), size});
        queue_.received(size, pipeline_.answered());
        release_parked();
    }
}

/// So that neither the server nor what lies between takes the connection for a forgotten one, and its loss is noticed.
base::Awaitable<void> Client::keep_alive(std::uint64_t connection) {
    base::Timer timer{executor_};
    while (true) {
        timer.expires_at(std::max(heard_at_ + kIdle, base::steady_now() + kLookAgain));
        co_await timer.async_wait(base::use_awaitable);
        if (stopping_ || connection != connection_ || !connected_) co_return;
        const base::SteadyTime now = base::steady_now();
        heed_proofs();
        health_.settle(now);
        if (pipeline_.waiting() == 0) {
            beating_ = false;
            if (now - heard_at_ >= kIdle) co_await beat(connection);
        }
    }
}

base::Awaitable<void> Client::beat(std::uint64_t connection) {
    beating_ = true;
    try {
        Command words{"PING"};
        co_await send(std::move(words), std::nullopt);  // an error is an answer too
        if (connection == connection_) beating_ = false;
    } catch (const base::Unavailable&) {
        // `look_at_deadlines` has drawn its conclusions.
    }
}

base::Awaitable<Reply> Client::send(const Command& words, std::optional<base::Deadline> deadline) {
    commands_.of(lower_case(words.front())).add();
    return base::completed_by<Reply>([this, &words, deadline](base::Completion<Reply> done) {
        pipeline_.send(words, deadline, std::move(done));
        flush_soon();
        arm(base::deadline_in(queue_.patience()));
    });
}

base::Awaitable<Reply> Client::park(const Command& words) {
    return base::completed_by<Reply>([this, &words](base::Completion<Reply> done) {
        queue_.park(words, base::steady_now(), std::move(done));
        arm(queue_.due(ready_));
    });
}

void Client::release_parked() {
    while (!queue_.empty() && ready_ && breaker_.closed() && has_room()) {
        Queue::Parked parked = queue_.take();
        commands_.of(lower_case(parked.words.front())).add();
        pipeline_.send(parked.words, queue_.deadline_of(parked), std::move(parked.done));
        flush_soon();
        arm(base::deadline_in(options_.command_timeout));
    }
}

base::Awaitable<Reply> Client::exchange(const Command& words) {
    if (!breaker_.closed()) throw base::Unavailable{"no connection to Redis"};
    if (!ready_ && options_.use == Use::requests) return park(words);
    if (!ready_) throw base::Unavailable{"no connection to Redis at the moment"};
    if (!is_bulk()) {
        if (!queue_.empty() || !has_room()) return park(words);  // in their order
        return send(words, std::nullopt);
    }
    if (pipeline_.overdue() || queue_.is_full(pipeline_.output().size())) {
        throw base::Unavailable{"the connection to Redis is busy"};
    }
    if (!has_room()) return park(words);
    return send(words, base::deadline_in(queue_.patience()));
}

base::Awaitable<Reply> Client::command(Command words) {
    base::FailPoints::pass_or_throw(fail_points_of(options_.use));
    const std::string kind = words.front();
    Reply reply = co_await exchange(words);
    judge(kind, reply);
    base::FailPoints::pass_or_throw(fail_points_of(options_.use));
    co_return reply;
}

base::Awaitable<Reply> Client::evaluate(const Script& script, std::vector<std::string> keys,
                                        std::vector<std::string> arguments) {
    base::FailPoints::pass_or_throw(fail_points_of(options_.use));
    Command words{"EVALSHA", script.digest(), std::to_string(keys.size())};
    words.insert(words.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    words.insert(words.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    Reply reply = co_await exchange(words);
    if (reply.is_error() && meaning_of(reply.text) == ErrorMeaning::no_script) {
        // It has not run: the server did not know it. EVAL runs it and makes it known.
        words[0] = "EVAL";
        words[1] = script.text();
        reply = co_await exchange(words);
    }
    judge(script.digest(), reply);
    base::FailPoints::pass_or_throw(fail_points_of(options_.use));
    co_return reply;
}

/// Throws base::Unavailable when the reply is an error. `kind`: of the command.
void Client::judge(const std::string& kind, const Reply& reply) {
    if (reply.is_error()) refuse(kind, reply.text);
    if (health_.any_unproven()) {
        health_.command_succeeded(kind);
        heed_proofs();
    }
    tell_accepted(kind);
}

/// What another connection of this process has proven counts as well: requests come to any of them.
void Client::heed_proofs() {
    if (!breaker_.any_refused()) return;
    breaker_.forget_refused([this](const std::string& kind) { return !health_.is_unproven(kind); });
    if (breaker_.well()) health_.up(this);
}

void Client::tell_odd(const std::string& kind, const std::string& error) {
    odd_.insert(kind);
    health_.refused(this, error);
}

void Client::tell_accepted(const std::string& kind) {
    if (!odd_.empty() && odd_.erase(kind) > 0 && odd_.empty()) health_.accepted(this);
}

void Client::refuse(const std::string& kind, const std::string& error) {
    const ErrorMeaning meaning = meaning_of(error);
    switch (meaning) {
        case ErrorMeaning::not_now:
        case ErrorMeaning::out_of_space:
        case ErrorMeaning::denied:
            if (is_bulk()) {  // it is got elsewhere, but somebody should know that it always is
                if (is_defect(meaning)) tell_odd(kind, error);
                break;
            }
            tell_breaker(kind, error);
            tell_down("Redis cannot serve: " + error);
            start_probe();
            break;
        case ErrorMeaning::moved_on:
            tell_breaker(kind, error);
            tell_down("Redis cannot serve: " + error);
            // A new connection may lead to the server that can. Where it has not, there is no use in hurrying.
            if (has_lasted()) {
                end_connection(error);
            } else {
                start_probe();
            }
            break;
        case ErrorMeaning::no_script:
        case ErrorMeaning::other: tell_odd(kind, error); break;
    }
    throw base::Unavailable{"Redis refused a command"};
}

void Client::tell_breaker(const std::string& kind, const std::string& error) {
    if (concerns_all_commands(error)) {
        breaker_.refused_as_all_are();
        return;
    }
    breaker_.refused(kind);
    health_.command_refused(kind);
}

void Client::tell_down(const std::string& reason) {
    if (!is_bulk()) {
        health_.down(this, reason);
    } else if (!std::exchange(told_slow_, true)) {
        log::info("Redis does not move large values; nobody waits for them", {{"reason", reason}});
    }
}

void Client::open_breaker(const std::string& reason) {
    quiet_ = false;
    breaker_.open();
    tell_down(reason);
    // Nothing queues behind a server that does not answer.
    pipeline_.expire(base::SteadyTime::max());
    queue_.reject(reason);
    start_probe();
}

/// So that another one is made, for this reason.
void Client::end_connection(std::string reason) {
    refusal_ = std::move(reason);
    ready_ = false;
    close_socket();
}

base::Milliseconds Client::several_timeouts(base::Milliseconds at_least, int count) const {
    return std::max(at_least, options_.command_timeout * count);
}

void Client::flush_soon() {
    if (flush_posted_) return;
    flush_posted_ = true;
    // At the end of this turn of the loop, so that what else is sent in it goes out together.
    asio::post(executor_, [this] {
        flush_posted_ = false;
        flush();
    });
}

void Client::flush() {
    if (!connected_ || !writing_.empty() || pipeline_.output().empty()) return;
    pipeline_.take_output(writing_);
    const auto progress = [this](boost::system::error_code error, std::size_t) -> std::size_t {
        moved_at_ = base::steady_now();
        return error ? 0 : kWriteBytes;
    };
    const auto written = [this, connection = connection_](boost::system::error_code error, std::size_t) {
        if (connection != connection_) return;
        writing_.clear();
        if (writing_.capacity() > kOutputKept) writing_.shrink_to_fit();
        if (error) {
            close_socket();
            return;
        }
        pipeline_.written(base::steady_now(), options_.command_timeout);
        flush();
    };
    if (stream_->tls) {
        asio::async_write(*stream_->tls, asio::buffer(writing_), progress, written);
    } else {
        asio::async_write(stream_->socket, asio::buffer(writing_), progress, written);
    }
}

/// Has the deadlines looked at by `when`.
void Client::arm(base::SteadyTime when) {
    if (armed_for_ <= when) return;
    armed_for_ = when;
    deadline_timer_.expires_at(when);
    deadline_timer_.async_wait([this, when](boost::system::error_code cancelled) {
        if (cancelled || when != armed_for_) return;  // another moment has been set
        armed_for_ = base::SteadyTime::max();
        look_at_deadlines(when);
    });
}

/// Since when something is owed to us and nothing at all has come: what comes may be the answer to an earlier command.
/// While the first command is still being written, since when nothing of it has left.
std::optional<base::SteadyTime> Client::owing_since() const {
    const auto waiting_since = pipeline_.waiting_since();
    if (!waiting_since) return std::nullopt;
    return std::max(*waiting_since, pipeline_.first_is_written() ? heard_at_ : moved_at_);
}

/// Whether what is overdue says nothing about the server: the reply has arrived and has not been read yet, or this loop
/// is late itself because the machine is busy. A limit that is not enforced because of that would be an accident.
bool Client::excused(base::SteadyTime planned, base::SteadyTime now) const {
    const auto waiting_since = pipeline_.waiting_since();
    if (waiting_since && now - *waiting_since > several_timeouts(kExcusedMax, 2)) return false;
    if (now - planned > kLate) return true;
    boost::system::error_code closed;
    return connected_ && stream_->socket.available(closed) > 0;
}

void Client::look_at_deadlines(base::SteadyTime planned) {
    const base::SteadyTime now = base::steady_now();
    const auto next = pipeline_.next_deadline();
    const auto owing = owing_since();
    const bool silent = owing && now - *owing >= options_.command_timeout;
    const bool overdue = (next && *next <= now) || queue_.due(ready_) <= now;
    // Who waits for bulk has something else to do, whosever fault it is.
    if (((overdue && !is_bulk()) || silent) && excused(planned, now)) {
        arm(now + kLookAgain);
        return;
    }
    // What comes again does not mind a new connection.
    const bool comes_again =
        options_.use == Use::channel || options_.use == Use::background || (beating_ && pipeline_.waiting() == 1);
    const bool expired = pipeline_.expire(now) > 0;
    const bool parked_expired = queue_.expire(now, ready_);
    if (breaker_.closed() && (silent || ((parked_expired || expired) && !is_bulk()))) {
        if (comes_again && ready_) {
            end_connection("Redis does not answer in time");
        } else {
            open_breaker("Redis does not answer in time");
        }
    }
    if (owing && now - *owing > several_timeouts(kStuckMax, 2)) end_connection("Redis does not answer");
    arm_for_next(now);
}

void Client::arm_for_next(base::SteadyTime now) {
    arm(queue_.due(ready_));
    if (const auto next = pipeline_.next_deadline()) arm(*next);
    const auto owing = owing_since();
    if (!owing) return;
    const base::SteadyTime silent = *owing + options_.command_timeout;
    arm(silent > now ? silent : std::max(*owing + several_timeouts(kStuckMax, 2), now + kLookAgain));
}

void Client::close_socket() {
    if (!stream_) return;
    boost::system::error_code ignored;  // it is closed either way
    stream_->socket.close(ignored);
}

base::Awaitable<void> Client::pause(base::Milliseconds duration) {
    base::Timer timer{executor_};
    timer.expires_after(duration);
    co_await timer.async_wait(base::use_awaitable);
}

}  // namespace snippetd::redis
