#include "http/connection.hpp"

#include "support/served.hpp"

#include <deque>
#include <string>
#include <vector>

#include <gtest/gtest.h>

// A connection over a pair of sockets, with a service of a few lines (`test::EchoService`).

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::Served;

std::string get(const std::string& path, const std::string& fields = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: a.example\r\n" + fields + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& fields = "") {
    return "POST " + path + " HTTP/1.1\r\nHost: a.example\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           fields + "\r\n" + body;
}

std::string content_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "no answer: " + answer : answer.substr(end + 4);
}

unsigned status_of(const std::string& answer) {
    return answer.starts_with("HTTP/1.1 ") ? static_cast<unsigned>(std::stoul(answer.substr(9, 3))) : 0;
}

bool has(const std::string& answer, const std::string& line) {
    return answer.find("\r\n" + line + "\r\n") != std::string::npos;
}

// --- One request after the other

TEST(Connection, AnswersARequestAndGoesOn) {
    Served served;
    Peer peer = served.connect();
    for (const char* path : {"/a", "/b"}) {
        peer.send(get(path));
        const std::string answer = peer.receive_answer();
        EXPECT_EQ(status_of(answer), 200u);
        EXPECT_EQ(content_of(answer), std::string{"GET "} + path + " ");
        EXPECT_FALSE(has(answer, "Connection: close"));
    }
    peer.send(post("/c", "some text"));
    EXPECT_EQ(content_of(peer.receive_answer()), "POST /c some text");
    EXPECT_EQ(served.limits->memory.bytes(), 0u);
    EXPECT_EQ(served.limits->connections, 1u);
}

TEST(Connection, TakesARequestInPiecesOfAnySize) {
    Served served;
    const std::string request = "\r\n" + post("/a", "some text", "X-Request-Id: mine\r\n");
    for (std::size_t cut = 1; cut < request.size(); ++cut) {
        Peer peer = served.connect();
        peer.send(request.substr(0, cut));
        served.settle();
        peer.send(request.substr(cut));
        const std::string answer = peer.receive_answer();
        ASSERT_EQ(content_of(answer), "POST /a some text") << cut;
        ASSERT_TRUE(has(answer, "X-Request-Id: mine")) << "what points into the header follows it: " << cut;
    }
    Peer peer = served.connect();
    for (const char byte : request) {
        peer.send({&byte, 1});
        served.settle();
    }
    EXPECT_EQ(content_of(peer.receive_answer()), "POST /a some text");
}

TEST(Connection, HeadHasTheLengthAndNoContent) {
    Served served;
    Peer peer = served.connect();
    peer.send("HEAD /a HTTP/1.1\r\nHost: a.example\r\n\r\n" + get("/b"));
    EXPECT_TRUE(has(peer.receive_answer(false), "Content-Length: 8"));
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /b ");
}

