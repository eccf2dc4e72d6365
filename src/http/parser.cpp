#include "http/parser.hpp"

#include "base/ascii.hpp"
#include "http/lists.hpp"

#include <algorithm>
#include <functional>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

namespace snippetd::http {

namespace beast = boost::beast;

namespace {

// A body is reserved for at once up to this size, and up to the second one when so much of it has come: growing by
// doubling would leave as much behind as it takes. Beyond it grows with what really arrives.
constexpr std::uint64_t kReservedBodyMax = 64 * 1024;
constexpr std::uint64_t kReservedBegunBodyMax = 2 * 1024 * 1024;

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

std::size_t count_leading(std::string_view text, bool (*accepts)(unsigned char)) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), accepts) - text.begin());
}

/// chunk-ext (RFC 9112 section 7.1.1): *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). Beast looks for
/// the end of a quoted string beyond the end of the line, and takes everything in it.
bool is_chunk_extension(std::string_view text) {
    const auto skip_blanks = [&text] {
        text.remove_prefix(count_leading(text, [](unsigned char c) { return c == ' ' || c == '\t'; }));
    };
    const auto skip_token = [&text] {
        const std::size_t length = count_leading(text, is_token_character);
        text.remove_prefix(length);
        return length > 0;
    };
    const auto skip_quoted = [&text] {
        for (std::size_t i = 1; i < text.size(); ++i) {
            if (text[i] == '"') {
                text.remove_prefix(i + 1);
                return true;
            }
            if (text[i] == '\\' && ++i == text.size()) return false;
            if (!is_text_character(static_cast<unsigned char>(text[i]))) return false;
        }
        return false;
    };
    while (!text.empty()) {
        skip_blanks();
        if (!text.starts_with(';')) return false;
        text.remove_prefix(1);
        skip_blanks();
        if (!skip_token()) return false;
        const std::string_view after_name = text;
        skip_blanks();
        if (!text.starts_with('=')) {
            text = after_name;
            continue;
        }
        text.remove_prefix(1);
        skip_blanks();
        if (text.starts_with('"') ? !skip_quoted() : !skip_token()) return false;
    }
    return true;
}

/// Whether a line of the trailers, without its end, is a field.
bool is_field_line(std::string_view line) {
    const std::size_t name = count_leading(line, is_token_character);
    return name > 0 && line.substr(name).starts_with(':') &&
           count_leading(line.substr(name), is_text_character) == line.size() - name;
}

/// Whether what has come of a line without its end may become one.
bool may_be_text(std::string_view beginning) {
    const std::size_t text = count_leading(beginning, is_text_character);
    return text == beginning.size() || (text + 1 == beginning.size() && beginning[text] == '\r');
}

/// Whether repeated lines of the field are one list (RFC 9110 section 5.3). Two dates are a list too, and so none.
bool is_list(Field field) {
    return field == Field::accept || field == Field::accept_encoding || field == Field::cookie ||
           field == Field::if_match || field == Field::if_modified_since || field == Field::if_none_match ||
           field == Field::if_unmodified_since || field == Field::forwarded_for;
}

}  // namespace

Parser::Parser(Request& request, std::uint64_t body_bytes_max, const Service* service)
    : request_{request}, body_bytes_max_{body_bytes_max}, service_{service} {
    header_limit(kHeaderBytesMax);
    body_limit(body_bytes_max);
    eager(true);
}

std::size_t Parser::feed(std::string_view bytes) {
    std::size_t used = 0;
    // Beast 1.81 asserts that a last chunk arrives with its final line; every unfinished chunked body has 5 more bytes.
    if (!is_header_done() || !chunked() || bytes.size() >= 5) {
        buffer_ = bytes;
        beast::error_code error;
        used = put(boost::asio::const_buffer{bytes.data(), bytes.size()}, error);
        if (error && error != beast::http::error::need_more && !failure_) refuse(error);
    }
    const bool is_between_chunks = is_header_done() && chunked() && !is_done() && chunk_data_left_ == 0;
    if (!failure_ && is_between_chunks && is_malformed(bytes.substr(used))) {
        refuse(beast::http::error::bad_chunk);
    }
    return used;
}

