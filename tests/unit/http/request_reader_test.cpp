#include "http/request_reader.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using Progress = RequestReader::Progress;

/// Bounds bodies by their path, and answers nothing.
class Bounds : public Service {
  public:
    std::uint64_t body_bytes_max(const Request& request) const override {
        return request.path == "/small" ? 10 : UINT64_MAX;
    }
    bool answer_now(const Request&, Answer&) override { return false; }
    base::Awaitable<Answer> answer(Request&) override { co_return Answer{}; }
};

constexpr std::size_t kStep = base::MemoryBudget::kStepBytes;
const auto kPeer = boost::asio::ip::make_address("192.0.2.1");

class RequestReaderTest : public testing::Test {
  protected:
    Progress take(std::string_view& input) { return reader.take(input); }
    Progress take(std::string_view&& input) { return reader.take(input); }

    ServerOptions options;
    Bounds service;
    base::Metrics metrics;
    ServerLimits limits{options, metrics};
    RequestReader reader{options, service, limits, kPeer};
};

const std::string kPost =
    "POST /a?q=1 HTTP/1.1\r\nHost: a.example\r\nCookie: b=1\r\nCookie: c=2\r\nContent-Length: 5\r\n\r\nhello";

TEST_F(RequestReaderTest, LeavesWhatComesBehindTheRequest) {
    const std::string both = kPost + "GET /next";
    std::string_view input = both;
    EXPECT_EQ(take(input), Progress::whole);
    EXPECT_EQ(input, "GET /next");
    EXPECT_TRUE(reader.is_done());
    EXPECT_EQ(reader.request().body, "hello");
    EXPECT_TRUE(reader.is_kept_alive());
    reader.finish();
    EXPECT_EQ(take(input), Progress::wanting);
    EXPECT_EQ(input, "GET /next") << "a header is taken as a whole";
    EXPECT_FALSE(reader.is_header_done());
    EXPECT_FALSE(reader.is_kept_alive()) << "nobody knows how it would have gone on";
}

TEST_F(RequestReaderTest, ItsViewsOutliveTheBufferOnceTheyAreKept) {
    for (std::size_t cut = kPost.size() - 5; cut <= kPost.size(); ++cut) {
        std::string buffer = kPost.substr(0, cut);
        std::string_view input = buffer;
        const Progress progress = take(input);
        EXPECT_EQ(progress, cut == kPost.size() ? Progress::whole : Progress::wanting);
        if (progress == Progress::whole) reader.keep();  // else it has done so by itself
        std::fill(buffer.begin(), buffer.end(), '#');
        if (progress == Progress::wanting) {
            EXPECT_EQ(take(std::string_view{kPost}.substr(cut)), Progress::whole);
        }
        const Request& request = reader.request();
        EXPECT_EQ(request.path, "/a");
        EXPECT_EQ(request.query, "q=1");
        EXPECT_EQ(request.field(Field::host), "a.example");
        EXPECT_EQ(request.field(Field::cookie), "b=1; c=2");
        EXPECT_EQ(request.body, "hello");
        reader.finish();
    }
}

TEST_F(RequestReaderTest, PassesOverAFewEmptyLines) {
    const std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    EXPECT_EQ(take("\r\n\r\n\r\n\r\n" + request), Progress::whole);
    reader.finish();
    EXPECT_EQ(take("\r\n\r\n\r\n\r\n\r\n" + request), Progress::refused);
    reader.finish();
    EXPECT_EQ(take("\r"), Progress::wanting);
}

