#pragma once

#include "base/error.hpp"
#include "http/request.hpp"
#include "http/service.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/beast/http/basic_parser.hpp>

/// For the .cpp files of http/ only.
namespace snippetd::http {

/// Beast's incremental parser (RFC 9112) in a form that allocates nothing for a request without a body: the
/// fields that the service looks at are kept as views into the caller's buffer, the others are passed over.
///
/// The first `feed` must hold the whole header. It must stay where it is until the request has been answered,
/// or be copied and the copy made known to the request (`move_views`). The body is copied into the request.
class Parser : public boost::beast::http::basic_parser<true> {
  public:
    static constexpr std::uint32_t kHeaderBytesMax = 16 * 1024;

    /// Fills `request`, which is empty and outlives it. `service`, which may be null, says how long the body of each
    /// request may be; `body_bytes_max` is the bound of all.
    explicit Parser(Request& request, std::uint64_t body_bytes_max, const Service* service = nullptr);

    /// Feeds what has arrived; returns how much of it has been used. Sets `failure` when the request is not
    /// acceptable.
    std::size_t feed(std::string_view bytes);

    /// What is wrong already with a header of which only the beginning has come, so that nobody waits for its end in
    /// vain: in the lines that are complete, and as far as it can be told in the last one.
    static std::optional<base::Error> find_early_fault(std::string_view beginning);

    /// A request that cannot be answered but with this error; the connection has to end after it.
    const std::optional<base::Error>& failure() const { return failure_; }
    bool header_done() const { return is_header_done(); }
    bool done() const { return is_done(); }
    /// Whether the client waits for `100 Continue` before it sends the body.
    bool expects_continue() const { return expects_continue_; }
    bool http_1_0() const { return version_ == 10; }

  private:
    using error_code = boost::beast::error_code;
    using string_view = boost::beast::string_view;

    void on_request_impl(boost::beast::http::verb method, string_view method_text, string_view target, int version,
                         error_code& error) override;
    void on_response_impl(int, string_view, int, error_code&) override {}
    void on_field_impl(boost::beast::http::field name, string_view name_text, string_view value,
                       error_code& error) override;
    void on_header_impl(error_code& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& content_length, error_code& error) override;
    std::size_t on_body_impl(string_view body, error_code& error) override;
    void on_chunk_header_impl(std::uint64_t size, string_view extension, error_code& error) override;
    std::size_t on_chunk_body_impl(std::uint64_t remaining, string_view body, error_code& error) override;
    void on_finish_impl(error_code&) override {}

    void keep(Field field, std::string_view value);
    bool split_target();
    bool is_malformed(std::string_view unfinished_chunk) const;
    void refuse(base::ErrorKind kind, std::string_view detail, error_code& error);
    void refuse(const error_code& error);

    void limit_body(error_code& error);

    Request& request_;
    std::uint64_t body_bytes_max_;
    const Service* service_;
    std::string_view buffer_;  ///< what `feed` was given, to tell views into it from views into Beast's own
    std::optional<base::Error> failure_;
    std::string_view authority_;  ///< of a target in absolute form
    int version_ = 11;
    int hosts_ = 0;               ///< lines of Host
    int transfer_encodings_ = 0;  ///< lines of Transfer-Encoding
    bool expects_continue_ = false;
    bool in_chunks_ = false;            ///< a chunk with data has begun, so that a line break comes before the next one
    std::uint64_t content_length_ = 0;  ///< 0 where it is not known
    std::uint64_t chunk_data_left_ = 0;
};

}  // namespace snippetd::http
