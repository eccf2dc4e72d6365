#include "redis/pipeline.hpp"

#include "base/error.hpp"
#include "base/numbers.hpp"

#include <algorithm>
#include <new>

#include <hiredis/hiredis.h>

namespace snippetd::redis {

namespace {

constexpr int kDepthMax = 8;  // of arrays in arrays; a script of ours answers with at most two

/// An error is logged and told to alerts. Of a command that it does not know (renamed, or too old a server), Redis
/// repeats the arguments: passwords, bodies.
std::string without_arguments(std::string_view error) {
    return std::string{error.substr(0, error.find(", with args beginning with"))};
}

Reply to_reply(const redisReply& from, int depth = 0) {
    if (depth > kDepthMax) throw ProtocolError{"a reply is nested too deeply"};
    Reply reply;
    switch (from.type) {
        case REDIS_REPLY_NIL: break;
        case REDIS_REPLY_INTEGER:
            reply.type = Reply::Type::integer;
            reply.integer = from.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            reply.type = Reply::Type::text;
            reply.text.assign(from.str, static_cast<std::size_t>(from.len));
            break;
        case REDIS_REPLY_ERROR:
            reply.type = Reply::Type::error;
            reply.text = without_arguments({from.str, static_cast<std::size_t>(from.len)});
            break;
        case REDIS_REPLY_ARRAY:
            reply.type = Reply::Type::array;
            for (std::size_t i = 0; i < from.elements; ++i) {
                reply.elements.push_back(to_reply(*from.element[i], depth + 1));
            }
            break;
        default: throw ProtocolError{"a reply of an unknown type"};
    }
    return reply;
}

/// `{"message", channel, payload}`
bool is_message(const Reply& reply) {
    return reply.type == Reply::Type::array && reply.elements.size() == 3 && reply.elements[0].text == "message";
}

/// An array of bulk strings (https://redis.io/docs/latest/develop/reference/protocol-spec). hiredis takes 8,000
/// instructions for what the limiter asks.
void append_command(std::string& out, const Command& command) {
    const auto append_size = [&out](char type, std::size_t size) {
        out += type;
        base::append_number(out, size);
        out += "\r\n";
    };
    append_size('*', command.size());
    for (const std::string& word : command) {
        append_size('$', word.size());
        out += word;
        out += "\r\n";
    }
}

std::exception_ptr unavailable(const std::string& reason) {
    return std::make_exception_ptr(base::Unavailable{reason});
}

}  // namespace

void Pipeline::FreeReader::operator()(redisReader* reader) const {
    redisReaderFree(reader);
}

Pipeline::Pipeline() : reader_{redisReaderCreate()} {
    if (!reader_) throw std::bad_alloc{};
}
Pipeline::~Pipeline() = default;

void Pipeline::send(const Command& command, std::optional<base::Deadline> deadline, base::Completion<Reply> done) {
    if (waiting_.size() >= kWaitingMax) {
        done.reject(unavailable("too many commands wait for Redis"));
        return;
    }
    append_command(output_, command);
    waiting_.push_back({base::steady_now(), deadline.value_or(base::SteadyTime::max()), std::move(done)});
}

void Pipeline::take_output(std::string& written) {
    output_.swap(written);
    taken_ = answered_ + waiting_.size();
}

void Pipeline::written(base::SteadyTime now, base::Milliseconds patience) {
    for (std::uint64_t number = std::max(written_, answered_); number < taken_; ++number) {
        Waiting& waiting = waiting_[number - answered_];
        waiting.sent = now;
        if (waiting.deadline == base::SteadyTime::max()) waiting.deadline = now + patience;
    }
    written_ = taken_;
}

void Pipeline::receive(std::string_view bytes) {
    if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) {
        throw ProtocolError{reader_->errstr};
    }
    while (true) {
        void* raw = nullptr;
        if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) throw ProtocolError{reader_->errstr};
        if (!raw) return;
        const std::unique_ptr<redisReply, void (*)(void*)> owned{static_cast<redisReply*>(raw), freeReplyObject};
        Reply reply = to_reply(*owned);
        if (on_message_ && is_message(reply)) {
            on_message_(std::move(reply.elements[2].text));
            continue;
        }
        if (waiting_.empty()) {
            // A refusal may come unasked (too many clients); anything else may be somebody's text.
            throw ProtocolError{"a reply that nobody has asked for" + (reply.is_error() ? ": " + reply.text : "")};
        }
        Waiting answered = std::move(waiting_.front());
        waiting_.pop_front();
        ++answered_;
        if (answered.done) answered.done->resolve(std::move(reply));
    }
}

std::size_t Pipeline::expire(base::SteadyTime now) {
    std::size_t expired = 0;
    for (Waiting& waiting : waiting_) {
        if (!waiting.done || waiting.deadline > now) continue;
        waiting.done->reject(unavailable("Redis does not answer in time"));
        waiting.done.reset();
        ++expired;
    }
    return expired;
}

std::optional<base::SteadyTime> Pipeline::next_deadline() const {
    std::optional<base::SteadyTime> next;
    for (const Waiting& waiting : waiting_) {
        if (waiting.deadline == base::SteadyTime::max()) continue;
        if (waiting.done && (!next || waiting.deadline < *next)) next = waiting.deadline;
    }
    return next;
}

std::optional<base::SteadyTime> Pipeline::waiting_since() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.front().sent;
}

void Pipeline::reset(const std::string& reason) {
    std::deque<Waiting> failed;
    failed.swap(waiting_);
    answered_ = written_ = taken_ = 0;
    output_.clear();
    reader_.reset(redisReaderCreate());
    if (!reader_) throw std::bad_alloc{};
    for (Waiting& waiting : failed) {
        if (waiting.done) waiting.done->reject(unavailable(reason));
    }
}

}  // namespace snippetd::redis