/// What Beast has not used of a chunked body is the beginning of a chunk, or all of the trailers so far. It waits for
/// their end before it looks at them.
bool Parser::is_malformed(std::string_view unfinished_chunk) const {
    std::string_view rest = unfinished_chunk;
    if (in_chunks_) {
        if (!std::string_view{"\r\n"}.starts_with(rest.substr(0, 2))) return true;
        rest.remove_prefix(std::min<std::size_t>(rest.size(), 2));
    }
    bool is_size = true, is_last = false;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        if (end == rest.npos && !may_be_text(line)) return true;
        if (end != rest.npos && !line.ends_with('\r')) return true;
        if (is_size) {
            const std::size_t digits = count_leading(line, [](unsigned char c) { return std::isxdigit(c) != 0; });
            if (digits == 0) return true;
            is_last = line.substr(0, digits).find_first_not_of('0') == line.npos;
            const std::string_view extension = line.substr(digits);
            if (!extension.empty() && std::string_view{"; \t\r"}.find(extension.front()) == line.npos) return true;
            if (end != rest.npos && !is_chunk_extension(extension.substr(0, extension.size() - 1))) return true;
        } else if (line.starts_with(' ') || line.starts_with('\t')) {
            return true;
        } else if (end != rest.npos && line != "\r" && !is_field_line(line.substr(0, line.size() - 1))) {
            return true;
        }
        if (end == rest.npos || (is_size && !is_last)) return false;  // what comes after a size is data
        is_size = false;
        rest.remove_prefix(end + 1);
    }
    return false;
}

std::optional<base::Error> Parser::find_early_fault(std::string_view beginning) {
    if (beginning.size() >= kHeaderBytesMax) {
        return base::Error{base::ErrorKind::header_fields_too_large, "The header may have 16 KiB.", {}};
    }
    Request request;
    Parser trial{request, 0};
    trial.feed(beginning);
    // Beast looks at a version when eight bytes of it are there, which in a short line they never are.
    const bool line_is_short = request.method_text.empty() && beginning.find('\n') != beginning.npos;
    if (!trial.failure_ && line_is_short) trial.refuse(beast::http::error::bad_version);
    return trial.failure_;
}

void Parser::refuse(base::ErrorKind kind, std::string_view detail, error_code& error) {
    failure_ = base::Error{kind, std::string{detail}, {}};
    error = beast::http::error::bad_value;
}

void Parser::refuse(const error_code& error) {
    if (error == beast::http::error::header_limit) {
        failure_ = base::Error{base::ErrorKind::header_fields_too_large, "The header may have 16 KiB.", {}};
    } else if (error == beast::http::error::body_limit) {
        failure_ = base::Error{base::ErrorKind::payload_too_large, "What was sent is longer than it may be here.", {}};
    } else {
        failure_ = base::Error{base::ErrorKind::bad_request, "This is not HTTP/1.1: " + error.message() + ".", {}};
    }
}

void Parser::on_request_impl(beast::http::verb method, string_view method_text, string_view target, int version,
                             error_code& error) {
    request_.method = method_of(method);
    request_.method_text = {method_text.data(), method_text.size()};
    request_.target = {target.data(), target.size()};
    version_ = version;
    if (version != 10 && version != 11) {
        refuse(base::ErrorKind::bad_request, "Only HTTP/1.1 and HTTP/1.0 are spoken here.", error);
        return;
    }
    if (!split_target()) refuse(base::ErrorKind::bad_request, "The request target is not a URL.", error);
}

bool Parser::split_target() {
    std::string_view rest = request_.target;
    // The absolute form, as sent to proxies (RFC 9112 section 3.2.2): what is before the path names this server.
    const bool absolute = base::starts_without_case(rest, "http://") || base::starts_without_case(rest, "https://");
    if (absolute) {
        const std::size_t authority = rest.find("://") + 3;
        const std::size_t path = std::min(rest.find_first_of("/?#", authority), rest.size());
        authority_ = rest.substr(authority, path - authority);
        if (!is_host(authority_)) return false;
        rest = rest.substr(path);
    }
    rest = rest.substr(0, rest.find('#'));
    const std::size_t mark = rest.find('?');
    const bool asterisk = rest == "*" && request_.method == Method::options;  // the server as a whole
    if (!absolute && !rest.starts_with('/') && !asterisk) return false;
    request_.path = rest.substr(0, mark);
    if (request_.path.empty()) request_.path = "/";
    request_.query = mark == rest.npos ? std::string_view{} : rest.substr(mark + 1);
    return true;
}

