#pragma once

#include "base/awaitable.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

#include <cstdint>
#include <string_view>

namespace snippetd::http {

/// What answers the requests of one worker's connections, on that worker's thread.
class Service {
  public:
    virtual ~Service() = default;

    struct Answer {
        Response response;
        std::string_view route = "unmatched";  ///< the pattern, for the metrics; lives as long as the process
    };

    /// How long the body of this request may be, by its method and path: asked when its header is there, before any of
    /// its body is read. The server's own bound stands beside it.
    virtual std::uint64_t body_bytes_max(const Request& request) const = 0;
    /// Answers at once when that takes no waiting at all: the hot path, without a coroutine. False: call
    /// `answer`.
    virtual bool answer_now(const Request& request, Answer& answer) = 0;
    /// Does not throw.
    virtual base::Awaitable<Answer> answer(Request& request) = 0;
};

}  // namespace snippetd::http
