#pragma once

#include "retries.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace snippetd::cli {

struct Request {
    std::string method;
    std::string url;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string body;
    bool has_body = false;
    bool loopback = false;  ///< the URL leads to this machine
    /// How much of the body has been sent, of how much; called now and then.
    std::function<void(std::uint64_t, std::uint64_t)> progress;
};

struct Response {
    int status = 0;
    std::vector<std::pair<std::string, std::string>> fields;  ///< names in lower case
    std::string body;

    /// The first field of that name, which is in lower case; empty when there is none.
    std::string_view field(std::string_view name) const;
};

/// Why there is no answer.
struct NoAnswer {
    enum class Kind { resolve, connect, proxy, tls, timeout, cut, too_large, other };
    Kind kind;
    std::string detail;
};

/// Sends requests one after the other, on one kept connection where it can. Follows no redirect. Proxies come from the
/// environment, as curl's do, but not for this machine.
class Http {
  public:
    Http();
    ~Http();
    Http(const Http&) = delete;
    Http& operator=(const Http&) = delete;

    /// One attempt, which may take as long as bytes flow, but not `timeout` without any. Throws Interrupted.
    std::variant<Response, NoAnswer> send(const Request& request, Milliseconds timeout);

  private:
    struct Handle;
    std::unique_ptr<Handle> handle_;
};

/// `text` with everything but letters, digits and -._~ percent-encoded.
std::string percent_encoded(std::string_view text);

}  // namespace snippetd::cli
