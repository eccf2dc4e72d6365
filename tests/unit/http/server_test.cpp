#include "http/server.hpp"

#include "support/served.hpp"

#include <stdexcept>
#include <string>
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
    EXPECT_NE(answer.find("\r\nRetry-After: 1\r\n"), std::string::npos);
    EXPECT_NE(answer.find("\r\nConnection: close\r\n"), std::string::npos);
    first.hang_up();
    EXPECT_TRUE(served.run_until([&] { return served.limits->connections == 0; }));
    Peer third = served.dial();
    third.send(kGet);
    EXPECT_TRUE(third.receive_answer().starts_with("HTTP/1.1 200 OK\r\n"));
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
