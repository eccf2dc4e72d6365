#include "http/connection.hpp"

#include "base/log.hpp"
#include "http/client_address.hpp"
#include "http/server.hpp"

#include <algorithm>
#include <array>
#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <fmt/format.h>
#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace snippetd::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kCopiedContentMax = 16 * 1024;  // larger content is sent from where it is
constexpr std::size_t kGatheredOutputMax = 64 * 1024;
constexpr std::size_t kUnparsedBodyMax = 16 * 1024;
constexpr int kEmptyLinesMax = 4;
// A turn: whoever has more to do then waits behind those who have not had one. Long enough that the price of waiting,
// some microseconds, does not matter.
constexpr std::chrono::microseconds kTurnMax{200};
constexpr std::size_t kTurnBytesMax = 256 * 1024;
// Nobody who has sent a whole request needs long to see that the answer is the last one.
constexpr Pace::Bounds kShortLinger{base::Milliseconds{2000}, 0};
constexpr std::size_t kLingeredBytesMax = 64 * 1024 * 1024;
constexpr base::Milliseconds kLookForTaken{2000};
constexpr int kLooksInASilence = 4;  // the kernel tells what was taken, but not when

bool sane_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
    });
}

}  // namespace

Connection::Connection(Server& server, int socket, asio::ip::address peer)
    : server_{server}, socket_{socket}, peer_{std::move(peer)} {
    server_.limits_->connections.fetch_add(1);
    deadline_ = base::deadline_in(server_.options_.idle_timeout);
}

Connection::~Connection() {
    release_body();
    if (socket_ >= 0) ::close(socket_);
    server_.limits_->connections.fetch_sub(1);
}

void Connection::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    // Closing takes the descriptor out of the poller's set. The object lives on until nobody refers to it.
    ::close(socket_);
    socket_ = -1;
    server_.output_.clear();  // if there is anything in it, it was for this connection
    if (source_) source_->cancel();
    if (piece_taken_) piece_taken_->cancel();
    server_.forget(*this);
}

void Connection::begin_drain() {
    if (state_ == State::reading && phase_ == Phase::idle) {
        // What has come and nobody has read yet is in flight too; closing would reset it.
        int unread = 0;
        if (::ioctl(socket_, FIONREAD, &unread) != 0 || unread == 0) return close();
    }
    if (source_ && source_->endless()) source_->cancel();
    if (state_ == State::lingering) keep_pace(kShortLinger);
}

void Connection::check_deadline(base::SteadyTime now) {
    // Who waits for a turn is not late; others are in the way.
    if (now < deadline_ || queued_) return;
    switch (state_) {
        case State::reading:
            if (phase_ == Phase::idle) {
                // While the kernel still sends an answer, the peer is not idle.
                if (count_untaken() == 0 || !note_taken(now)) return close();
                deadline_ = now + server_.options_.idle_timeout;
            } else if (phase_ == Phase::header || pace_.too_slow(now)) {
                refuse({base::ErrorKind::request_timeout, "The request did not arrive in time.", {}, 0});
            } else {
                deadline_ = pace_.deadline();
            }
            break;
        case State::writing:
        case State::lingering:
            note_taken(now);
            if (pace_.too_slow(now) || (state_ == State::lingering && now >= linger_ends_)) return close();
            look_again(now);
            break;
        case State::handling:
        case State::producing:
        case State::closed: break;
    }
}

/// From now on it has to keep this pace.
void Connection::keep_pace(const Pace::Bounds& bounds) {
    const base::SteadyTime now = base::steady_now();
    pace_.begin(bounds, now);
    note_taken(now);
    look_again(now);
}

/// Says when to look at what the peer has taken meanwhile.
void Connection::look_again(base::SteadyTime now) {
    deadline_ = std::min(pace_.deadline(), now + server_.options_.pace.silence_max / kLooksInASilence);
    if (state_ == State::lingering) deadline_ = std::min(deadline_, linger_ends_);
}

