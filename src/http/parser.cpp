#include "http/parser.hpp"

#include <algorithm>
#include <functional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace snippetd::http {

namespace beast = boost::beast;

namespace {

// A body is reserved for at once up to this size; beyond it grows with what really arrives.
constexpr std::uint64_t kReservedBodyMax = 64 * 1024;

Method method_of(beast::http::verb verb) {
    switch (verb) {
        case beast::http::verb::get: return Method::get;
        case beast::http::verb::head: return Method::head;
        case beast::http::verb::post: return Method::post;
        case beast::http::verb::put: return Method::put;
        case beast::http::verb::patch: return Method::patch;
        case beast::http::verb::delete_: return Method::delete_;
        case beast::http::verb::options: return Method::options;
        default: return Method::other;
    }
}

std::optional<Field> field_of(beast::http::field name, std::string_view text) {
    switch (name) {
        case beast::http::field::accept: return Field::accept;
        case beast::http::field::accept_encoding: return Field::accept_encoding;
        case beast::http::field::authorization: return Field::authorization;
        case beast::http::field::content_type: return Field::content_type;
        case beast::http::field::cookie: return Field::cookie;
        case beast::http::field::expect: return Field::expect;
        case beast::http::field::host: return Field::host;
        case beast::http::field::if_match: return Field::if_match;
        case beast::http::field::if_none_match: return Field::if_none_match;
        case beast::http::field::origin: return Field::origin;
        case beast::http::field::transfer_encoding: return Field::transfer_encoding;
        case beast::http::field::user_agent: return Field::user_agent;
        default: break;  // Beast has no name for some of ours
    }
    static constexpr std::pair<std::string_view, Field> kOthers[] = {
        {"X-Forwarded-For", Field::forwarded_for},
        {"X-Request-Id", Field::request_id},
        {"Idempotency-Key", Field::idempotency_key},
        {"X-Edit-Token", Field::edit_token},
        {"Sec-Fetch-Site", Field::sec_fetch_site},
        {"Sec-Fetch-Dest", Field::sec_fetch_dest},
        {"Sec-Fetch-Mode", Field::sec_fetch_mode},
        {"Sec-Purpose", Field::purpose},
        {"Purpose", Field::purpose},
        {"X-Moz", Field::purpose},
    };
    for (const auto& [other, field] : kOthers) {
        if (beast::iequals(text, other)) return field;
    }
    return std::nullopt;
}

/// Whether `text` is a host with or without a port (RFC 3986 section 3.2, without user and percent-encoding).
bool is_host(std::string_view text) {
    const auto is_name_character = [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '-' || c == '_'; };
    const auto is_v6_character = [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; };
    std::size_t end = 0;
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == text.npos || bracket < 3) return false;
        if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(bracket), is_v6_character))
            return false;
        end = bracket + 1;
    } else {
        end = std::min(text.find(':'), text.size());
        const std::string_view name = text.substr(0, end);
        if (name.empty() || name.size() > 255 || !std::all_of(name.begin(), name.end(), is_name_character))
            return false;
    }
    if (end == text.size()) return true;
    const std::string_view port = text.substr(end + 1);
    return text[end] == ':' && !port.empty() && port.size() <= 5 &&
           std::all_of(port.begin(), port.end(), [](unsigned char c) { return std::isdigit(c); });
}

/// Whether repeated lines of the field are one list (RFC 9110 section 5.3).
bool is_list(Field field) {
    return field == Field::accept || field == Field::accept_encoding || field == Field::cookie ||
           field == Field::if_match || field == Field::if_none_match || field == Field::forwarded_for;
}

}  // namespace

Parser::Parser(std::uint64_t body_bytes_max) {
    header_limit(kHeaderBytesMax);
    body_limit(body_bytes_max);
    eager(true);
}

std::size_t Parser::feed(std::string_view bytes) {
    // Beast 1.81 asserts that a last chunk arrives with its final line; every unfinished chunked body has 5 more bytes.
    if (is_header_done() && chunked() && bytes.size() < 5) return 0;
    buffer_ = bytes;
    beast::error_code error;
    const std::size_t used = put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
    if (error && error != beast::http::error::need_more && !failure_) refuse(error);
    return used;
}

void Parser::move_views(std::string_view from, const char* to) {
    const auto move = [&](std::string_view& view) {
        if (view.empty()) return;
        const std::less_equal<const char*> before;
        // Joined fields and the like are elsewhere and stay there.
        const bool inside =
            before(from.data(), view.data()) && before(view.data() + view.size(), from.data() + from.size());
        if (inside) view = {to + (view.data() - from.data()), view.size()};
    };
    move(request.method_text);
    move(request.target);
    move(request.path);
    move(request.query);
    for (std::string_view& field : request.fields) move(field);
}

void Parser::refuse(base::ErrorKind kind, std::string_view detail, error_code& error) {
    failure_ = base::Error{kind, std::string{detail}, {}};
    error = beast::http::error::bad_value;
}

