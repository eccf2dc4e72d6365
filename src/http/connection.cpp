#include "http/connection.hpp"

#include "base/assert.hpp"
#include "base/log.hpp"
#include "http/server.hpp"

#include <algorithm>
#include <cerrno>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace snippetd::http {

namespace asio = boost::asio;
namespace {

using Wait = Deadlines::Wait;
using Verdict = Deadlines::Verdict;

constexpr std::size_t kCopiedContentMax = 16 * 1024;  // larger content is sent from where it is
// A turn: whoever has more to do then waits behind those who have not had one. Long enough that the price of waiting,
// some microseconds, does not matter.
constexpr std::chrono::microseconds kTurnMax{200};
constexpr std::size_t kTurnBytesMax = 256 * 1024;
constexpr std::size_t kLingeredBytesMax = 64 * 1024 * 1024;
constexpr base::Milliseconds kLookForTaken{2000};
// Within which a client sends the first bytes, once it is connected.
constexpr base::Milliseconds kTimeToSpeak{1000};
// As much of what has come too early is in nobody's way.
constexpr std::size_t kEarlyBytesMax = 4096;

/// Of a request that may be sent again, later.
bool is_refusal(unsigned status) {
    return status == 429 || status == 503;
}

bool sane_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
    });
}

}  // namespace

Connection::Connection(Server& server, int socket, asio::ip::address peer, Holders::Holder& holder)
    : server_{server},
      socket_{socket},
      holder_{holder},
      reader_{server.options_, server.service_, *server.limits_, peer},
      output_{server.output_},
      deadlines_{server.options_, since_},
      client_{std::move(peer)},
      held_{server.limits_->memory} {
    server_.limits_->connections.fetch_add(1);
}

Connection::~Connection() {
    SNIPPETD_ASSERT(!advancing_, state_);
    if (socket_ >= 0) ::close(socket_);
    server_.limits_->connections.fetch_sub(1);
}

void Connection::close() {
    if (state_ == State::closed) return;
    state_ = State::closed;
    // Closing takes the descriptor out of the poller's set. The object lives on until nobody refers to it.
    ::close(socket_);
    socket_ = -1;
    output_.drop();
    let_go();
    if (source_) source_->cancel();
    if (piece_taken_) piece_taken_->cancel();
    server_.forget(*this);
}

void Connection::begin_drain() {
    if (state_ == State::reading && deadlines_.wait() == Wait::request && rest_.empty()) {
        // What has come and nobody has read yet is in flight too; closing would reset it.
        int unread = 0;
        if (::ioctl(socket_, FIONREAD, &unread) != 0 || unread == 0) return close();
    }
    if (source_ && source_->endless()) source_->cancel();
    if (state_ == State::lingering) deadlines_.hurry(base::steady_now());
}

void Connection::check_deadline(base::SteadyTime now) {
    // Who waits for a turn is not late; others are in the way.
    if (queued_ || !deadlines_.is_due(now)) return;
    check_own_turn();
    const std::uint64_t taken = output_.take_note(socket_);
    switch (deadlines_.judge(now, taken, output_.count_untaken(socket_))) {
        case Verdict::in_time: break;
        case Verdict::late:
            refuse({base::ErrorKind::request_timeout, "The request did not arrive in time.", {}, 0});
            break;
        case Verdict::over: close(); break;
    }
}

bool Connection::is_idle() const {
    const bool between = deadlines_.wait() == Wait::request || deadlines_.wait() == Wait::header;
    const bool idle = state_ == State::lingering || (state_ == State::reading && between) ||
                      (state_ == State::producing && source_ && source_->endless());
    return idle && waits_for_peer();
}

bool Connection::is_silent(base::SteadyTime now) const {
    return !spoken_ && now - since_ >= kTimeToSpeak && is_idle();
}

/// Whoever has its turn, at an event, finds the buffer that all share empty.
void Connection::check_own_turn() const {
    SNIPPETD_ASSERT(server_.output_.empty() && !advancing_, server_.output_.size(), advancing_, state_);
}

void Connection::on_ready(std::uint32_t events) {
    if (state_ == State::closed) return;
    check_own_turn();
    if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
    if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peer_done_ = true;
    if (events & (EPOLLHUP | EPOLLERR)) peer_gone_ = true;
    if (!queued_) advance();
}

void Connection::advance() {
    SNIPPETD_ASSERT(!advancing_ && !queued_, state_, advancing_, queued_);
    const Pointer keeps_alive{this};
    turn_began_ = turn_now_ = {};
    turn_bytes_ = 0;
    advancing_ = true;
    run_states();
    advancing_ = false;
    if ((!queued_ || rests_) && rest_.size() > kEarlyBytesMax && !count_held()) close();
}