void Parser::on_field_impl(beast::http::field name, string_view name_text, string_view value, error_code& error) {
    const bool outside =
        !value.empty() && (value.data() < buffer_.data() || value.data() >= buffer_.data() + buffer_.size());
    // Beast copies a folded value, but for one whose first line is empty.
    const char* const after_name = name_text.data() + name_text.size();
    const bool folded = outside || (!value.empty() && std::find(after_name, value.data(), '\n') != value.data());
    if (folded) {
        refuse(base::ErrorKind::bad_request, "Folded header lines are obsolete.", error);
        return;
    }
    if (is_header_done()) return;  // trailers of a chunked body say nothing that is used here
    if (name == beast::http::field::host) ++hosts_;
    if (name == beast::http::field::transfer_encoding) ++transfer_encodings_;
    const auto field = field_named({name_text.data(), name_text.size()});
    if (field) keep(*field, {value.data() ? value.data() : "", value.size()});
}

void Parser::keep(Field field, std::string_view value) {
    std::string_view& kept = request_.fields[static_cast<std::size_t>(field)];
    if (kept.data() == nullptr) {
        kept = value;
    } else if (is_list(field)) {
        request_.joined.push_back(std::string{kept} + (field == Field::cookie ? "; " : ", ") + std::string{value});
        kept = request_.joined.back();
    }
}

void Parser::on_header_impl(error_code& error) {
    if (hosts_ > 1 || (hosts_ == 0 && version_ == 11)) {
        refuse(base::ErrorKind::bad_request, "Exactly one Host header is needed.", error);
        return;
    }
    const std::string_view host = request_.field(Field::host);
    if (hosts_ == 1 && !is_host(host)) {
        refuse(base::ErrorKind::bad_request, "The Host header is not a host.", error);
        return;
    }
    // RFC 9112 section 3.2.2: with a target in absolute form, what Host says is ignored.
    std::string_view& served = request_.fields[static_cast<std::size_t>(Field::host)];
    if (!authority_.empty()) served = authority_;
    if (served.ends_with(':')) served.remove_suffix(1);  // an empty port is the usual one
    const bool plainly_chunked = transfer_encodings_ == 1 &&
                                 base::equals_without_case(request_.field(Field::transfer_encoding), "chunked") &&
                                 version_ == 11;
    if (transfer_encodings_ > 0 && !plainly_chunked) {
        refuse(base::ErrorKind::bad_request, "The only transfer coding known here is chunked.", error);
        return;
    }
    if (const std::string_view expect = request_.field(Field::expect); !expect.empty()) {
        if (!base::equals_without_case(expect, "100-continue")) {
            refuse(base::ErrorKind::expectation_failed, "The only expectation known here is 100-continue.", error);
            return;
        }
        expects_continue_ = version_ == 11;
    }
    if (service_) limit_body(error);
}

void Parser::limit_body(error_code& error) {
    const std::uint64_t length = content_length().value_or(0);
    if (!chunked() && length == 0) return;
    const std::uint64_t allowed = std::min(body_bytes_max_, service_->body_bytes_max(request_));
    if (length > allowed) {
        refuse(error_code{beast::http::error::body_limit});
        error = beast::http::error::body_limit;
    }
    body_limit(allowed);
}

void Parser::on_body_init_impl(const boost::optional<std::uint64_t>& content_length, error_code&) {
    request_.has_body = true;
    content_length_ = content_length.value_or(0);
    request_.body.reserve(static_cast<std::size_t>(std::min(content_length_, kReservedBodyMax)));
}

void Parser::on_chunk_header_impl(std::uint64_t size, string_view extension, error_code& error) {
    if (!is_chunk_extension({extension.data(), extension.size()})) error = beast::http::error::bad_chunk_extension;
    if (size > 0) in_chunks_ = true;
    chunk_data_left_ = size;
}

std::size_t Parser::on_body_impl(string_view body, error_code&) {
    if (request_.body.size() + body.size() > request_.body.capacity()) {
        request_.body.reserve(static_cast<std::size_t>(std::min(content_length_, kReservedBegunBodyMax)));
    }
    request_.body.append(body.data(), body.size());
    return body.size();
}

std::size_t Parser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) {
    chunk_data_left_ -= body.size();
    return on_body_impl(body, error);
}

}  // namespace snippetd::http
