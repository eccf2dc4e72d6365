#include "redis/client.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <random>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/detached.hpp>
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
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, base::Executor>;

constexpr base::Milliseconds kBackoffMin{50};
constexpr base::Milliseconds kBackoffMax{500};
constexpr base::Milliseconds kProbePause{100};
constexpr base::Milliseconds kStuckMax{3000};  // a connection that has owed a reply for so long is given up
constexpr base::Milliseconds kIntroductionTimeout{1000};
constexpr std::size_t kReadBytes = 16384;
constexpr base::Milliseconds kProbeTimeout{100};
// When a reply is overdue, it is asked whose fault that is: see `excused`.
constexpr base::Milliseconds kLookAgain{5};
constexpr base::Milliseconds kLate{5};          // a loop that is so late lacks the processor
constexpr base::Milliseconds kExcusedMax{500};  // nothing excuses more

/// Between a half of `duration` and three halves, so that many instances do not knock all at once.
base::Milliseconds with_jitter(base::Milliseconds duration) {
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_int_distribution<long long> range{duration.count() / 2, duration.count() * 3 / 2};
    return base::Milliseconds{range(random)};
}

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return text;
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
      metrics_{metrics},
      deadline_timer_{executor_} {
    health_.expect(this);
    pipeline_.on_message(options_.on_message);
}

Client::~Client() = default;

void Client::start() {
    asio::co_spawn(executor_, run(), asio::detached);
}

void Client::stop() {
    stopping_ = true;
    breaker_closed_ = false;
    close_socket();
    deadline_timer_.cancel();
    pipeline_.reset("the service is shutting down");
}

base::Awaitable<void> Client::run() {
    base::Milliseconds backoff = kBackoffMin;
    while (!stopping_) {
        std::string reason;
        try {
            co_await connect();
            asio::co_spawn(executor_, introduce(connection_), asio::detached);
            co_await read();
        } catch (const boost::system::system_error& error) {
            reason = error.code().message();  // without where in the library it was noticed
        } catch (const std::exception& error) {
            reason = error.what();
        }
        if (stopping_) co_return;
        const bool was_up = breaker_closed_;
        connected_ = false;
        close_socket();
        if (!refusal_.empty()) reason = std::exchange(refusal_, {});
        open_breaker("no connection to Redis: " + reason);
        pipeline_.reset("the connection to Redis is lost");
        writing_.clear();
        backoff = was_up ? kBackoffMin : std::min(backoff * 2, kBackoffMax);
        co_await pause(with_jitter(backoff));
    }
}

base::Awaitable<void> Client::connect() {
    const std::uint64_t attempt = ++connection_;
    stream_ = std::make_unique<Stream>(executor_, options_.endpoint);
    Resolver resolver{executor_};
    base::Timer timer{executor_};
    const auto limit = [&](base::Milliseconds timeout) {
        timer.expires_after(timeout);
        timer.async_wait([this, attempt](boost::system::error_code cancelled) {
            if (!cancelled && attempt == connection_ && !connected_) close_socket();
        });
    };
    const auto found = co_await resolver.async_resolve(options_.endpoint.host, std::to_string(options_.endpoint.port),
                                                       base::use_awaitable);
    limit(options_.connect_timeout);
    co_await asio::async_connect(stream_->socket, found, base::use_awaitable);
    stream_->socket.set_option(asio::ip::tcp::no_delay{true});
    stream_->socket.set_option(asio::socket_base::keep_alive{true});
    if (stream_->tls) {
        limit(options_.connect_timeout);
        co_await stream_->tls->async_handshake(asio::ssl::stream_base::client, base::use_awaitable);
    }
    connected_ = true;
}