/// Bytes that are sent but that the peer's kernel has not acknowledged.
std::size_t Connection::count_untaken() const {
    int bytes = 0;
    return ::ioctl(socket_, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::size_t>(bytes) : 0;
}

/// Tells the pace what the peer has taken since this was called last. False when that is nothing.
bool Connection::note_taken(base::SteadyTime now) {
    const std::uint64_t before = taken_;
    taken_ = std::max(taken_, sent_ - std::min<std::uint64_t>(sent_, count_untaken()));
    pace_.moved(taken_ - before, now);
    return taken_ > before;
}

void Connection::on_ready(std::uint32_t events) {
    if (state_ == State::closed) return;
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peer_done_ = true;
    if (events & (EPOLLHUP | EPOLLERR)) peer_gone_ = true;
    if (!queued_) advance();
}

void Connection::advance() {
    const Pointer keeps_alive{this};
    turn_began_ = turn_now_ = {};
    turn_bytes_ = 0;
    advancing_ = true;
    run_states();
    advancing_ = false;
}

void Connection::wait_for_turn() {
    if (queued_) return;
    queued_ = true;
    server_.enqueue(Pointer{this});
}

void Connection::go_on() {
    queued_ = false;
    advance();
}

bool Connection::turn_is_over() const {
    return turn_bytes_ >= kTurnBytesMax || turn_now_ - turn_began_ >= kTurnMax;
}

void Connection::run_states() {
    while (true) {
        switch (state_) {
            case State::reading:
                if (!read_requests()) return;
                break;
            case State::writing:
                if (!flush() || state_ != State::writing) return;
                if (source_) {
                    state_ = State::producing;
                    deadline_ = base::SteadyTime::max();
                    piece_taken_->cancel();
                    return;
                }
                if (close_after_) return begin_lingering();
                state_ = State::reading;
                break;
            case State::lingering: return linger();
            case State::producing:
                // Who has said all that it wants to say still reads what has an end. What has none one leaves so.
                if (peer_gone_ || (peer_done_ && source_ && source_->endless())) close();
                return;
            case State::handling:
            case State::closed: return;
        }
    }
}

/// Answers what can be read. False when there is nothing to do until the next event.
///
/// `input` is what has been read and not yet used; it lies in `kept` or in the worker's buffer, and goes into
/// rest_ whenever this ends.
bool Connection::read_requests() {
    std::string kept = std::move(rest_);
    rest_.clear();
    std::string_view input = kept;
    while (state_ == State::reading) {
        if (turn_is_over() && (!input.empty() || readable_)) {
            if (flush()) wait_for_turn();
            break;
        }
        if (!parser_) parser_.emplace(server_.options_.request_body_bytes_max, &server_.service_);
        if (!input.empty() && consume(input)) {
            handle();
            continue;
        }
        if (state_ != State::reading) break;
        // Whoever waits for answers gets them before more is read.
        if (!flush()) break;
        // What is left lies where the next read would overwrite it.
        if (!input.empty()) {
            std::string left{input};
            kept.swap(left);
            input = kept;
        }
        const std::string_view received = receive();
        if (received.empty()) {
            if (state_ == State::reading) wait_for_more(!input.empty());
            break;
        }
        if (input.empty()) {
            input = received;
        } else {
            kept += received;
            input = kept;
        }
    }
    // Answers to what came before a request that takes a while do not wait for it.
    if (state_ == State::handling || state_ == State::producing) flush();
    const bool goes_on = state_ != State::reading && state_ != State::closed;
    if (state_ != State::closed && state_ != State::lingering) rest_ = input;
    return goes_on;
}

/// More input, in the worker's buffer; none when there is none now. An end of input closes the connection.
std::string_view Connection::receive() {
    while (readable_) {
        const ssize_t received = ::recv(socket_, server_.input_->data(), server_.input_->size(), 0);
        if (received > 0) {
            turn_bytes_ += static_cast<std::size_t>(received);
            if (phase_ == Phase::body) pace_.moved(static_cast<std::uint64_t>(received), base::steady_now());
            // Less than asked for was all there was, and what comes next is a new edge.
            if (static_cast<std::size_t>(received) < server_.input_->size() && !peer_done_) readable_ = false;
            return {server_.input_->data(), static_cast<std::size_t>(received)};
        }
        if (received < 0 && errno == EINTR) continue;
        readable_ = false;
        if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        close();
    }
    return {};
}

/// Feeds the parser, the header only as a whole. True when the request is complete.
bool Connection::consume(std::string_view& input) {
    if (!parser_->header_done()) {
        // RFC 9112 section 2.2: an empty line before a request is passed over.
        while (input.starts_with("\r\n") && empty_lines_ < kEmptyLinesMax) {
            input.remove_prefix(2);
            ++empty_lines_;
        }
        if (input.empty() || (input == "\r" && empty_lines_ < kEmptyLinesMax)) return false;
        const std::size_t end = input.substr(0, Parser::kHeaderBytesMax).find("\r\n\r\n");
        if (end == input.npos) {
            if (const auto wrong = Parser::find_early_fault(input)) refuse(*wrong);
            return false;
        }
        request_header_ = input.substr(0, end + 4);
    }
    const bool header_was_done = parser_->header_done();
    input.remove_prefix(parser_->feed(input));
    if (parser_->failure()) {
        const base::Error failure = *parser_->failure();
        refuse(failure);
    } else if (!account_body()) {
        refuse({base::ErrorKind::unavailable, "Too many large requests at a time.", {}, 0});
    } else if (parser_->done()) {
        return true;
    } else if (input.size() > kUnparsedBodyMax) {
        refuse({base::ErrorKind::bad_request, "The chunked body is malformed.", {}, 0});
    } else if (!header_was_done) {
        keep_header();
    }
    return false;
}

/// Copies the header of the request under way to where it stays.
void Connection::keep_header() {
    if (!header_.empty()) return;
    header_ = request_header_;
    parser_->move_views(request_header_, header_.data());
}

/// Nothing more can be done until input comes: says by when it has to.
void Connection::wait_for_more(bool begun) {
    if (parser_->header_done()) {
        if (phase_ != Phase::body) pace_.begin(server_.options_.pace, base::steady_now());
        phase_ = Phase::body;
        deadline_ = pace_.deadline();
        if (parser_->expects_continue() && !continued_) {
            continued_ = true;
            server_.output_ += "HTTP/1.1 100 Continue\r\n\r\n";
            flush();
        }
    } else if (begun) {
        if (phase_ != Phase::header) deadline_ = base::deadline_in(server_.options_.header_timeout);
        phase_ = Phase::header;
    } else if (server_.draining_) {
        close();
    } else {
        deadline_ = base::deadline_in(server_.options_.idle_timeout);
        phase_ = Phase::idle;
    }
}

/// The request is complete. Its answer may take a while, or may be there on return.
void Connection::handle() {
    const base::SteadyTime started = base::steady_now();
    identify_request();
    Service::Answer answer;
    if (server_.service_.answer_now(parser_->request, answer)) {
        respond(std::move(answer), started);
        return;
    }
    // The worker's buffer will be used by others before this one is answered.
    keep_header();
    state_ = State::handling;
    deadline_ = base::SteadyTime::max();  // the request has a deadline of its own
    asio::co_spawn(server_.context_, answer_later(Pointer{this}, started), asio::detached);
}

base::Awaitable<void> Connection::answer_later(Pointer self, base::SteadyTime started) {
    ++self->server_.answering_;
    Service::Answer answer = co_await self->server_.service_.answer(self->parser_->request);
    --self->server_.answering_;
    if (self->state_ != State::handling) co_return;  // ended meanwhile
    self->state_ = State::reading;
    self->respond(std::move(answer), started);
    if (self->advancing_) co_return;
    if (self->state_ == State::reading && !self->rest_.empty()) {
        // The request has had its turn; what was sent behind it is another one's.
        if (self->flush()) self->wait_for_turn();
    } else {
        self->advance();
    }
}

void Connection::respond(Service::Answer answer, base::SteadyTime started) {
    Response& response = answer.response;
    const Request& request = parser_->request;
    if (response.close || !parser_->header_done() || !parser_->keep_alive() || server_.draining_) close_after_ = true;
    const bool has_content = !request.head() && response.status != 204 && response.status != 304;
    if (response.source && parser_->http_1_0()) close_after_ = true;
    const std::size_t length = has_content && !response.source ? response.content_length() : 0;
    std::string& out = server_.output_;
    const std::size_t before = out.size();
    append_head(out, response, server_.observer_.http_date(), request.id, parser_->http_1_0(), close_after_,
                server_.options_.secure);
    const std::size_t head = out.size() - before;
    const bool large = length > kCopiedContentMax;
    if (!large && length > 0) {
        for (std::size_t i = 0; i < response.piece_count(); ++i) out += response.piece(i);
    }
    turn_now_ = base::steady_now();
    if (turn_began_ == base::SteadyTime{}) turn_began_ = started;
    turn_bytes_ += head + length;
    server_.observer_.answered(request, answer, head + length, turn_now_ - started);
    if (large) large_ = std::move(response);
    if (response.source && has_content) {
        const bool chunked = !parser_->http_1_0();
        source_ = std::move(response.source);
        piece_taken_.emplace(server_.context_);
        finish_request();
        state_ = State::producing;
        deadline_ = base::SteadyTime::max();  // what a source waits for has a bound of its own
        if (!flush() && state_ == State::closed) return;
        asio::co_spawn(server_.context_, produce(Pointer{this}, chunked), asio::detached);
        return;
    }
    finish_request();
    if (state_ == State::closed) return;
    if (large || close_after_ || out.size() > kGatheredOutputMax) {
        if (flush() && close_after_) begin_lingering();
    }
}

/// Sends what the source makes, piece by piece, at the reader's pace.
base::Awaitable<void> Connection::produce(Pointer self, bool chunked) {
    ++self->server_.answering_;
    const std::shared_ptr<ContentSource> source = self->source_;
    bool whole = false;
    try {
        while (true) {
            while (self->state_ == State::writing) co_await base::pause(*self->piece_taken_, kLookForTaken);
            if (self->state_ != State::producing || whole) break;
            const std::string piece = co_await source->next();
            if (self->state_ != State::producing) break;
            whole = piece.empty();
            self->send_piece(piece, chunked);
        }
    } catch (const std::exception& error) {
        log::warn("an answer is cut off", {{"error", error.what()}});
    }
    --self->server_.answering_;
    self->source_.reset();
    self->piece_taken_.reset();
    if (self->state_ == State::closed) co_return;
    if (!whole) {
        self->close();
    } else if (self->close_after_ || self->server_.draining_) {
        self->begin_lingering();
    } else {
        self->state_ = State::reading;
        self->advance();
    }
}

/// One chunk (RFC 9112 section 7.1); the empty one is the last.
void Connection::send_piece(std::string_view piece, bool chunked) {
    std::string& out = server_.output_;
    if (chunked) out += fmt::format("{:x}\r\n", piece.size());
    out += piece;
    if (chunked) out += "\r\n";
    flush();
}

/// Answers what could not be understood or may not go on, and ends the connection.
void Connection::refuse(base::Error error) {
    identify_request();
    close_after_ = true;
    // Who was too slow is not waited for again.
    body_owed_ = error.kind != base::ErrorKind::request_timeout;
    Service::Answer answer;
    answer.response =
        error.kind == base::ErrorKind::unavailable ? unavailable(std::chrono::seconds{1}) : problem(error);
    respond(std::move(answer), base::steady_now());
}

void Connection::finish_request() {
    release_body();
    parser_.reset();
    std::string{}.swap(header_);
    continued_ = false;
    empty_lines_ = 0;
    phase_ = Phase::idle;
}

/// Sends what there is. False when the peer does not take all of it now, or the connection is lost.
bool Connection::flush() {
    std::string& out = server_.output_;
    if (backlog_.empty() && !large_) {
        if (out.empty()) return true;
        // The usual case: the kernel takes all of it at once.
        const ssize_t sent = ::send(socket_, out.data(), out.size(), MSG_NOSIGNAL);
        if (sent > 0) sent_ += static_cast<std::uint64_t>(sent);
        if (sent == static_cast<ssize_t>(out.size())) {
            out.clear();
            return true;
        }
        if (sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
            close();
            return false;
        }
        backlog_.assign(out, sent < 0 ? 0 : static_cast<std::size_t>(sent));
    } else {
        backlog_ += out;
    }
    out.clear();
    if (out.capacity() > 4 * kGatheredOutputMax) std::string{}.swap(out);
    return send_backlog();
}

/// The backlog, then what is left of the large answer, which is not copied. False when not all of it went.
bool Connection::send_backlog() {
    while (true) {
        std::array<iovec, 8> parts;
        std::size_t count = 0;
        const auto add = [&](std::string_view bytes) {
            if (!bytes.empty()) parts[count++] = {const_cast<char*>(bytes.data()), bytes.size()};
        };
        add(backlog_);
        std::size_t skip = large_sent_;
        for (std::size_t i = 0; large_ && i < large_->piece_count(); ++i) {
            const std::string_view piece = large_->piece(i);
            add(piece.substr(std::min(skip, piece.size())));
            skip -= std::min(skip, piece.size());
        }
        if (count == 0) break;
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = count;
        const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            if (errno != EAGAIN && errno != EWOULDBLOCK) {
                close();
            } else if (state_ == State::reading || state_ == State::producing) {
                state_ = State::writing;
                keep_pace(server_.options_.pace);
            }
            return false;
        }
        sent_ += static_cast<std::uint64_t>(sent);
        const std::size_t of_backlog = std::min(static_cast<std::size_t>(sent), backlog_.size());
        backlog_.erase(0, of_backlog);
        large_sent_ += static_cast<std::size_t>(sent) - of_backlog;
    }
    std::string{}.swap(backlog_);
    large_.reset();
    large_sent_ = 0;
    return true;
}

