#include "http/server.hpp"

#include "support/served.hpp"

#include <deque>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

namespace snippetd::http {
namespace {

using namespace std::chrono_literals;
using test::Peer;
using test::Served;

const std::string kGet = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string kLater = "GET /later HTTP/1.1\r\nHost: a\r\n\r\n";

/// A listening server, and connections over TCP.
struct Listening : Served {
    explicit Listening(ServerOptions options = {}) : Served{std::move(options)} {
        std::vector<Acceptor> acceptors = listen_everywhere({&context}, "127.0.0.1", port);
        server->accept_from(std::move(acceptors.front()));
    }
    Peer dial() {
        const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(port);
        EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
        ::fcntl(client, F_SETFL, O_NONBLOCK);
        return Peer{*this, client};
    }

    std::uint16_t port = 0;
};

TEST(Server, AcceptsAndKnowsWhoThePeerIs) {
    Listening served;
    std::string client;
    served.service.respond = [&](const Request& request, Response&) { client = request.client.to_string(); };
    Peer one = served.dial(), other = served.dial();
    one.send(kGet);
    other.send(kGet);
    EXPECT_TRUE(one.receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(other.receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(client, "127.0.0.1");
    EXPECT_EQ(served.limits->connections, 2u);
    one.hang_up();
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 1; }));
}

TEST(Server, TurnsAwayWhoIsTooMuch) {
    ServerOptions options;
    options.connections_max = 1;
    Listening served{options};
    Peer first = served.dial();
    first.send(kGet);
    EXPECT_TRUE(first.receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
    Peer second = served.dial();
    second.send(kGet);
    const std::string answer = second.receive_all();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << answer;
    EXPECT_NE(answer.find("\r\nRetry-After: "), std::string::npos);
    EXPECT_EQ(served.limits->turned_away.value(), 1u);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    first.hang_up();
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
    EXPECT_EQ(served.limits->connections_of_one_address, 0u);
    Peer third = served.dial();
    third.send(kGet);
    EXPECT_TRUE(third.receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
}

/// As many connections as there may be, each of which has had an answer.
std::deque<Peer> fill_up(Served& served, std::size_t count, const char* address) {
    std::deque<Peer> all;
    for (std::size_t i = 0; i < count; ++i) {
        all.push_back(served.connect(address));
        all.back().send(kGet);
        all.back().receive_answer();
    }
    return all;
}

ServerOptions at_most(std::size_t connections) {
    ServerOptions options;
    options.connections_max = connections;
    return options;
}

TEST(Server, MakesRoomForOthersWhenOneAddressHasAllConnections) {
    Served served{at_most(8)};
    std::deque<Peer> greedy = fill_up(served, 8, "203.0.113.1");
    EXPECT_EQ(served.limits->connections_of_one_address, 8u);
    Peer same = served.connect("203.0.113.1");
    EXPECT_TRUE(same.receive_all().starts_with("HTTP/1.1 503")) << "it has them all already";
    std::deque<Peer> others = fill_up(served, 4, "203.0.113.2");
    for (Peer& peer : others) {
        peer.send(kGet);
        EXPECT_TRUE(peer.receive_answer().starts_with("HTTP/1.1 200"));
    }
    EXPECT_EQ(served.limits->displaced.value(), 4u);
    Peer fifth = served.connect("203.0.113.2");
    EXPECT_TRUE(fifth.receive_all().starts_with("HTTP/1.1 503")) << "both have as many";
    Peer third = served.connect("203.0.113.3");
    third.send(kGet);
    EXPECT_TRUE(third.receive_answer().starts_with("HTTP/1.1 200"));
}

TEST(Server, MakesRoomByEndingOneThatSaysNothing) {
    Served served{at_most(4)};
    std::deque<Peer> silent;
    for (const char* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"})
        silent.push_back(served.connect(address));
    Peer early = served.connect("203.0.113.5");
    EXPECT_TRUE(early.receive_all().starts_with("HTTP/1.1 503")) << "they have not had the time";
    std::this_thread::sleep_for(1100ms);
    for (const char* address : {"203.0.113.5", "203.0.113.6", "203.0.113.7", "203.0.113.8"}) {
        Peer late = served.connect(address);
        late.send(kGet);
        EXPECT_TRUE(late.receive_answer().starts_with("HTTP/1.1 200")) << address;
    }
    EXPECT_GE(served.limits->displaced.value(), 1u);
}

TEST(Server, EndsNothingThatIsUnderWayUnlessItsAddressHasMoreThanAQuarter) {
    Served served{at_most(4)};
    std::deque<Peer> busy;
    for (const char* address : {"203.0.113.1", "203.0.113.1", "203.0.113.2", "203.0.113.2"}) {
        busy.push_back(served.connect(address));
        busy.back().send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nsome");
        served.settle();
    }
    Peer newcomer = served.connect("203.0.113.3");
    newcomer.send(kGet);
    EXPECT_TRUE(newcomer.receive_answer().starts_with("HTTP/1.1 200")) << "two of four are more than a quarter";
    newcomer.hang_up();
    served.settle();

    busy.clear();
    served.settle();
    for (const char* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"}) {
        busy.push_back(served.connect(address));
        busy.back().send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nsome");
        served.settle();
    }
    Peer fifth = served.connect("203.0.113.5");
    EXPECT_TRUE(fifth.receive_all().starts_with("HTTP/1.1 503"));
    for (Peer& peer : busy) {
        peer.send(" text");
        EXPECT_TRUE(peer.receive_answer().starts_with("HTTP/1.1 200"));
    }
}

TEST(Server, AProxyThatIsTrustedStandsForMany) {
    ServerOptions options = at_most(4);
    options.trusted_proxies = {*base::Cidr::parse("203.0.113.1")};
    Served served{options};
    std::deque<Peer> proxied = fill_up(served, 4, "203.0.113.1");
    Peer other = served.connect("203.0.113.2");
    EXPECT_TRUE(other.receive_all().starts_with("HTTP/1.1 503"));
    EXPECT_EQ(served.limits->displaced.value(), 0u);
    proxied.pop_back();
    proxied.pop_back();
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 2; }));
    std::deque<Peer> greedy = fill_up(served, 2, "203.0.113.2");
    Peer one_more = served.connect("203.0.113.1");
    one_more.send(kGet);
    EXPECT_TRUE(one_more.receive_answer().starts_with("HTTP/1.1 200")) << "though it has as many as the other one";
    EXPECT_EQ(served.limits->displaced.value(), 1u);
}

TEST(Server, DrainsAfterTheRequestsInFlight) {
    Listening served;
    Peer idle = served.dial(), busy = served.dial(), unread = served.dial();
    busy.send(kLater + kGet);
    EXPECT_TRUE(served.run_until([&] { return served.service.waiting == 1; }));
    EXPECT_EQ(served.limits->connections, 3u);
    unread.send(kGet);
    Peer unseen = served.dial();
    served.server->drain();
    EXPECT_EQ(idle.receive_all(), "");
    EXPECT_FALSE(served.server->idle());
    EXPECT_NE(unread.receive_all().find("\r\nConnection: close\r\n"), std::string::npos) << "what had come is answered";
    EXPECT_EQ(unseen.receive_all(), "") << "accepted, and idle";
    served.service.released = true;
    const std::string answer = busy.receive_all();
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "what was sent behind it is not answered";
    EXPECT_TRUE(served.run_until([&] { return served.server->idle(); }));
}

TEST(Server, CutsWhatDoesNotEnd) {
    Listening served;
    Peer busy = served.dial();
    busy.send(kLater);
    EXPECT_TRUE(served.run_until([&] { return served.service.waiting == 1; }));
    served.server->drain();
    served.server->cut();
    EXPECT_EQ(busy.receive_all(), "");
    EXPECT_FALSE(served.server->idle()) << "something still works on the answer";
    served.service.released = true;
    EXPECT_TRUE(served.run_until([&] { return served.server->idle(); }));
}

TEST(Server, GivesEachRequestAnIdOfItsOwn) {
    Served served;
    std::vector<std::string> ids;
    served.service.respond = [&](const Request& request, Response&) { ids.push_back(request.id); };
    Peer peer = served.connect();
    for (int i = 0; i < 100; ++i) {
        peer.send(kGet);
        peer.receive_answer();
    }
    std::sort(ids.begin(), ids.end());
    EXPECT_EQ(std::unique(ids.begin(), ids.end()) - ids.begin(), 100);
}

TEST(Listen, EachWorkerHasASocketOfTheSamePort) {
    boost::asio::io_context one, other;
    std::uint16_t port = 0;
    const std::vector<Acceptor> acceptors = listen_everywhere({&one, &other}, "127.0.0.1", port);
    ASSERT_EQ(acceptors.size(), 2u);
    EXPECT_NE(port, 0);
    for (const Acceptor& acceptor : acceptors) EXPECT_EQ(acceptor.local_endpoint().port(), port);
}

TEST(Listen, APortThatIsTakenIsNotShared) {
    boost::asio::io_context context;
    std::uint16_t port = 0;
    const std::vector<Acceptor> acceptors = listen_everywhere({&context}, "127.0.0.1", port);
    EXPECT_THROW(listen_everywhere({&context}, "127.0.0.1", port), std::runtime_error);
    std::uint16_t any = 0;
    EXPECT_THROW(listen_everywhere({&context}, "256.0.0.1", any), std::runtime_error);
}

}  // namespace
}  // namespace snippetd::http
