#pragma once

#include "base/error.hpp"
#include "http/parser.hpp"
#include "http/server_options.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

/// For http/ only.
namespace snippetd::http {

/// The receiving side of one connection: the request under way, from bytes as they come to one that is whole. It knows
/// no socket.
///
/// The header is parsed only when all of it is there, straight from the buffer that it has come into. The views of the
/// request point there, so whoever waits calls `keep` before others use that buffer.
class RequestReader {
  public:
    enum class Progress {
        wanting,  ///< more has to come
        whole,
        refused,  ///< `refusal` says why; the connection has to end
    };

    /// `peer` has sent what it reads. All else outlives it.
    RequestReader(const ServerOptions& options, const Service& service, ServerLimits& limits,
                  boost::asio::ip::address peer);
    RequestReader(const RequestReader&) = delete;
    RequestReader& operator=(const RequestReader&) = delete;

    /// Takes what it needs off `input`. What is left has to be given again, before what comes next.
    Progress take(std::string_view& input);
    const base::Error& refusal() const { return *refusal_; }

    /// Copies the header to where it stays, with all that points into it.
    void keep();
    /// The request has been answered, or given up: another one may begin.
    void finish();

    /// Its `client` is the peer until the header is there, which may name another one.
    Request& request() { return request_; }
    bool is_header_done() const { return plain_ || (parser_ && parser_->header_done()); }
    bool is_done() const { return plain_ || (parser_ && parser_->done()); }
    bool is_http_1_0() const { return parser_ && parser_->http_1_0(); }
    /// Whether the connection may go on after this request.
    bool is_kept_alive() const { return plain_ || (parser_ && parser_->header_done() && parser_->keep_alive()); }
    /// True once, when the client waits for `100 Continue` before it sends the body.
    bool take_continue();

  private:
    Progress refuse(base::ErrorKind kind, std::string_view detail);
    Progress feed(std::string_view& input);
    void identify_client();
    bool count_body();

    const ServerOptions& options_;
    const Service& service_;
    const boost::asio::ip::address peer_;
    Request request_;
    bool plain_ = false;            ///< `request_` has been read by `read_plain_get`
    std::optional<Parser> parser_;  ///< of any other request whose header is there
    std::optional<base::Error> refusal_;
    std::string_view sent_header_;  ///< where the header lies
    std::string header_;            ///< or a copy of it, once it is kept
    base::MemoryBudget::Holding body_;
    int empty_lines_ = 0;  ///< passed over before the request
    bool continued_ = false;
};

}  // namespace snippetd::http
