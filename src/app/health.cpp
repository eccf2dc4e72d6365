#include "app/health.hpp"

#include <chrono>

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

namespace snippetd::app {

namespace {

constexpr std::chrono::seconds kAnswerWithin{5};

/// Where to find who listens on `host`: not everywhere, but here.
std::string reachable(const std::string& host) {
    if (host == "0.0.0.0") return "127.0.0.1";
    if (host == "::") return "::1";
    return host;
}

}  // namespace

Health ask_for_health(const settings::Settings& settings) {
    const settings::Listen& listen = settings.listen.front();
    const std::string host = reachable(listen.host);
    const bool v6 = host.find(':') != host.npos;
    const std::string place = fmt::format("{}:{}", v6 ? "[" + host + "]" : host, listen.port);
    if (listen.port == 0) return {false, "--listen names no port: nobody can tell where the service is"};
    boost::asio::ip::tcp::iostream stream;
    stream.expires_after(kAnswerWithin);
    stream.connect(host, std::to_string(listen.port));
    stream << "GET /readyz HTTP/1.1\r\nHost: " << place << "\r\nConnection: close\r\n\r\n" << std::flush;
    std::string version;
    unsigned status = 0;
    if (!(stream >> version >> status)) {
        return {false, fmt::format("no answer from {}: {}", place, stream.error().message())};
    }
    return {status == 200, fmt::format("{}: {} ({})", place, status == 200 ? "ready" : "not ready", status)};
}

}  // namespace snippetd::app