/// Closing with unread input makes the kernel reset the connection, and the client may lose the answer: so
/// the sending side is closed first, and what still comes is read and thrown away. Who was refused in the middle
/// of a body may look for the answer only after sending the rest, at the pace of its link.
void Connection::begin_lingering() {
    if (state_ == State::closed) return;
    ::shutdown(socket_, SHUT_WR);
    state_ = State::lingering;
    linger_ends_ = base::deadline_in(server_.options_.linger_timeout);
    keep_pace(body_owed_ && !server_.draining_ ? server_.options_.pace : kShortLinger);
    rest_.clear();
    readable_ = true;
    linger();
}

void Connection::linger() {
    while (readable_) {
        if (turn_is_over()) return wait_for_turn();
        const ssize_t received = ::recv(socket_, server_.input_->data(), server_.input_->size(), 0);
        if (received < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            readable_ = false;
            return;
        }
        if (received < 0 && errno == EINTR) continue;
        if (received <= 0) return close();
        const base::SteadyTime now = base::steady_now();
        turn_bytes_ += static_cast<std::size_t>(received);
        lingered_bytes_ += static_cast<std::size_t>(received);
        pace_.moved(static_cast<std::uint64_t>(received), now);
        if (lingered_bytes_ > kLingeredBytesMax || now >= linger_ends_) return close();
    }
}

void Connection::identify_request() {
    Request& request = parser_->request;
    request.client = client_address(peer_, request.field(Field::forwarded_for), server_.options_.trusted_proxies);
    request.secure = server_.options_.secure;
    const std::string_view sent_id = request.field(Field::request_id);
    request.id = sane_request_id(sent_id) ? std::string{sent_id} : server_.next_request_id();
}

/// Counts the body against what all bodies together may hold; false when that is too much.
bool Connection::account_body() {
    const std::size_t size = parser_->request.body.size();
    if (size == accounted_body_) return true;
    const std::size_t grown = size - accounted_body_;
    accounted_body_ = size;
    return server_.limits_->body_bytes.fetch_add(grown) + grown <= ServerLimits::kBodyBytesMax;
}

void Connection::release_body() {
    if (accounted_body_ > 0) server_.limits_->body_bytes.fetch_sub(accounted_body_);
    accounted_body_ = 0;
}

}  // namespace snippetd::http