TEST(Connection, EndsAsTheClientAsks) {
    Served served;
    for (const std::string& request :
         {get("/a", "Connection: close\r\n"), std::string{"GET /a HTTP/1.0\r\nHost: a.example\r\n\r\n"}}) {
        Peer peer = served.connect();
        peer.send(request);
        const std::string answer = peer.receive_all();
        EXPECT_TRUE(has(answer, "Connection: close")) << answer;
        EXPECT_EQ(content_of(answer), "GET /a ");
    }
    Peer peer = served.connect();
    peer.send("GET /a HTTP/1.0\r\nHost: a.example\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(has(peer.receive_answer(), "Connection: keep-alive"));
    peer.send(get("/b"));
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /b ");
}

TEST(Connection, WhoSaysNoMoreStillGetsItsAnswer) {
    Served served;
    Peer peer = served.connect();
    peer.send(get("/later/a"));
    peer.say_no_more();
    served.settle();
    served.service.released = true;
    EXPECT_EQ(content_of(peer.receive_all()), "GET /later/a ");
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
}

TEST(Connection, NamesTheRequestAndTheClient) {
    ServerOptions options;
    options.trusted_proxies = {*base::Cidr::parse("10.0.0.0/8")};
    Served served{options};
    std::string client, id;
    served.service.respond = [&](const Request& request, Response&) {
        client = request.client.to_string();
        id = request.id;
    };
    Peer proxy = served.connect("10.0.0.1");
    proxy.send(get("/a", "X-Forwarded-For: 203.0.113.9, 198.51.100.7\r\nX-Request-Id: an/id:1\r\n"));
    EXPECT_TRUE(has(proxy.receive_answer(), "X-Request-Id: an/id:1"));
    EXPECT_EQ(client, "198.51.100.7");
    EXPECT_EQ(id, "an/id:1");
    Peer anybody = served.connect("192.0.2.1");
    anybody.send(get("/a", "X-Forwarded-For: 198.51.100.7\r\nX-Request-Id: not an id\r\n"));
    anybody.receive_answer();
    EXPECT_EQ(client, "192.0.2.1");
    EXPECT_EQ(id.size(), 14u) << id;
}

// --- Pipelining

TEST(Connection, AnswersComeInTheOrderOfTheRequests) {
    Served served;
    Peer peer = served.connect();
    peer.send(get("/a") + post("/later/b", "text") + get("/c") + get("/later/d") + get("/e"));
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /a ") << "what came before does not wait";
    served.settle();
    EXPECT_EQ(peer.received_so_far(), "") << "what comes after does";
    served.service.released = true;
    for (const char* content : {"POST /later/b text", "GET /c ", "GET /later/d ", "GET /e "}) {
        EXPECT_EQ(content_of(peer.receive_answer()), content);
    }
}

TEST(Connection, ManyAreAnsweredWithoutKeepingOthersWaiting) {
    Served served;
    Peer busy = served.connect(), other = served.connect();
    constexpr int kMany = 700;  // which the buffers between the two hold
    std::string all;
    for (int i = 0; i < kMany; ++i) all += get("/" + std::to_string(i));
    busy.send(all);
    const int before = served.service.answered;
    other.send(get("/other"));
    EXPECT_EQ(content_of(other.receive_answer()), "GET /other ");
    EXPECT_LT(served.service.answered - before, kMany) << "it has not waited for all of them";
    for (int i = 0; i < kMany; ++i) ASSERT_EQ(content_of(busy.receive_answer()), "GET /" + std::to_string(i) + " ");
}

// --- Refusals

TEST(Connection, WhatIsNoRequestIsRefusedAndEndsIt) {
    Served served;
    for (const char* request :
         {"nonsense\r\n\r\n", "GET /a HTTP/1.1\r\n\r\n", "GET /a HTTP/2.0\r\nHost: a\r\n\r\n",
          "GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
          "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
          "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "G\x01T / HTTP/1.1\r\n"}) {
        Peer peer = served.connect();
        peer.send(get("/before") + request + get("/behind"));
        EXPECT_EQ(content_of(peer.receive_answer()), "GET /before ");
        const std::string answer = peer.receive_all();
        EXPECT_EQ(status_of(answer), 400u) << request << answer;
        EXPECT_TRUE(has(answer, "Connection: close"));
        EXPECT_EQ(answer.find("behind"), std::string::npos) << "what comes behind it is not looked at";
    }
}

TEST(Connection, AHeaderHasABound) {
    Served served;
    Peer peer = served.connect();
    peer.send(get("/a", "X: " + std::string(Parser::kHeaderBytesMax, 'x')));
    EXPECT_EQ(status_of(peer.receive_all()), 431u);
}

TEST(Connection, ABodyHasTheBoundsOfItsRouteAndOfTheServer) {
    ServerOptions options;
    options.request_body_bytes_max = 100;
    Served served{options};
    const auto status_for = [&](const char* path, std::size_t bytes) {
        Peer peer = served.connect();
        peer.send(post(path, std::string(bytes, 'x')));
        return status_of(peer.receive_answer());
    };
    EXPECT_EQ(status_for("/small", 10), 200u);
    EXPECT_EQ(status_for("/small", 11), 413u);
    EXPECT_EQ(status_for("/a", 100), 200u);
    EXPECT_EQ(status_for("/a", 101), 413u);
    Peer chunked = served.connect();
    chunked.send("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n12345678901\r\n0\r\n\r\n");
    EXPECT_EQ(status_of(chunked.receive_all()), 413u);
    EXPECT_TRUE(served.run_until([&] { return served.limits->memory.bytes() == 0; }));
}

TEST(Connection, BodiesHaveABoundTogether) {
    Served served;
    base::MemoryBudget::Holding others{served.limits->memory};
    const auto alone = [] { return std::vector<base::MemoryBudget::Group>{{"others", 4}}; };
    EXPECT_EQ(others.set(served.limits->memory.large_bytes_max(), alone), base::MemoryBudget::Outcome::granted);
    Peer peer = served.connect(), other = served.connect();
    peer.send(post("/a", std::string(100'000, 'x')));
    const std::string answer = peer.receive_all();
    EXPECT_EQ(status_of(answer), 503u);
    EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
    other.send(post("/a", "12345"));
    EXPECT_EQ(status_of(other.receive_answer()), 200u);
    EXPECT_EQ(served.limits->memory.bytes(), others.bytes()) << "what was counted is given back";
}

TEST(Connection, UnfinishedBodiesOfOneAddressAreNotInTheWayOfOthers) {
    ServerOptions options;
    options.memory_bytes_max = 16 << 20;
    options.request_body_bytes_max = 1 << 20;
    Served served{options};
    const std::string unfinished =
        "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n" + std::string(1'000'000, 'x');
    std::deque<Peer> greedy;
    std::size_t refused = 0;
    for (int i = 0; i < 20; ++i) {
        greedy.push_back(served.connect("203.0.113.1"));
        greedy.back().send(unfinished);
        if (status_of(greedy.back().received_so_far()) == 429) ++refused;
    }
    EXPECT_GE(refused, 16u) << "a quarter is room for four";
    Peer same = served.connect("203.0.113.1"), other = served.connect("203.0.113.2");
    same.send(post("/login", "a brief text"));
    EXPECT_EQ(status_of(same.receive_answer()), 200u) << "it may still log in";
    other.send(post("/a", std::string(1'000'000, 'x')));
    EXPECT_EQ(status_of(other.receive_answer()), 200u);
}

// --- What waits for slow readers

/// A service whose answers are its own, each of so many bytes.
void answer_with(Served& served, std::size_t bytes) {
    served.service.respond = [bytes](const Request&, Response& response) { response.body = std::string(bytes, 'x'); };
}

TEST(Connection, AnswersThatNobodyReadsAreBoundedForEachAddress) {
    ServerOptions options;
    options.memory_bytes_max = 32 << 20;
    Served served{options};
    answer_with(served, 2 << 20);
    std::deque<Peer> slow;
    std::size_t refused = 0;
    for (int i = 0; i < 30; ++i) {
        slow.push_back(served.connect("203.0.113.1"));
        slow.back().send(get("/a"));
        served.settle();
        EXPECT_LE(served.limits->memory.bytes(), (8u << 20) + (1u << 20));
        if (status_of(slow.back().received_so_far()) == 429) ++refused;
    }
    EXPECT_GE(refused, 26u);
    Peer other = served.connect("203.0.113.2");
    other.send(get("/a"));
    EXPECT_EQ(content_of(other.receive_answer()).size(), 2u << 20);
    EXPECT_EQ(content_of(slow.front().receive_answer()).size(), 2u << 20) << "what was begun is ended";
    slow.clear();
    EXPECT_TRUE(served.run_until([&] { return served.limits->memory.bytes() == 0; }));
}

TEST(Connection, AnAnswerThatManyWaitForCountsOnce) {
    ServerOptions options;
    options.memory_bytes_max = 32 << 20;
    options.request_body_bytes_max = 1 << 20;
    Served served{options};
    const auto entry = std::make_shared<const std::string>(std::size_t{6} << 20, 'x');
    served.service.respond = [&entry](const Request&, Response& response) {
        response.body.clear();
        response.owner = entry;
        response.add_piece(*entry);
    };
    std::deque<Peer> viral;
    for (int i = 0; i < 50; ++i) {
        viral.push_back(served.connect("203.0.113.1"));
        viral.back().send(get("/a"));
    }
    served.settle();
    EXPECT_GE(served.limits->memory.bytes(), 6u << 20);
    EXPECT_LE(served.limits->memory.bytes(), 8u << 20);
    for (Peer& reader : viral) EXPECT_EQ(content_of(reader.receive_answer()).size(), 6u << 20);
    EXPECT_EQ(served.limits->memory.bytes(), 0u);
}

TEST(Connection, WhatWasSentTooEarlyIsBounded) {
    Served served;
    std::deque<Peer> eager;
    for (int i = 0; i < 8; ++i) {
        eager.push_back(served.connect("203.0.113.1"));
        eager.back().send(get("/later") + std::string(100'000, 'x'));
    }
    EXPECT_TRUE(served.run_until([&] { return served.service.waiting == 8; }));
    EXPECT_GE(served.limits->memory.bytes(), 8u * 64 * 1024 / 2);
    served.service.released = true;
    EXPECT_TRUE(served.run_until([&] { return served.service.waiting == 0; }));
}

TEST(Connection, ContinuesABodyThatIsWelcome) {
    Served served;
    Peer peer = served.connect();
    const std::string expecting = "Expect: 100-continue\r\nContent-Length: 11\r\n\r\n";
    peer.send("POST /a HTTP/1.1\r\nHost: a\r\n" + expecting);
    EXPECT_EQ(peer.receive(25), "HTTP/1.1 100 Continue\r\n\r\n");
    peer.send("hello");
    served.settle();
    peer.send(" world");
    EXPECT_EQ(content_of(peer.receive_answer()), "POST /a hello world") << "and says so once";
    peer.send("POST /small HTTP/1.1\r\nHost: a\r\n" + expecting);
    EXPECT_EQ(status_of(peer.receive_all()), 413u) << "one that is not is refused before it is sent";
}

TEST(Connection, ReadsTheRestOfWhatItHasRefused) {
    Served served;
    Peer peer = served.connect();
    peer.send("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 4000000\r\n\r\n");
    EXPECT_EQ(status_of(peer.receive_all()), 413u);
    // More than any buffer between the two holds: `send` returns when the server has read it.
    peer.send(std::string(4000000, 'x'));
    EXPECT_EQ(served.limits->connections, 1u) << "it waits for the end of what the client sends";
    peer.hang_up();
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
}

// --- Who is late, slow, or gone

ServerOptions impatient() {
    ServerOptions options;
    options.header_timeout = 50ms;
    options.idle_timeout = 300ms;  // in which a test on a busy machine sends a request
    options.linger_timeout = 50ms;
    options.pace.silence_max = 50ms;
    return options;
}

TEST(Connection, ASlowSenderIsRefused) {
    Served served{impatient()};
    Peer header = served.connect(), body = served.connect();
    header.send("GET /a HTTP/1.1\r\nHo");
    body.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell");
    EXPECT_EQ(status_of(header.receive_all()), 408u);
    EXPECT_EQ(status_of(body.receive_all()), 408u);
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; })) << "and not waited for again";
}

TEST(Connection, AnIdleOneIsEnded) {
    Served served{impatient()};
    Peer fresh = served.connect(), used = served.connect();
    used.send(get("/a"));
    EXPECT_EQ(content_of(used.receive_answer()), "GET /a ");
    EXPECT_EQ(used.receive_all(), "") << "without a word";
    EXPECT_EQ(fresh.receive_all(), "");
}

TEST(Connection, AnAnswerThatTakesAWhileIsNotLate) {
    Served served{impatient()};
    Peer peer = served.connect();
    peer.send(get("/later/a"));
    const auto end = base::steady_now() + 300ms;
    EXPECT_TRUE(served.run_until([&] { return base::steady_now() > end; }));
    served.service.released = true;
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /later/a ");
}

TEST(Connection, WhoTakesNoAnswerIsEnded) {
    Served served{impatient()};
    const std::string large(8 * 1024 * 1024, 'x');
    served.service.respond = [&](const Request&, Response& response) { response.add_piece(large); };
    Peer peer = served.connect();
    peer.send(get("/a"));
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
}

TEST(Connection, WhoGoesInTheMiddleLeavesNothingBehind) {
    Served served;
    const std::string large(8 * 1024 * 1024, 'x');
    served.service.respond = [&](const Request& request, Response& response) {
        if (request.path == "/large") response.add_piece(large);
    };
    const std::vector<std::string> beginnings = {"",
                                                 "GET /a HT",
                                                 "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nhalf of it",
                                                 get("/later/a"),
                                                 get("/large"),
                                                 get("/large") + get("/large") + get("/a"),
                                                 "nonsense\r\n\r\n"};
    for (const std::string& beginning : beginnings) {
        Peer peer = served.connect();
        peer.send(beginning);
        served.settle();
        peer.hang_up();
        served.service.released = true;
        EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; })) << beginning;
        EXPECT_EQ(served.limits->memory.bytes(), 0u) << beginning;
        served.service.released = false;
    }
    EXPECT_TRUE(served.run_until([&] { return served.server->idle(); }));
}

// --- Large answers, and those that are made while they are sent

TEST(Connection, ALargeAnswerIsSentFromWhereItIs) {
    Served served;
    std::string large;
    while (large.size() < 4 * 1024 * 1024) large += std::to_string(large.size()) + std::string(1000, '.');
    int freed = 0;
    served.service.respond = [&](const Request& request, Response& response) {
        if (request.path != "/large") return;
        response.body = "<>";
        response.add_body_piece(0, 1);
        response.add_piece(large);
        response.add_body_piece(1, 1);
        response.owner = std::shared_ptr<int>{&freed, [](int* count) { ++*count; }};
    };
    Peer peer = served.connect();
    peer.send(get("/a") + get("/large") + get("/large") + get("/b"));
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /a ");
    EXPECT_EQ(freed, 0) << "it is not copied";
    EXPECT_EQ(content_of(peer.receive_answer()), "<" + large + ">");
    EXPECT_EQ(content_of(peer.receive_answer()), "<" + large + ">");
    EXPECT_EQ(content_of(peer.receive_answer()), "GET /b ");
    EXPECT_EQ(freed, 2) << "and not kept";
}

/// Gives its pieces, one at a time; `!` stands for a failure.
class Pieces : public ContentSource {
  public:
    explicit Pieces(std::deque<std::string> pieces, bool waits = true) : pieces_{std::move(pieces)}, waits_{waits} {}

    base::Awaitable<std::string> next() override {
        if (waits_) {
            const base::Executor executor = co_await boost::asio::this_coro::executor;
            base::Timer timer{executor};
            co_await base::pause(timer, 0ms);
        }
        if (pieces_.empty()) co_return std::string{};
        std::string piece = std::move(pieces_.front());
        pieces_.pop_front();
        if (piece == "!") throw std::runtime_error{"there is no more of it"};
        co_return piece;
    }
    void cancel() override { cancelled = true; }

    bool cancelled = false;

  private:
    std::deque<std::string> pieces_;
    bool waits_;
};

TEST(Connection, WhatIsMadeWhileItIsSentComesInChunks) {
    for (const bool waits : {true, false}) {
        Served served;
        served.service.respond = [&](const Request& request, Response& response) {
            if (request.path != "/made") return;
            response.source = std::make_shared<Pieces>(std::deque<std::string>{"one", std::string(20, 'x')}, waits);
        };
        Peer peer = served.connect();
        peer.send(get("/made") + get("/a"));
        const std::string head = peer.receive_answer(false);
        EXPECT_TRUE(has(head, "Transfer-Encoding: chunked"));
        EXPECT_EQ(head.find("Content-Length"), std::string::npos);
        const std::string chunks = "3\r\none\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n";
        EXPECT_EQ(peer.receive(chunks.size()), chunks);
        EXPECT_EQ(content_of(peer.receive_answer()), "GET /a ") << "the connection goes on";
        peer.send("GET /made HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n");
        const std::string whole = peer.receive_all();
        EXPECT_TRUE(has(whole, "Connection: close")) << "its end is the length";
        EXPECT_EQ(content_of(whole), "one" + std::string(20, 'x'));
    }
}

TEST(Connection, WhatBreaksOffIsNotTakenForTheWhole) {
    Served served;
    served.service.respond = [&](const Request&, Response& response) {
        response.source = std::make_shared<Pieces>(std::deque<std::string>{"one", "!"});
    };
    Peer peer = served.connect();
    peer.send(get("/made"));
    const std::string answer = peer.receive_all();
    EXPECT_TRUE(answer.ends_with("3\r\none\r\n")) << answer;
}

TEST(Connection, OneThatIsRefusedOverAndOverIsReadAtAPace) {
    constexpr int kFree = RefusalPace::kBurst / RefusalPace::kEach, kRefusals = 3 * kFree;
    for (const bool at_once : {true, false}) {
        Served served;
        served.service.released = true;
        served.service.respond = [](const Request&, Response& response) { response.status = 503; };
        Peer peer = served.connect();
        const base::SteadyTime begin = base::steady_now();
        for (int i = 0; i < kRefusals; ++i) {
            peer.send(get(at_once ? "/a" : "/later/a"));
            ASSERT_EQ(status_of(peer.receive_answer()), 503u) << i;
        }
        // Who waits gets in: what was sent behind a refusal is answered, later.
        peer.send(get("/a") + get("/b"));
        peer.receive_answer();
        EXPECT_TRUE(content_of(peer.receive_answer()).starts_with("GET /b"));
        EXPECT_GE(base::steady_now() - begin, (kRefusals - kFree) * RefusalPace::kEach);
    }
}

TEST(Connection, OneThatRestsMayEndAndBeEnded) {
    Served served;
    served.service.respond = [](const Request&, Response& response) { response.status = 429; };
    for (const bool by_peer : {true, false}) {
        Peer peer = served.connect();
        std::string many;
        for (int i = 0; i < 2000; ++i) many += get("/a");
        peer.send(many);
        for (int i = 0; i < 600; ++i) ASSERT_EQ(status_of(peer.receive_answer()), 429u) << i;
        if (by_peer) {
            peer.hang_up();
        } else {
            served.server->cut();
        }
        EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
    }
}

TEST(Connection, ASourceIsToldThatItsReaderIsGone) {
    Served served;
    const auto source = std::make_shared<Pieces>(std::deque<std::string>(1000, std::string(64 * 1024, 'x')));
    served.service.respond = [&](const Request&, Response& response) { response.source = source; };
    Peer peer = served.connect();
    peer.send(get("/made"));
    peer.receive(100);
    peer.hang_up();
    EXPECT_TRUE(served.run_until([&] { return source->cancelled; }));
    EXPECT_TRUE(served.run_until([&] { return served.server->idle(); }));
}

}  // namespace
}  // namespace snippetd::http
