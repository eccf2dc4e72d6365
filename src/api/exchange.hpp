#pragma once

#include "api/session_cookie.hpp"
#include "api/texts.hpp"
#include "auth/identities.hpp"
#include "auth/passwords.hpp"
#include "base/awaitable.hpp"
#include "base/error.hpp"
#include "base/metrics.hpp"
#include "base/thread_pool.hpp"
#include "cache/cache.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "limiter/limiter.hpp"
#include "model/account.hpp"
#include "pages/page_renderer.hpp"
#include "store/store.hpp"
#include "views/live.hpp"
#include "views/recorder.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::api {

using base::Awaitable;
using base::Error;
using base::ErrorKind;
using base::Result;

class Documentation;

enum class ViewsMode { async, sync, off };

/// What the settings say to the use cases.
struct Options {
    std::string public_url;  ///< without a trailing slash; empty: as each request says
    std::uint64_t body_bytes_max = 1024 * 1024;
    bool anonymous = true;
    bool signup = true;
    ViewsMode views = ViewsMode::async;
    std::map<std::string, limiter::Policy, std::less<>> policies;  ///< by name; all four are there
};

/// What one worker works with. The references outlive it.
struct Services {
    const Options& options;
    store::Store& store;
    limiter::Limiter& limiter;
    cache::Cache& cache;
    views::Recorder& views;
    auth::Identities& identities;
    base::ThreadPool& archive_threads;
    auth::Passwords& passwords;
    base::Metrics& metrics;
    pages::PageRenderer& pages;
    Texts& texts;
    views::LiveCounts& live;
    const std::function<bool()>& redis_up;      ///< whether Redis answers, or none is configured
    const std::function<bool()>& redis_evicts;  ///< whether it may evict what must not be lost
    Documentation& documentation;
};

/// Who asks.
struct Caller {
    std::optional<model::Account> account;
    std::string_view edit_token;  ///< of an anonymous snippet; empty when none was sent
    SessionCookie session;
    bool by_cookie = false;  ///< the account or the edit token comes from a cookie
    bool rejected = false;   ///< a session or token was sent that opens nothing
};

/// The base of links: the public URL, else what the request's Host says.
std::string base_url(const Options& options, const http::Request& request);
void append_base_url(std::string& out, const Options& options, const http::Request& request);

/// One request on its way through the stages.
struct Exchange {
    http::Request& request;
    Services& services;
    std::vector<std::string> parameters;  ///< of the path
    base::Deadline deadline;
    Caller caller;
    std::string rate_limit_fields;  ///< header fields for the response, whatever it is
    std::uint32_t rate_limit_remaining = UINT32_MAX;
    bool listable = false;  ///< whether search engines may list what a route about a snippet answers (exposure.hpp)
    /// Hash of what was asked, when the JSON that it has become differs from moment to moment; else empty.
    std::string asked{};

    std::string base_url() const { return api::base_url(services.options, request); }
};

inline Error error(ErrorKind kind, std::string detail = {}) {
    return Error{kind, std::move(detail), {}, 0};
}
inline Error invalid_field(std::string name, std::string why) {
    return Error{
        ErrorKind::invalid, "Some members have values that are not allowed.", {{std::move(name), std::move(why)}}, 0};
}

/// The client's name for limits by address: IPv6 by /64, which is what one subscriber has.
std::string address_key(const boost::asio::ip::address& address);

/// Charges `policy_name` for `client` and notes the header fields. Nothing when admitted, else the error to answer.
Awaitable<std::optional<Error>> charge(Exchange& exchange, std::string_view policy_name, std::string client);

}  // namespace snippetd::api
