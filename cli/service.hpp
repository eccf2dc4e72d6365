#pragma once

#include "failure.hpp"
#include "http.hpp"
#include "link.hpp"
#include "terminal.hpp"

#include <optional>
#include <string>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

namespace snippetd::cli {

/// Which failures are worth another attempt. An answer that asks for it (429) always is.
enum class Repeat {
    always,           ///< doing it twice is the same as doing it once
    only_if_refused,  ///< not when the server may have done it already
};

struct Call {
    std::string method;
    std::string path;  ///< below the server's address
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<std::string> body;  ///< JSON
    Repeat repeat = Repeat::always;
    std::function<void(std::uint64_t, std::uint64_t)> progress;
};

struct Answer {
    Response response;
    /// An earlier attempt got no answer, or one that leaves open what happened: the server may have done it then.
    bool perhaps_done_before = false;

    bool ok() const { return response.status >= 200 && response.status < 300; }
};

/// One server, as one user. The token goes to this server's origin and nowhere else.
class Service {
  public:
    struct Options {
        int retries_max;
        /// Without progress; after it no further attempt is made, whatever has moved.
        Milliseconds timeout;
    };

    Service(Http& http, const Terminal& terminal, Options options, ServerAddress server, std::string token)
        : http_{http}, terminal_{terminal}, options_{options}, server_{std::move(server)}, token_{std::move(token)} {}

    const ServerAddress& server() const { return server_; }
    const std::string& token() const { return token_; }

    /// Sends it until there is an answer that another attempt would not better. Follows redirects of GET alone. Throws
    /// Failure when there is none in time, or a last one that says "later"; Interrupted.
    Answer call(const Call& call);

    /// The same; an answer that is no success is thrown as a Failure that shows what the server said.
    Answer call_or_fail(const Call& call);

    Failure failure_of(const Call& call, const Response& response) const;

    /// The object that a success carries. Throws Failure when it is something else: this is not snippetd then.
    boost::json::object object_of(const Call& call, const Response& response) const;

  private:
    std::variant<Response, NoAnswer> attempt(const Call& call, Milliseconds left);

    Http& http_;
    const Terminal& terminal_;
    Options options_;
    ServerAddress server_;
    std::string token_;
};

/// What others wrote, as one line of JSON that cannot act on a terminal.
std::string json_line(const boost::json::value& value);

/// A string member, or an empty string when there is none. `number_in` likewise.
std::string text_in(const boost::json::object& object, std::string_view name);
std::int64_t number_in(const boost::json::object& object, std::string_view name);

}  // namespace snippetd::cli