/// Says who we are, and finds out whether the server takes writes.
base::Awaitable<void> Client::introduce(std::uint64_t connection) {
    const Endpoint& endpoint = options_.endpoint;
    try {
        const base::Deadline deadline = base::deadline_in(kIntroductionTimeout);
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
        if (connection != connection_) co_return;
        refusal_ = error.what();
        close_socket();
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
    const std::size_t found = reply.is_error() ? std::string::npos : reply.text.find(kName);
    if (found == std::string::npos) {
        log::warn("Redis does not say which server it is; snippets are not cached there", {{"reply", reply.text}});
        co_return;
    }
    const std::size_t begin = found + kName.size();
    server_id_ = reply.text.substr(begin, reply.text.find_first_of("\r\n", begin) - begin);
}

base::Awaitable<void> Client::probe(std::uint64_t connection) {
    probing_ = true;
    while (!stopping_ && connection == connection_ && connected_) {
        std::string reason;
        try {
            // A write, so that a server that is full, or a replica now, is not taken for a well one.
            Command words{"SET", "snippetd:probe", "1", "PX", "1000"};
            if (!options_.channel.empty()) words = {"PING"};
            const Reply reply = co_await send(std::move(words), base::deadline_in(kProbeTimeout));
            if (!reply.is_error()) {
                if (connection != connection_) break;
                probing_ = false;
                breaker_closed_ = true;
                health_.up(this);
                co_return;
            }
            reason = reply.text;
        } catch (const base::Unavailable& away) {
            reason = away.what();
        }
        if (stopping_ || connection != connection_) break;
        health_.down(this, "Redis cannot serve: " + reason);
        co_await pause(with_jitter(kProbePause));
    }
    if (connection == connection_) probing_ = false;
}

base::Awaitable<void> Client::read() {
    std::array<char, kReadBytes> bytes;
    while (true) {
        const auto buffer = asio::buffer(bytes);
        std::size_t size = 0;
        if (stream_->tls) {
            size = co_await stream_->tls->async_read_some(buffer, base::use_awaitable);
        } else {
            size = co_await stream_->socket.async_read_some(buffer, base::use_awaitable);
        }
        pipeline_.receive({bytes.data(), size});
    }
}

base::Awaitable<Reply> Client::send(Command words, base::Deadline deadline) {
    counter(lower_case(words.front())).add();
    return base::completed_by<Reply>([this, words = std::move(words), deadline](base::Completion<Reply> done) {
        pipeline_.send(words, deadline, std::move(done));
        flush_soon();
        arm();
    });
}

base::Awaitable<Reply> Client::exchange(Command words) {
    if (!breaker_closed_) throw base::Unavailable{"no connection to Redis"};
    return send(std::move(words), base::deadline_in(options_.command_timeout));
}

base::Awaitable<Reply> Client::command(Command words) {
    Reply reply = co_await exchange(std::move(words));
    if (reply.is_error()) refuse(reply.text);
    co_return reply;
}

base::Awaitable<Reply> Client::evaluate(const Script& script, std::vector<std::string> keys,
                                        std::vector<std::string> arguments) {
    Command words{"EVALSHA", script.digest(), std::to_string(keys.size())};
    words.insert(words.end(), std::make_move_iterator(keys.begin()), std::make_move_iterator(keys.end()));
    words.insert(words.end(), std::make_move_iterator(arguments.begin()), std::make_move_iterator(arguments.end()));
    Command again = words;
    Reply reply = co_await exchange(std::move(words));
    if (reply.is_error() && meaning_of(reply.text) == ErrorMeaning::no_script) {
        // It has not run: the server did not know it. EVAL runs it and makes it known.
        again[0] = "EVAL";
        again[1] = script.text();
        reply = co_await exchange(std::move(again));
    }
    if (reply.is_error()) refuse(reply.text);
    co_return reply;
}

void Client::refuse(const std::string& error) {
    switch (meaning_of(error)) {
        case ErrorMeaning::not_now:
        case ErrorMeaning::out_of_space:
        case ErrorMeaning::denied: open_breaker("Redis cannot serve: " + error); break;
        case ErrorMeaning::moved_on:
            open_breaker("Redis cannot serve: " + error);
            close_socket();  // a new connection may lead to the server that can
            break;
        case ErrorMeaning::no_script:
        case ErrorMeaning::other: health_.refused(error); break;
    }
    throw base::Unavailable{"Redis refused a command"};
}

void Client::open_breaker(const std::string& reason) {
    breaker_closed_ = false;
    health_.down(this, reason);
    // Nothing queues behind a server that does not answer.
    pipeline_.expire(base::SteadyTime::max());
    if (connected_ && !probing_ && !stopping_) asio::co_spawn(executor_, probe(connection_), asio::detached);
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
    writing_.swap(pipeline_.output());
    const auto written = [this, connection = connection_](boost::system::error_code error, std::size_t) {
        if (connection != connection_) return;
        writing_.clear();
        if (error) {
            close_socket();
        } else {
            flush();
        }
    };
    if (stream_->tls) {
        asio::async_write(*stream_->tls, asio::buffer(writing_), written);
    } else {
        asio::async_write(stream_->socket, asio::buffer(writing_), written);
    }
}

void Client::arm() {
    const auto next = pipeline_.next_deadline();
    if (next && *next < armed_for_) look_at(*next);
}

void Client::look_at(base::SteadyTime when) {
    armed_for_ = when;
    deadline_timer_.expires_at(when);
    deadline_timer_.async_wait([this, when](boost::system::error_code cancelled) {
        if (cancelled || when != armed_for_) return;  // another moment has been set
        armed_for_ = base::SteadyTime::max();
        look_at_deadlines(when);
    });
}

/// Whether an overdue reply says nothing about the server: it has arrived and has not been read yet, or this loop is
/// late itself because the machine is busy. A limit that is not enforced because of that would be an accident.
bool Client::excused(base::SteadyTime planned, base::SteadyTime now) const {
    const auto waiting_since = pipeline_.waiting_since();
    if (!connected_ || !waiting_since || now - *waiting_since > kExcusedMax) return false;
    boost::system::error_code closed;
    return stream_->socket.available(closed) > 0 || now - planned > kLate;
}

void Client::look_at_deadlines(base::SteadyTime planned) {
    const base::SteadyTime now = base::steady_now();
    if (pipeline_.next_deadline() <= now && excused(planned, now)) {
        look_at(now + kLookAgain);
        return;
    }
    const bool was_up = breaker_closed_;
    if (pipeline_.expire(now) > 0 && was_up) open_breaker("Redis does not answer in time");
    const auto waiting_since = pipeline_.waiting_since();
    if (waiting_since && now - *waiting_since > kStuckMax) close_socket();
    arm();
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

base::Counter& Client::counter(const std::string& command) {
    return metrics_.counter("snippetd_redis_commands_total", "Commands sent to Redis.", {{"command", command}});
}

}  // namespace snippetd::redis
