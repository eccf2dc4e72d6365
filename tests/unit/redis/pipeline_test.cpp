#include "redis/pipeline.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

namespace snippetd::redis {
namespace {

using namespace std::chrono_literals;

struct Answer {
    bool done = false;
    std::exception_ptr error;
    Reply reply;

    bool unavailable() const {
        try {
            if (error) std::rethrow_exception(error);
        } catch (const base::Unavailable&) {
            return true;
        }
        return false;
    }
};

class PipelineTest : public testing::Test {
  protected:
    std::shared_ptr<Answer> send(const Command& command,
                                 std::optional<base::Deadline> deadline = base::deadline_in(1h)) {
        auto answer = std::make_shared<Answer>();
        auto take = [answer](std::exception_ptr error, std::optional<Reply> reply) {
            EXPECT_FALSE(answer->done) << "answered twice";
            answer->done = true;
            answer->error = std::move(error);
            if (reply) answer->reply = *std::move(reply);
        };
        pipeline.send(command, deadline,
                      base::Completion<Reply>{boost::asio::bind_executor(context.get_executor(), take)});
        return answer;
    }
    void receive(std::string_view bytes) {
        pipeline.receive(bytes);
        settle();
    }
    void settle() {
        context.restart();
        context.poll();
    }

    boost::asio::io_context context{1};
    Pipeline pipeline;
};

TEST_F(PipelineTest, WritesCommandsOfAnyBytesOneBehindTheOther) {
    send({"GET", "a"});
    send({"SET", std::string{"\0\r\n", 3}, ""});
    constexpr char kWritten[] = "*2\r\n$3\r\nGET\r\n$1\r\na\r\n*3\r\n$3\r\nSET\r\n$3\r\n\0\r\n\r\n$0\r\n\r\n";
    EXPECT_EQ(pipeline.output(), (std::string{kWritten, sizeof kWritten - 1}));
}

TEST_F(PipelineTest, ReadsEveryKindOfReply) {
    const std::vector<std::shared_ptr<Answer>> answers{send({"1"}), send({"2"}), send({"3"}), send({"4"}),
                                                       send({"5"}), send({"6"}), send({"7"})};
    receive("+OK\r\n-ERR wrong\r\n:-42\r\n$3\r\na\r\n\r\n$-1\r\n*3\r\n:1\r\n$1\r\nx\r\n*1\r\n$-1\r\n*-1\r\n");
    for (const auto& answer : answers) ASSERT_TRUE(answer->done && !answer->error);
    EXPECT_EQ(answers[0]->reply.text, "OK");
    EXPECT_TRUE(answers[1]->reply.is_error());
    EXPECT_EQ(answers[1]->reply.text, "ERR wrong");
    EXPECT_EQ(answers[2]->reply.integer, -42);
    EXPECT_EQ(answers[3]->reply.text, "a\r\n");
    EXPECT_TRUE(answers[4]->reply.is_nil());
    ASSERT_EQ(answers[5]->reply.elements.size(), 3u);
    EXPECT_EQ(answers[5]->reply.elements[1].text, "x");
    EXPECT_TRUE(answers[5]->reply.elements[2].elements.at(0).is_nil());
    EXPECT_TRUE(answers[6]->reply.is_nil());
    EXPECT_FALSE(pipeline.waiting_since());
}

TEST_F(PipelineTest, AnErrorDoesNotRepeatWhatWasSent) {
    const auto answer = send({"AUTH", "ada", "secret"});
    receive("-ERR unknown command `AUTH`, with args beginning with: `ada`, `secret`, \r\n");
    EXPECT_EQ(answer->reply.text, "ERR unknown command `AUTH`");
}

TEST_F(PipelineTest, RepliesMayComeInPiecesOfAnySize) {
    const auto first = send({"1"}), second = send({"2"});
    for (const char byte : std::string{"$5\r\nhello\r\n*2\r\n:1\r\n:2\r\n"}) receive({&byte, 1});
    EXPECT_EQ(first->reply.text, "hello");
    EXPECT_EQ(second->reply.elements.size(), 2u);
}

TEST_F(PipelineTest, AnExpiredCommandKeepsItsPlaceAndItsLateReplyIsDropped) {
    const auto now = base::steady_now();
    const auto late = send({"1"}, now + 10ms), patient = send({"2"}, now + 1h);
    EXPECT_EQ(pipeline.next_deadline(), now + 10ms);
    EXPECT_EQ(pipeline.expire(now + 9ms), 0u);
    EXPECT_EQ(pipeline.expire(now + 10ms), 1u);
    EXPECT_EQ(pipeline.expire(now + 11ms), 0u) << "once";
    settle();
    EXPECT_TRUE(late->unavailable());
    EXPECT_FALSE(patient->done);
    EXPECT_EQ(pipeline.next_deadline(), now + 1h);
    EXPECT_TRUE(pipeline.waiting_since());
    EXPECT_TRUE(pipeline.overdue());
    receive("+late\r\n+in time\r\n");
    EXPECT_EQ(patient->reply.text, "in time");
    EXPECT_FALSE(pipeline.waiting_since());
    EXPECT_FALSE(pipeline.next_deadline());
}

TEST_F(PipelineTest, ACommandIsDueSoLongAfterItHasBeenWritten) {
    const auto now = base::steady_now();
    const auto first = send({"1"}, std::nullopt), hurried = send({"2"}, now + 5ms);
    EXPECT_EQ(pipeline.next_deadline(), now + 5ms) << "what has not been written is not the server's fault";
    EXPECT_FALSE(pipeline.first_is_written());
    std::string taken;
    pipeline.take_output(taken);
    EXPECT_TRUE(pipeline.output().empty());
    const auto later = send({"3"}, std::nullopt);
    pipeline.written(now + 1s, 10ms);
    EXPECT_TRUE(pipeline.first_is_written());
    EXPECT_EQ(pipeline.waiting_since(), now + 1s);
    EXPECT_EQ(pipeline.expire(now + 5ms), 1u);
    EXPECT_EQ(pipeline.next_deadline(), now + 1s + 10ms);
    EXPECT_EQ(pipeline.expire(now + 1h), 1u) << "the third has not been written";
    settle();
    EXPECT_TRUE(first->unavailable() && hurried->unavailable());
    EXPECT_FALSE(later->done);

    receive("+1\r\n+2\r\n");
    EXPECT_FALSE(pipeline.first_is_written());
    taken.clear();
    pipeline.take_output(taken);
    receive("+3\r\n");
    EXPECT_TRUE(later->done);
    pipeline.written(now + 2s, 10ms);  // its answer was faster than the news of its being written
    EXPECT_EQ(pipeline.waiting(), 0u);
    EXPECT_FALSE(pipeline.next_deadline());
}

TEST_F(PipelineTest, ANewConnectionCountsFromTheStart) {
    send({"1"}, std::nullopt);
    std::string taken;
    pipeline.take_output(taken);
    pipeline.reset("gone");
    const auto now = base::steady_now();
    send({"2"}, std::nullopt);
    pipeline.written(now, 10ms);  // of the connection before
    EXPECT_FALSE(pipeline.first_is_written());
    EXPECT_FALSE(pipeline.next_deadline());
}

TEST_F(PipelineTest, AResetAnswersAllAndForgetsTheHalfOfAReply) {
    const auto lost = send({"1"});
    receive("$100\r\nhalf of");
    pipeline.reset("gone");
    settle();
    EXPECT_TRUE(lost->unavailable());
    EXPECT_TRUE(pipeline.output().empty());
    const auto next = send({"2"});
    receive("+fresh\r\n");
    EXPECT_EQ(next->reply.text, "fresh");
}

TEST_F(PipelineTest, WhatIsNoReplyOrWasNotAskedForIsAProtocolError) {
    EXPECT_THROW(pipeline.receive("+nobody asked\r\n"), ProtocolError);
    pipeline.reset("again");
    send({"1"});
    EXPECT_THROW(pipeline.receive("HTTP/1.1 400 Bad Request\r\n\r\n"), ProtocolError);
    pipeline.reset("again");
    send({"1"});
    std::string deep;
    for (int i = 0; i < 20; ++i) deep += "*1\r\n";
    EXPECT_THROW(pipeline.receive(deep + ":1\r\n"), ProtocolError);
}

TEST_F(PipelineTest, WhatASubscriptionBringsGoesToItsListenerAndNotToACommandThatWaits) {
    std::vector<std::string> heard;
    pipeline.on_message([&heard](std::string payload) { heard.push_back(std::move(payload)); });
    const auto subscribed = send({"SUBSCRIBE", "c"});
    receive("*3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
    EXPECT_TRUE(subscribed->done) << "only messages are the listener's";
    EXPECT_TRUE(heard.empty());

    receive("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nfirst\r\n");
    EXPECT_EQ(heard, (std::vector<std::string>{"first"})) << "while nobody waits";

    const auto pinged = send({"PING"});
    receive("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$6\r\nsec");
    receive("ond\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n");
    EXPECT_EQ(heard, (std::vector<std::string>{"first", "second", ""}));
    EXPECT_FALSE(pinged->done);
    receive("*2\r\n$4\r\npong\r\n$0\r\n\r\n*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nthird\r\n");
    ASSERT_TRUE(pinged->done);
    ASSERT_EQ(pinged->reply.elements.size(), 2u);
    EXPECT_EQ(pinged->reply.elements[0].text, "pong");
    EXPECT_EQ(heard.size(), 4u);
}

TEST_F(PipelineTest, WithoutAListenerAMessageIsAReplyLikeAnyOther) {
    const auto answer = send({"LRANGE", "a", "0", "2"});
    receive("*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$5\r\nfirst\r\n");
    ASSERT_TRUE(answer->done);
    EXPECT_EQ(answer->reply.elements.size(), 3u);
}

TEST_F(PipelineTest, WhatWaitsIsBounded) {
    std::vector<std::shared_ptr<Answer>> waiting;
    for (std::size_t i = 0; i < Pipeline::kWaitingMax; ++i) waiting.push_back(send({"PING"}));
    const std::size_t written = pipeline.output().size();
    const auto one_more = send({"PING"});
    settle();
    EXPECT_TRUE(one_more->unavailable());
    EXPECT_EQ(pipeline.output().size(), written) << "nothing of it is sent";
    receive("+PONG\r\n");
    EXPECT_TRUE(waiting.front()->done);
    EXPECT_FALSE(waiting.back()->done);
    send({"PING"});
    EXPECT_GT(pipeline.output().size(), written);
}

}  // namespace
}  // namespace snippetd::redis
