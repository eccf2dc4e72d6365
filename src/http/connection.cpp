#include "http/connection.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <cstring>

#include "base/log.hpp"

namespace snippetd::http {

namespace asio = boost::asio;

namespace {

constexpr std::size_t kBufferBytesMin = 2048;  // 10,000 idle connections have 20 MB of buffers
constexpr std::size_t kBufferBytesMax = Parser::kHeaderBytesMax + 1024;
constexpr std::size_t kBodyBufferBytes = 64 * 1024;
constexpr std::size_t kCopiedBodyMax = 16 * 1024;  // a larger body is written from where it is
constexpr std::size_t kGatheredOutputMax = 64 * 1024;
constexpr base::Milliseconds kLinger{2000};

bool sane_request_id(std::string_view id) {
    return !id.empty() && id.size() <= 128 && std::all_of(id.begin(), id.end(), [](unsigned char c) {
        return std::isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=';
    });
}

/// The address in one element of X-Forwarded-For, which may have a port.
std::optional<asio::ip::address> forwarded_address(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    if (!text.empty() && text.front() == '[') {
        text = text.substr(1, text.find(']') - 1);
    } else if (std::count(text.begin(), text.end(), ':') == 1) {
        text = text.substr(0, text.find(':'));
    }
    boost::system::error_code error;
    const auto address = asio::ip::make_address(text, error);
    if (error) return std::nullopt;
    return address;
}

}  // namespace

Connection::Connection(Server& server, Socket socket)
    : server_{server}, socket_{std::move(socket)}, buffer_(kBufferBytesMin) {
    server_.limits_->connections.fetch_add(1);
    position_ = server_.connections_.insert(server_.connections_.end(), this);
    boost::system::error_code error;
    socket_.non_blocking(true, error);
    socket_.set_option(asio::ip::tcp::no_delay{true}, error);
    const auto endpoint = socket_.remote_endpoint(error);
    if (!error) peer_ = endpoint.address();
}

Connection::~Connection() {
    release_body();
    server_.connections_.erase(position_);
    server_.limits_->connections.fetch_sub(1);
}

void Connection::enter(Phase phase) {
    phase_ = phase;
    switch (phase) {
        case Phase::idle: deadline_ = base::deadline_in(server_.options_.idle_timeout); break;
        case Phase::header: deadline_ = base::deadline_in(server_.options_.header_timeout); break;
        case Phase::body: deadline_ = base::deadline_in(server_.options_.body_timeout); break;
        case Phase::handling: deadline_ = base::SteadyTime::max(); break;  // the request has a deadline of its own
        case Phase::writing: deadline_ = base::deadline_in(server_.options_.body_timeout); break;
        case Phase::lingering: deadline_ = base::deadline_in(kLinger); break;
    }
}

void Connection::check_deadline(base::SteadyTime now) {
    if (now < deadline_) return;
    timed_out_ = true;
    deadline_ = base::SteadyTime::max();
    boost::system::error_code error;
    socket_.cancel(error);
}

void Connection::close_if_idle() {
    if (phase_ == Phase::idle) close_now();
}

void Connection::close_now() {
    open_ = false;
    boost::system::error_code error;
    socket_.close(error);
}

base::Awaitable<void> Connection::run() {
    while (open_) {
        parser_.emplace(server_.options_.request_body_bytes_max);
        if (!co_await read_request()) break;
        co_await respond();
        release_body();
    }
    boost::system::error_code error;
    socket_.close(error);
}

/// False when the connection is to end without a further answer.
base::Awaitable<bool> Connection::read_request() {
    continued_ = false;
    phase_ = Phase::idle;  // its deadline is set when there is something to wait for
    while (true) {
        feed_parser();
        if (parser_->failure()) {
            co_await refuse(*parser_->failure());
            co_return false;
        }
        if (!account_body()) {
            base::Error busy{base::ErrorKind::unavailable, "Too many large requests at a time.", {}};
            co_await refuse(std::move(busy));
            co_return false;
        }
        if (parser_->done()) co_return true;
        // Whoever waits for answers gets them before more is read.
        if (!co_await flush()) co_return false;
        if (!co_await read_more()) co_return false;
    }
}

void Connection::feed_parser() {
    if (!body_buffer_.empty()) {
        body_buffer_.erase(0, parser_->feed(body_buffer_));
    } else if (begin_ != end_) {
        begin_ += parser_->feed({buffer_.data() + begin_, end_ - begin_});
        if (parser_->header_done() && !parser_->done()) {
            // What is left is a part of the body that cannot be parsed yet, such as half a chunk header.
            body_buffer_.assign(buffer_.data() + begin_, end_ - begin_);
            begin_ = end_;
        }
    }
}

base::Awaitable<bool> Connection::read_more() {
    const bool header_done = parser_->header_done();
    if (header_done) {
        if (phase_ != Phase::body) enter(Phase::body);
        if (parser_->expects_continue() && !continued_) {
            continued_ = true;
            out_ += "HTTP/1.1 100 Continue\r\n\r\n";
            if (!co_await flush()) co_return false;
            enter(Phase::body);
        }
    } else if (begin_ == end_) {
        enter(Phase::idle);
        begin_ = end_ = 0;
        if (buffer_.size() > kBufferBytesMin) std::vector<char>(kBufferBytesMin).swap(buffer_);
    } else {
        if (phase_ != Phase::header) enter(Phase::header);
        if (begin_ > 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            begin_ = 0;
        }
        if (end_ == buffer_.size()) buffer_.resize(std::min(buffer_.size() * 2, kBufferBytesMax));
    }
    if (server_.draining_ && phase_ == Phase::idle) co_return false;
    const std::size_t kept = body_buffer_.size();
    if (kept > Parser::kHeaderBytesMax) {  // nothing in a body needs so much at a time: an endless chunk extension
        base::Error endless{base::ErrorKind::bad_request, "The chunked body is malformed.", {}};
        co_await refuse(std::move(endless));
        co_return false;
    }
    if (header_done) body_buffer_.resize(kept + kBodyBufferBytes);
    const asio::mutable_buffer target = header_done ? asio::buffer(body_buffer_.data() + kept, kBodyBufferBytes)
                                                    : asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
    boost::system::error_code error;
    auto token = asio::redirect_error(base::use_awaitable, error);
    const std::size_t received = co_await socket_.async_read_some(target, token);
    if (header_done) {
        body_buffer_.resize(kept + received);
    } else {
        end_ += received;
    }
    if (!error) co_return true;
    if (timed_out_ && phase_ != Phase::idle) {
        base::Error late{base::ErrorKind::request_timeout, "The request did not arrive in time.", {}};
        co_await refuse(std::move(late));
    }
    co_return false;
}

/// Counts the body against what all bodies together may hold; false when that is too much.
bool Connection::account_body() {
    const std::size_t size = parser_->request.body.size();
    const std::size_t grown = size - accounted_body_;
    accounted_body_ = size;
    return server_.limits_->body_bytes.fetch_add(grown) + grown <= ServerLimits::kBodyBytesMax;
}

void Connection::release_body() {
    server_.limits_->body_bytes.fetch_sub(accounted_body_);
    accounted_body_ = 0;
}

void Connection::identify_request() {
    Request& request = parser_->request;
    request.client = peer_;
    request.secure = server_.options_.secure;
    const auto trusted = [this](const asio::ip::address& address) {
        const auto& proxies = server_.options_.trusted_proxies;
        return std::any_of(proxies.begin(), proxies.end(), [&](const base::Cidr& proxy) { return proxy.contains(address); });
    };
    // From the right, because only the entries that trusted proxies have appended can be believed.
    std::string_view forwarded = request.field(Field::forwarded_for);
    while (!forwarded.empty() && trusted(request.client)) {
        const std::size_t comma = forwarded.rfind(',');
        const auto address = forwarded_address(forwarded.substr(comma == forwarded.npos ? 0 : comma + 1));
        if (!address) break;
        request.client = *address;
        forwarded = comma == forwarded.npos ? std::string_view{} : forwarded.substr(0, comma);
    }
    if (sane_request_id(request.field(Field::request_id))) {
        request.id = request.field(Field::request_id);
    } else {
        static constexpr char kDigits[] = "0123456789abcdefghijklmnopqrstuvwxyz";
        request.id = server_.request_id_prefix_;
        for (std::uint64_t n = server_.request_ids_++, i = 0; i < 7; ++i, n /= 36) request.id += kDigits[n % 36];
    }
}

base::Awaitable<void> Connection::respond() {
    const base::SteadyTime started = base::steady_now();
    identify_request();
    enter(Phase::handling);
    Service::Answer answer;
    if (!server_.service_.answer_now(parser_->request, answer)) {
        answer = co_await server_.service_.answer(parser_->request);
    }
    const bool close = answer.response.close || !parser_->keep_alive() || server_.draining_;
    co_await respond_with(std::move(answer), close, started);
}

base::Awaitable<void> Connection::respond_with(Service::Answer answer, bool close, base::SteadyTime started) {
    const Response& response = answer.response;
    const Request& request = parser_->request;
    const bool has_body = !request.head() && response.status != 204 && response.status != 304;
    const std::size_t length = has_body ? response.content_length() : 0;
    const std::size_t before = out_.size();
    append_head(out_, response, server_.observer_.http_date(), request.id, parser_->http_1_0(), close);
    const std::size_t head = out_.size() - before;
    std::vector<asio::const_buffer> large;
    if (length > kCopiedBodyMax) {
        large.push_back(asio::buffer(out_));
        for (std::size_t i = 0; i < response.piece_count(); ++i) large.push_back(asio::buffer(response.piece(i)));
    } else if (length > 0) {
        for (std::size_t i = 0; i < response.piece_count(); ++i) out_ += response.piece(i);
    }
    server_.observer_.answered(request, answer, head + length, base::steady_now() - started);
    if (close) open_ = false;
    if (!large.empty()) {
        const bool written = co_await write(std::move(large));
        out_.clear();
        if (!written) open_ = false;
    } else if (!open_ || (begin_ == end_ && body_buffer_.empty()) || out_.size() > kGatheredOutputMax) {
        if (!co_await flush()) open_ = false;
    }
    // The views into the buffer are no longer needed: what came after the request moves to where the next one is read.
    if (!body_buffer_.empty()) {
        buffer_.assign(body_buffer_.begin(), body_buffer_.end());
        if (buffer_.size() < kBufferBytesMin) buffer_.resize(kBufferBytesMin);
        begin_ = 0;
        end_ = body_buffer_.size();
    }
    std::string{}.swap(body_buffer_);
    if (out_.capacity() > kGatheredOutputMax) std::string{}.swap(out_);
}

/// Answers what could not be understood or may not go on, and ends the connection in a way that lets the answer arrive.
base::Awaitable<void> Connection::refuse(base::Error error) {
    timed_out_ = false;
    identify_request();
    Service::Answer answer;
    answer.response =
        error.kind == base::ErrorKind::unavailable ? unavailable(std::chrono::seconds{1}) : problem(error);
    co_await respond_with(std::move(answer), true, base::steady_now());
    co_await linger();
}

base::Awaitable<bool> Connection::flush() {
    if (out_.empty()) co_return true;
    // The usual case: the kernel takes all of it at once.
    boost::system::error_code error;
    const std::size_t written = socket_.write_some(asio::buffer(out_), error);
    if (!error && written == out_.size()) {
        out_.clear();
        co_return true;
    }
    if (error && error != asio::error::would_block) co_return false;
    std::vector<asio::const_buffer> rest{asio::buffer(out_) + written};
    const bool done = co_await write(std::move(rest));
    out_.clear();
    co_return done;
}

base::Awaitable<bool> Connection::write(std::vector<asio::const_buffer> buffers) {
    enter(Phase::writing);
    boost::system::error_code error;
    auto token = asio::redirect_error(base::use_awaitable, error);
    co_await asio::async_write(socket_, buffers, token);
    co_return !error;
}

/// Closing with unread input makes the kernel reset the connection, and the client may lose the answer: so the sending side
/// is closed first, and what still comes is read for a moment and thrown away.
base::Awaitable<void> Connection::linger() {
    boost::system::error_code error;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, error);
    enter(Phase::lingering);
    std::vector<char> sink(kBodyBufferBytes);
    while (!error && !timed_out_) {
        auto token = asio::redirect_error(base::use_awaitable, error);
        co_await socket_.async_read_some(asio::buffer(sink), token);
        // A sender that never pauses would keep the loop busy past its deadline.
        if (base::steady_now() >= deadline_) break;
    }
}

}  // namespace snippetd::http