void Connection::wait_for_turn() {
    if (queued_) return;
    queued_ = true;
    server_.enqueue(Pointer{this});
}

/// Whether it has been refused while refusals were too many, see `RefusalPace`.
bool Connection::must_rest() const {
    return rests_until_ != base::SteadyTime{} && rests_until_ > base::steady_now();
}

void Connection::rest() {
    queued_ = rests_ = true;
    server_.rest(Pointer{this}, rests_until_);
}

void Connection::go_on() {
    SNIPPETD_ASSERT(queued_, state_);
    queued_ = rests_ = false;
    check_own_turn();
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
                    deadlines_.begin(Wait::answer, base::steady_now());
                    piece_taken_->cancel();
                    return;
                }
                if (close_after_) return begin_lingering();
                state_ = State::reading;
                deadlines_.end_request();
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
        if (must_rest()) {
            if (flush()) rest();
            break;
        }
        if (turn_is_over() && (!input.empty() || readable_)) {
            if (flush()) wait_for_turn();
            break;
        }
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
            spoken_ = true;
            turn_bytes_ += static_cast<std::size_t>(received);
            if (deadlines_.wait() == Wait::body)
                deadlines_.moved(static_cast<std::uint64_t>(received), base::steady_now());
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

/// True when the request is complete.
bool Connection::consume(std::string_view& input) {
    switch (reader_.take(input)) {
        case RequestReader::Progress::whole: return true;
        case RequestReader::Progress::wanting: return false;
        case RequestReader::Progress::refused: break;
    }
    refuse(reader_.refusal());
    return false;
}

/// Nothing more can be done until input comes: says by when it has to.
void Connection::wait_for_more(bool begun) {
    if (reader_.is_header_done()) return continue_body();
    if (!begun && server_.draining_) return close();
    deadlines_.begin(begun ? Wait::header : Wait::request, server_.lately());
}

void Connection::continue_body() {
    deadlines_.begin(Wait::body, base::steady_now());
    if (!reader_.take_continue()) return;
    output_.gathered() += "HTTP/1.1 100 Continue\r\n\r\n";
    flush();
}

/// The request is complete. Its answer may take a while, or may be there on return.
void Connection::handle() {
    SNIPPETD_ASSERT(state_ == State::reading && reader_.is_done(), state_, reader_.is_done());
    const base::SteadyTime started = server_.lately();
    reader_.request().arrived_at = started;
    identify_request();
    Service::Answer answer;
    if (server_.service_.answer_now(reader_.request(), answer)) {
        respond(answer, started);
        return;
    }
    // The worker's buffer will be used by others before this one is answered.
    reader_.keep();
    state_ = State::handling;
    deadlines_.begin(Wait::answer, started);
    asio::co_spawn(server_.context_, answer_later(Pointer{this}, started), base::detached);
}

base::Awaitable<void> Connection::answer_later(Pointer self, base::SteadyTime started) {
    ++self->server_.answering_;
    Service::Answer answer = co_await self->server_.service_.answer(self->reader_.request());
    --self->server_.answering_;
    if (self->state_ != State::handling) co_return;  // ended meanwhile
    // It may not have waited at all, and then answers to what came before are still to be sent.
    if (!self->advancing_) self->check_own_turn();
    self->state_ = State::reading;
    self->respond(answer, started);
    // Whoever waits for a turn goes on when it comes, as one that lingers may.
    if (self->advancing_ || self->queued_) co_return;
    if (self->state_ == State::reading && !self->rest_.empty()) {
        // The request has had its turn; what was sent behind it is another one's.
        if (self->flush()) self->wait_for_turn();
    } else {
        self->advance();
    }
}

