#pragma once

#include "base/client_costs.hpp"
#include "base/metrics.hpp"
#include "base/thread_pool.hpp"
#include "exchange/coded_texts.hpp"
#include "http/client_address.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "pages/page_renderer.hpp"
#include "use_cases/call.hpp"
#include "views/live.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::openapi {
class Documentation;
}

namespace snippetd::exchange {

using base::Awaitable;
using base::Error;
using base::ErrorKind;
using base::Result;
using use_cases::Caller;
using use_cases::error;
using use_cases::invalid_field;
using use_cases::Options;
using use_cases::Text;
using use_cases::Texts;
using use_cases::ViewsMode;

/// What `/readyz` says of Redis.
enum class RedisState {
    ok,        ///< also where none is needed
    degraded,  ///< it answers, but may evict what must not be lost
    down,
};

/// What the faces need besides what the use cases do.
struct FaceServices {
    base::ThreadPool& archive_threads;
    base::Metrics& metrics;
    base::ClientCosts& costs;
    pages::PageRenderer& pages;
    CodedTexts& coded_texts;
    views::LiveCounts& live;
    const std::function<RedisState()>& redis_state;
    openapi::Documentation& documentation;
};

/// What one worker works with. The references outlive it.
struct Services : use_cases::Services, FaceServices {};

/// The base of links: the public URL, else what the request's Host says.
std::string base_url(const Options& options, const http::Request& request);
void append_base_url(std::string& out, const Options& options, const http::Request& request);

/// One request on its way through the stages: a call that has come over HTTP.
struct Exchange : use_cases::Call {
    Exchange(http::Request& request_, Services& worker_, std::vector<std::string> parameters_, base::Deadline deadline_)
        : Call{worker_, deadline_},
          request{request_},
          worker{worker_},
          parameters{std::move(parameters_)},
          address{http::address_key(request_.client)} {}

    http::Request& request;
    Services& worker;
    std::vector<std::string> parameters;  ///< of the path
    std::string address;                  ///< that it comes from, as clients are told apart (http::address_key)
    /// What its answer's bytes are charged to; nothing when they are free.
    std::optional<limiter::Charge> egress{};

    std::string base_url() const { return exchange::base_url(services.options, request); }
};

/// What the limiter has said (draft-ietf-httpapi-ratelimit-headers), for the response, whatever that is.
std::string rate_limit_fields(const std::optional<use_cases::Charged>& charged);

}  // namespace snippetd::exchange
