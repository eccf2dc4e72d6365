#pragma once

#include "base/clock.hpp"

#include <array>
#include <cstddef>
#include <list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>

namespace snippetd::http {

enum class Method { get, head, post, put, patch, delete_, options, other };

std::string_view to_text(Method method);

/// The header fields that the service looks at; all others are passed over.
enum class Field {
    accept,
    accept_encoding,
    authorization,
    content_type,
    cookie,
    edit_token,
    expect,
    forwarded_for,
    host,
    idempotency_key,
    if_match,
    if_modified_since,
    if_none_match,
    if_range,
    if_unmodified_since,
    origin,
    purpose,  ///< `Sec-Purpose`, `Purpose` or `X-Moz`: a browser says why it asks before anybody wants it
    range,
    request_id,
    sec_fetch_dest,
    sec_fetch_mode,
    sec_fetch_site,
    transfer_encoding,
    user_agent,  ///< the last one
};
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::user_agent) + 1;

/// Which of them `name`, in whatever case, is the name of.
std::optional<Field> field_named(std::string_view name);

/// Whether `text` is a host with or without a port (RFC 3986 section 3.2, without user and percent-encoding).
bool is_host(std::string_view text);

/// One request. The views point into the connection's buffer and live until the response has been written.
struct Request {
    Method method = Method::other;
    std::string_view method_text;
    std::string_view target;  ///< as it was sent
    std::string_view path;    ///< of the target, still percent-encoded
    std::string_view query;   ///< without the question mark
    std::string body;
    bool has_body = false;

    boost::asio::ip::address client;  ///< the peer, or what a trusted proxy says
    bool secure = false;              ///< what the public URL says; the service itself speaks plain HTTP
    std::string id;                   ///< `X-Request-Id`: the caller's if it sent a sane one

    /// Empty when absent. Several lines of one field are joined by commas (cookies by semicolons).
    std::string_view field(Field field) const { return fields[static_cast<std::size_t>(field)]; }
    bool has(Field field) const { return fields[static_cast<std::size_t>(field)].data() != nullptr; }

    base::SteadyTime arrived_at{};  ///< when the service was asked for an answer

    std::array<std::string_view, kFieldCount> fields{};
    std::list<std::string> joined;  ///< owns the joined fields

    bool head() const { return method == Method::head; }
    /// Makes it an empty one, of no client.
    void clear();
    /// The header, which is `from`, has been copied to `to`: what points into it follows.
    void move_views(std::string_view from, const char* to);
};

/// The value of the cookie `name`, or an empty view.
std::string_view find_cookie(const Request& request, std::string_view name);

/// The percent-decoded value of the query parameter `name` (`+` is a space), or nothing when it is absent or
/// its encoding is broken or holds bytes that are not UTF-8 or a NUL.
struct Parameter {
    bool present = false;
    bool malformed = false;
    std::string value;
};
Parameter find_parameter(std::string_view query, std::string_view name);

/// What a segment of a path stands for. Nothing when its encoding is broken or what it holds is not UTF-8 or has a NUL.
std::optional<std::string> decode_segment(std::string_view segment);

}  // namespace snippetd::http