TEST_F(RequestReaderTest, SaysWhyItRefuses) {
    const auto kind_of = [&](std::string_view input) {
        EXPECT_EQ(take(input), Progress::refused) << input;
        const base::ErrorKind kind = reader.refusal().kind;
        reader.finish();
        return kind;
    };
    EXPECT_EQ(kind_of("GET / HTTP/1.1\r\n\r\n"), base::ErrorKind::bad_request);
    EXPECT_EQ(kind_of("GET / HTTP/3\r\n"), base::ErrorKind::bad_request) << "before the header has come";
    EXPECT_EQ(kind_of("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\n"),
              base::ErrorKind::payload_too_large);
    EXPECT_EQ(kind_of("GET / HTTP/1.1\r\nHost: a\r\nExpect: a-miracle\r\n\r\n"), base::ErrorKind::expectation_failed);
    EXPECT_EQ(kind_of("GET / HTTP/1.1\r\nX: " + std::string(Parser::kHeaderBytesMax, 'x')),
              base::ErrorKind::header_fields_too_large);
    EXPECT_EQ(kind_of("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;" + std::string(17000, 'x')),
              base::ErrorKind::bad_request)
        << "a chunk's extension without end";
    base::MemoryBudget::Holding others{limits.memory};
    const auto fill = [&others, this](std::size_t groups) {
        const auto alone = [groups] { return std::vector<base::MemoryBudget::Group>{{"others", groups}}; };
        EXPECT_EQ(others.set(limits.memory.large_bytes_max(), alone), base::MemoryBudget::Outcome::granted);
    };
    fill(4);
    EXPECT_EQ(kind_of("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100000, 'x')),
              base::ErrorKind::unavailable);
    EXPECT_EQ(limits.memory.bytes(), others.bytes());
    EXPECT_EQ(take(std::string_view{kPost}), Progress::whole) << "for what is small there is room";
}

TEST_F(RequestReaderTest, CountsABodyUntilTheRequestIsFinished) {
    EXPECT_EQ(take(std::string_view{kPost}.substr(0, kPost.size() - 2)), Progress::wanting);
    EXPECT_EQ(limits.memory.bytes(), kStep);
    EXPECT_EQ(take("lo"), Progress::whole);
    EXPECT_EQ(limits.memory.bytes(), kStep);
    reader.finish();
    EXPECT_EQ(limits.memory.bytes(), 0u);
    {
        RequestReader other{options, service, limits, kPeer};
        std::string_view input = kPost;
        EXPECT_EQ(other.take(input), Progress::whole);
        EXPECT_EQ(limits.memory.bytes(), kStep);
    }
    EXPECT_EQ(limits.memory.bytes(), 0u) << "or its connection is gone";
}

TEST_F(RequestReaderTest, RefusesOneClientWhatItHoldsTooMuchOf) {
    options.memory_bytes_max = 8 << 20;
    options.request_body_bytes_max = 1 << 20;
    options.trusted_proxies = {*base::Cidr::parse("192.0.2.1")};
    ServerLimits small{options, metrics};
    const auto begin = [](const std::string& client) {
        return "POST /a HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: " + client + "\r\nContent-Length: 1048576\r\n\r\n" +
               std::string((1 << 20) - 1, 'x');
    };
    RequestReader one{options, service, small, kPeer}, two{options, service, small, kPeer},
        other{options, service, small, kPeer};
    const std::string own = begin("203.0.113.7"), others = begin("203.0.113.8");
    const auto feed = [](RequestReader& to, std::string_view input) { return to.take(input); };
    EXPECT_EQ(feed(one, own), Progress::wanting);
    EXPECT_EQ(feed(two, own), Progress::wanting);
    EXPECT_EQ(feed(reader, own), Progress::wanting) << "limits of another process";
    RequestReader three{options, service, small, kPeer};
    EXPECT_EQ(feed(three, own), Progress::refused);
    EXPECT_EQ(three.refusal().kind, base::ErrorKind::rate_limited);
    EXPECT_GE(three.refusal().retry_after_s, 1);
    EXPECT_EQ(feed(other, others), Progress::wanting) << "the proxy has another client";
    EXPECT_EQ(feed(one, "x"), Progress::whole);
    one.finish();
    RequestReader four{options, service, small, kPeer};
    EXPECT_EQ(feed(four, own), Progress::wanting);
}

TEST_F(RequestReaderTest, AsksOnceForABodyThatIsExpected) {
    EXPECT_EQ(take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
              Progress::wanting);
    EXPECT_TRUE(reader.take_continue());
    EXPECT_FALSE(reader.take_continue());
    EXPECT_EQ(take("ab"), Progress::whole);
    reader.finish();
    EXPECT_EQ(take("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n"), Progress::wanting);
    EXPECT_FALSE(reader.take_continue());
}

TEST_F(RequestReaderTest, IsGivenNothingMoreOfWhatIsWhole) {
    EXPECT_EQ(take(std::string_view{kPost}), Progress::whole);
    EXPECT_DEATH(take(std::string_view{kPost}), "is_done");
}

}  // namespace
}  // namespace snippetd::http
