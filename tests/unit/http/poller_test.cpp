#include "http/poller.hpp"

#include "support/run.hpp"

#include <vector>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace snippetd::http {
namespace {

struct Watcher final : Poller::Client {
    void on_ready(std::uint32_t events) override { seen.push_back(events); }

    std::vector<std::uint32_t> seen;
};

class PollerTest : public testing::Test {
  protected:
    PollerTest() {
        for (auto& pair : pairs) EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
        poller.start();
    }
    ~PollerTest() override {
        for (auto& pair : pairs) {
            ::close(pair[0]);
            if (pair[1] >= 0) ::close(pair[1]);
        }
    }
    void settle() {
        while (context.poll() > 0) {
        }
    }

    boost::asio::io_context context{1};
    int batches = 0;
    int told_in_batch = 0;
    Watcher watchers[2];
    int pairs[2][2];
    Poller poller{context, [this] {
                      ++batches;
                      told_in_batch = static_cast<int>(watchers[0].seen.size() + watchers[1].seen.size());
                  }};
};

TEST_F(PollerTest, TellsOfEachEdgeOnce) {
    EXPECT_TRUE(poller.add(pairs[0][0], watchers[0]));
    settle();
    ASSERT_EQ(watchers[0].seen.size(), 1u) << "it can be written to";
    EXPECT_TRUE(watchers[0].seen[0] & EPOLLOUT);
    settle();
    EXPECT_EQ(watchers[0].seen.size(), 1u) << "which is no news";
    EXPECT_EQ(::send(pairs[0][1], "a", 1, 0), 1);
    settle();
    ASSERT_EQ(watchers[0].seen.size(), 2u);
    EXPECT_TRUE(watchers[0].seen[1] & EPOLLIN);
    settle();
    EXPECT_EQ(watchers[0].seen.size(), 2u) << "though nobody has read it";
    ::close(std::exchange(pairs[0][1], -1));
    settle();
    ASSERT_EQ(watchers[0].seen.size(), 3u);
    EXPECT_TRUE(watchers[0].seen[2] & EPOLLRDHUP);
    EXPECT_TRUE(watchers[0].seen[2] & EPOLLHUP);
}

TEST_F(PollerTest, ABatchEndsWhenAllAreTold) {
    EXPECT_TRUE(poller.add(pairs[0][0], watchers[0]));
    EXPECT_TRUE(poller.add(pairs[1][0], watchers[1]));
    settle();
    EXPECT_EQ(batches, 1);
    EXPECT_EQ(told_in_batch, 2);
}

TEST_F(PollerTest, WhatIsNoSocketIsNotTaken) {
    EXPECT_FALSE(poller.add(-1, watchers[0]));
}

}  // namespace
}  // namespace snippetd::http
