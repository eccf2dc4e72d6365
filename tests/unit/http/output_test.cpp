#include "http/output.hpp"

#include <cerrno>
#include <string>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

namespace snippetd::http {
namespace {

using Outcome = Output::Outcome;

class OutputTest : public testing::Test {
  protected:
    OutputTest() { EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0); }
    ~OutputTest() override {
        ::close(pair[0]);
        if (pair[1] >= 0) ::close(pair[1]);
    }
    /// What the other end has.
    std::string received() {
        std::string all;
        char buffer[65536];
        for (ssize_t size; (size = ::recv(pair[1], buffer, sizeof buffer, 0)) > 0;)
            all.append(buffer, static_cast<std::size_t>(size));
        return all;
    }
    /// Sends until all is sent; gives what has come.
    std::string send_all() {
        std::string all;
        Outcome outcome = Outcome::waiting;
        while (outcome == Outcome::waiting) {
            outcome = output.send(pair[0]);
            all += received();
        }
        EXPECT_EQ(outcome, Outcome::sent);
        return all;
    }
    static std::string numbers(std::size_t size) {
        std::string text;
        while (text.size() < size) text += std::to_string(text.size()) + std::string(1000, '.');
        return text;
    }
    static Response response_of(std::string_view first, std::string_view second = {}) {
        Response response;
        response.add_piece(first);
        response.add_piece(second);
        return response;
    }

    int pair[2];
    std::string gathered;
    Output output{gathered};
};

TEST_F(OutputTest, SendsWhatWasGathered) {
    EXPECT_EQ(output.send(pair[0]), Outcome::sent) << "nothing";
    output.gathered() += "one";
    output.gathered() += "two";
    EXPECT_EQ(output.send(pair[0]), Outcome::sent);
    EXPECT_EQ(received(), "onetwo");
    EXPECT_EQ(gathered, "") << "the next connection's turn finds it empty";
}

TEST_F(OutputTest, KeepsWhatThePeerDoesNotTake) {
    const std::string much = numbers(2'000'000);
    output.gathered() += much;
    EXPECT_EQ(output.send(pair[0]), Outcome::waiting);
    EXPECT_EQ(gathered, "");
    EXPECT_LT(gathered.capacity(), much.size()) << "nor is it large for ever";
    std::string all = received();
    output.gathered() += "behind";
    all += send_all();
    EXPECT_EQ(all, much + "behind");
}

TEST_F(OutputTest, LargeContentComesBehindWhatWasGathered) {
    const std::string head = "head", first = numbers(1'000'000), second = numbers(500'000);
    output.gathered() += head;
    output.add_large(response_of(first, second));
    EXPECT_EQ(send_all(), head + first + second);
    output.gathered() += head;
    output.add_large(response_of(second, first));
    EXPECT_EQ(send_all(), head + second + first);
}

TEST_F(OutputTest, ASmallOneOfManyPiecesIsSentToo) {
    const std::string letters = "abcdef";
    Response response;
    for (std::size_t i = 0; i < Response::kPiecesMax; ++i) response.add_piece(std::string_view{letters}.substr(i, 1));
    output.add_large(std::move(response));
    EXPECT_EQ(send_all(), letters);
}

TEST_F(OutputTest, SaysWhenThePeerIsGone) {
    ::close(std::exchange(pair[1], -1));
    output.gathered() += "one";
    EXPECT_EQ(output.send(pair[0]), Outcome::lost);
    output.drop();
    EXPECT_EQ(gathered, "");
    EXPECT_EQ(output.send(pair[0]), Outcome::sent) << "nothing is left of it";
}

TEST_F(OutputTest, KnowsWhatThePeerHasTaken) {
    output.gathered() += std::string(1000, 'x');
    EXPECT_EQ(output.send(pair[0]), Outcome::sent);
    EXPECT_GE(output.count_untaken(pair[0]), 1000u) << "a pair of sockets counts what it takes to hold it, too";
    output.take_note(pair[0]);
    received();
    EXPECT_EQ(output.count_untaken(pair[0]), 0u);
    EXPECT_EQ(output.take_note(pair[0]), 1000u);
    EXPECT_EQ(output.take_note(pair[0]), 0u);
}

TEST_F(OutputTest, HasOneLargeAnswerAtATime) {
    output.add_large(response_of("a"));
    EXPECT_DEATH(output.add_large(response_of("b")), "!large_");
}

TEST_F(OutputTest, NothingOvertakesALargeAnswer) {
    const std::string much = numbers(2'000'000);
    output.add_large(response_of(much));
    EXPECT_EQ(output.send(pair[0]), Outcome::waiting);
    output.gathered() += "behind";
    EXPECT_DEATH(output.send(pair[0]), "large_sent_ == 0");
}

}  // namespace
}  // namespace snippetd::http