void Parser::refuse(const error_code& error) {
    if (error == beast::http::error::header_limit) {
        failure_ = base::Error{base::ErrorKind::header_fields_too_large, "The header may have 16 KiB.", {}};
    } else if (error == beast::http::error::body_limit) {
        failure_ =
            base::Error{base::ErrorKind::payload_too_large, "The request body is larger than a snippet may be.", {}};
    } else {
        failure_ = base::Error{base::ErrorKind::bad_request, "This is not HTTP/1.1: " + error.message() + ".", {}};
    }
}

void Parser::on_request_impl(beast::http::verb method, string_view method_text, string_view target, int version,
                             error_code& error) {
    request.method = method_of(method);
    request.method_text = {method_text.data(), method_text.size()};
    request.target = {target.data(), target.size()};
    version_ = version;
    if (version != 10 && version != 11) {
        refuse(base::ErrorKind::bad_request, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", error);
        return;
    }
    if (!split_target()) refuse(base::ErrorKind::bad_request, "The request target is not a URL.", error);
}

bool Parser::split_target() {
    std::string_view rest = request.target;
    // The absolute form, as sent to proxies (RFC 9112 section 3.2.2): what is before the path names this server.
    const bool absolute = beast::iequals(rest.substr(0, 7), "http://") || beast::iequals(rest.substr(0, 8), "https://");
    if (absolute) {
        const std::size_t authority = rest.find("://") + 3;
        const std::size_t path = std::min(rest.find_first_of("/?#", authority), rest.size());
        if (!is_host(rest.substr(authority, path - authority))) return false;
        rest = rest.substr(path);
    }
    rest = rest.substr(0, rest.find('#'));
    const std::size_t mark = rest.find('?');
    const bool asterisk = rest == "*" && request.method == Method::options;  // the server as a whole
    if (!absolute && !rest.starts_with('/') && !asterisk) return false;
    request.path = rest.substr(0, mark);
    if (request.path.empty()) request.path = "/";
    request.query = mark == rest.npos ? std::string_view{} : rest.substr(mark + 1);
    return true;
}

void Parser::on_field_impl(beast::http::field name, string_view name_text, string_view value, error_code& error) {
    if (is_header_done()) return;  // trailers of a chunked body say nothing that is used here
    const bool outside =
        !value.empty() && (value.data() < buffer_.data() || value.data() >= buffer_.data() + buffer_.size());
    // Beast copies a folded value, but for one whose first line is empty.
    const char* const after_name = name_text.data() + name_text.size();
    const bool folded = outside || (!value.empty() && std::find(after_name, value.data(), '\n') != value.data());
    if (folded) {
        refuse(base::ErrorKind::bad_request, "Folded header lines are obsolete.", error);
        return;
    }
    if (name == beast::http::field::host) ++hosts_;
    if (name == beast::http::field::transfer_encoding) ++transfer_encodings_;
    const auto field = field_of(name, {name_text.data(), name_text.size()});
    if (field) keep(*field, {value.data() ? value.data() : "", value.size()});
}

void Parser::keep(Field field, std::string_view value) {
    std::string_view& kept = request.fields[static_cast<std::size_t>(field)];
    if (kept.data() == nullptr) {
        kept = value;
    } else if (is_list(field)) {
        request.joined.push_back(std::string{kept} + (field == Field::cookie ? "; " : ", ") + std::string{value});
        kept = request.joined.back();
    }
}

void Parser::on_header_impl(error_code& error) {
    if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) {
        refuse(base::ErrorKind::bad_request, "Exactly one Host header is needed.", error);
        return;
    }
    const std::string_view host = request.field(Field::host);
    if (hosts_ == 1 && !is_host(host)) {
        refuse(base::ErrorKind::bad_request, "The Host header is not a host.", error);
        return;
    }
    const bool plainly_chunked = transfer_encodings_ == 1 &&
                                 beast::iequals(request.field(Field::transfer_encoding), "chunked") && version_ == 11;
    if (transfer_encodings_ > 0 && !plainly_chunked) {
        refuse(base::ErrorKind::bad_request, "The only transfer coding known here is chunked.", error);
        return;
    }
    if (const std::string_view expect = request.field(Field::expect); !expect.empty()) {
        if (!beast::iequals(expect, "100-continue")) {
            refuse(base::ErrorKind::expectation_failed, "The only expectation known here is 100-continue.", error);
            return;
        }
        expects_continue_ = version_ == 11;
    }
}

void Parser::on_body_init_impl(const boost::optional<std::uint64_t>& content_length, error_code&) {
    request.has_body = true;
    if (content_length) request.body.reserve(static_cast<std::size_t>(std::min(*content_length, kReservedBodyMax)));
}

std::size_t Parser::on_body_impl(string_view body, error_code&) {
    request.body.append(body.data(), body.size());
    return body.size();
}

std::size_t Parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) {
    return on_body_impl(body, error);
}

}  // namespace snippetd::http