void Connection::respond(Service::Answer& answer, base::SteadyTime started) {
    SNIPPETD_ASSERT(state_ == State::reading && !source_, state_, source_ != nullptr);
    Response& response = answer.response;
    const Request& request = reader_.request();
    const bool http_1_0 = reader_.is_http_1_0();
    if (response.close || !reader_.is_kept_alive() || server_.draining_) close_after_ = true;
    const bool has_content = !request.head() && response.status != 204 && response.status != 304;
    client_ = request.client;
    if (has_content && response.body.capacity() > kCopiedContentMax) refuse_what_is_too_much(response);
    if (response.source && http_1_0) close_after_ = true;
    const std::size_t length = has_content && !response.source ? response.content_length() : 0;
    std::string& out = output_.gathered();
    const std::size_t before = out.size();
    append_head(out, response, server_.observer_.http_date(), request.id, http_1_0, close_after_,
                server_.options_.secure);
    const std::size_t head = out.size() - before;
    const bool large = length > kCopiedContentMax;
    if (!large && length > 0) {
        for (std::size_t i = 0; i < response.piece_count(); ++i) out += response.piece(i);
    }
    turn_now_ = server_.read_clock();
    if (is_refusal(response.status) && !holder_.proxy) rests_until_ = server_.refusal_pace_.next(turn_now_);
    if (turn_began_ == base::SteadyTime{}) turn_began_ = started;
    turn_bytes_ += head + length;
    server_.observer_.answered(request, answer, head + length, turn_now_ - started);
    if (large) {
        output_.add_large(std::move(response));
    } else if (response.source && has_content) {
        source_ = std::move(response.source);
        piece_taken_.emplace(server_.context_);
        finish_request();
        state_ = State::producing;
        deadlines_.begin(Wait::answer, turn_now_);  // what a source waits for has a bound of its own
        if (!flush() && state_ == State::closed) return;
        asio::co_spawn(server_.context_, produce(Pointer{this}, !http_1_0), base::detached);
        return;
    }
    finish_request();
    if (large || close_after_ || output_.has_gathered_enough()) {
        if (flush() && close_after_) begin_lingering();
    }
}

/// Puts a refusal in the place of an answer that its client, or all together, may not have the process hold.
void Connection::refuse_what_is_too_much(Response& response) {
    const auto outcome = hold(output_.own_bytes() + response.body.capacity());
    if (outcome == base::MemoryBudget::Outcome::granted) return;
    Response refusal = problem(too_much_held(outcome));
    refusal.constant_fields = response.constant_fields;
    refusal.close = response.close;
    response = std::move(refusal);
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
            if (!self->advancing_) self->check_own_turn();
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
        if (!self->advancing_) self->advance();
    }
}

/// One chunk (RFC 9112 section 7.1); the empty one is the last.
void Connection::send_piece(std::string_view piece, bool chunked) {
    std::string& out = output_.gathered();
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
    answer.response = problem(error);
    respond(answer, server_.lately());
}

void Connection::identify_request() {
    Request& request = reader_.request();
    request.secure = server_.options_.secure;
    const std::string_view sent_id = request.field(Field::request_id);
    request.id = sane_request_id(sent_id) ? sent_id : server_.next_request_id();
}

void Connection::finish_request() {
    reader_.finish();
    deadlines_.end_request();
}

/// Sends what there is. False when the peer does not take all of it now, or the connection is lost.
bool Connection::flush() {
    switch (output_.send(socket_)) {
        case Output::Outcome::sent: let_go(); return true;
        case Output::Outcome::waiting:
            wait_until_taken();
            if (!count_held()) close();
            break;
        case Output::Outcome::lost: close(); break;
    }
    return false;
}

void Connection::wait_until_taken() {
    if (state_ != State::reading && state_ != State::producing) return;
    state_ = State::writing;
    const base::SteadyTime now = base::steady_now();
    deadlines_.begin(Wait::taking, now);
    deadlines_.moved(output_.take_note(socket_), now);
}

base::MemoryBudget::Outcome Connection::hold(std::size_t bytes) {
    return held_.set(bytes, [this] { return memory_groups(client_); });
}

/// Counts what it holds, for its client. False when that is too much.
bool Connection::count_held() {
    using Outcome = base::MemoryBudget::Outcome;
    if (hold(output_.own_bytes() + rest_.size()) != Outcome::granted) return false;
    const void* shared = output_.shared();
    if (!shared || held_shared_) return true;
    if (server_.shared_contents_.hold(shared, output_.shared_bytes(), client_) != Outcome::granted) return false;
    held_shared_ = shared;
    return true;
}

void Connection::let_go() {
    held_.release();
    if (held_shared_) server_.shared_contents_.let_go(std::exchange(held_shared_, nullptr));
}

/// Closing with unread input makes the kernel reset the connection, and the client may lose the answer: so
/// the sending side is closed first, and what still comes is read and thrown away. Who was refused in the middle
/// of a body may look for the answer only after sending the rest, at the pace of its link.
void Connection::begin_lingering() {
    if (state_ == State::closed) return;
    SNIPPETD_ASSERT(state_ != State::lingering && server_.output_.empty(), state_, server_.output_.size());
    ::shutdown(socket_, SHUT_WR);
    state_ = State::lingering;
    const base::SteadyTime now = base::steady_now();
    deadlines_.begin_lingering(!body_owed_ || server_.draining_, now);
    deadlines_.moved(output_.take_note(socket_), now);
    std::string{}.swap(rest_);
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
        deadlines_.moved(static_cast<std::uint64_t>(received), now);
        if (lingered_bytes_ > kLingeredBytesMax || deadlines_.has_lingered_enough(now)) return close();
    }
}

}  // namespace snippetd::http
