#include "http/response.hpp"

#include "base/jitter.hpp"
#include "base/json_text.hpp"
#include "base/numbers.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::http {

void Response::add(std::string_view name, std::string_view value) {
    fields += name;
    fields += ": ";
    // A control character in a value could end the field and begin another.
    std::copy_if(value.begin(), value.end(), std::back_inserter(fields),
                 [](unsigned char c) { return (c >= 0x20 || c == '\t') && c != 0x7F; });
    fields += "\r\n";
}

namespace {

/// A line of header fields.
struct Line {
    std::size_t begin = 0;
    std::string_view value;
    std::size_t end = 0;  ///< with its CRLF; 0: there is none
};

Line find_line(std::string_view fields, std::string_view name) {
    for (std::size_t begin = 0; begin < fields.size();) {
        const std::string_view line = fields.substr(begin, std::min(fields.find("\r\n", begin), fields.size()) - begin);
        const std::size_t end = std::min(begin + line.size() + 2, fields.size());
        if (line.size() > name.size() + 2 && line.starts_with(name) && line.substr(name.size(), 2) == ": ")
            return {begin, line.substr(name.size() + 2), end};
        begin = end;
    }
    return {};
}

}  // namespace

std::string_view Response::field(std::string_view name) const {
    const Line own = find_line(fields, name);
    return own.end > 0 ? own.value : find_line(prepared_fields, name).value;
}

void Response::become_not_modified() {
    status = 304;
    body.clear();
    piece_count_ = 0;
    source = nullptr;
    const Line coding = find_line(fields, "Content-Encoding");
    fields.erase(coding.begin, coding.end - coding.begin);
}

std::string_view Response::piece(std::size_t index) const {
    if (piece_count_ == 0) return body;
    SNIPPETD_ASSERT(index < piece_count_, index, piece_count_);
    const Piece& piece = pieces_[index];
    if (piece.data) return {piece.data, piece.size};
    SNIPPETD_ASSERT(piece.offset + piece.size <= body.size(), piece.offset, piece.size, body.size());
    return std::string_view{body}.substr(piece.offset, piece.size);
}

void Response::keep_part(std::size_t first, std::size_t size) {
    SNIPPETD_ASSERT(piece_count_ == 1, piece_count_);
    Piece& piece = pieces_.front();
    SNIPPETD_ASSERT(first + size <= piece.size, first, size, piece.size);
    if (piece.data) {
        piece.data += first;
    } else {
        piece.offset += first;
    }
    piece.size = size;
}

std::size_t Response::content_length() const {
    std::size_t sum = unmade_bytes;
    for (std::size_t i = 0; i < piece_count(); ++i) sum += piece(i).size();
    return sum;
}

std::size_t Response::owned_bytes() const {
    std::size_t sum = 0;
    for (std::size_t i = 0; i < piece_count_; ++i) sum += pieces_[i].data ? pieces_[i].size : 0;
    return sum;
}

Response json_response(unsigned status, std::string body) {
    Response response;
    response.status = status;
    response.body = std::move(body);
    response.fields = "Content-Type: application/json\r\nCache-Control: no-store\r\n";
    return response;
}

namespace {

Response of_error(const base::Error& error, std::string body, std::string_view content_type) {
    Response response;
    response.status = base::describe(error.kind).status;
    response.body = std::move(body);
    response.fields = "Content-Type: ";
    response.fields += content_type;
    response.fields += "\r\nCache-Control: no-store\r\n";
    if (error.retry_after_s > 0) response.add("Retry-After", std::to_string(error.retry_after_s));
    return response;
}

}  // namespace

Response problem_text(const base::Error& error) {
    std::string text{base::describe(error.kind).title};
    if (!error.fields.empty()) {
        for (const auto& [name, why] : error.fields)
            text += fmt::format("{} {} {}", &name == &error.fields.front().first ? ":" : ";", name, why);
    } else if (!error.detail.empty()) {
        text += ": " + error.detail;
    }
    if (error.retry_after_s > 0) text += fmt::format(" (try again in {} s)", error.retry_after_s);
    if (!text.ends_with('.')) text += '.';
    return of_error(error, text + '\n', "text/plain; charset=utf-8");
}

Response problem(const base::Error& error, bool with_message) {
    const base::ErrorDescription description = base::describe(error.kind);
    std::string body = R"({"type":"about:blank","title":")";
    body += description.title;
    body += R"(","status":)";
    base::append_number(body, description.status);
    body += R"(,"error":")";
    body += description.word;
    body += R"(","detail":")";
    const std::string_view detail = error.detail.empty() ? description.title : std::string_view{error.detail};
    base::append_json_escaped(body, detail);
    body += '"';
    if (with_message) {
        body += R"(,"message":")";
        base::append_json_escaped(body, detail);
        body += '"';
    }
    if (!error.fields.empty()) {
        body += R"(,"fields":{)";
        for (const auto& [name, why] : error.fields) {
            if (body.back() != '{') body += ',';
            body += '"';
            base::append_json_escaped(body, name);
            body += R"(":")";
            base::append_json_escaped(body, why);
            body += '"';
        }
        body += '}';
    }
    body += '}';
    return of_error(error, std::move(body), "application/problem+json");
}

std::int64_t moment_s() {
    constexpr std::int64_t kLeast = 1, kMost = 3;
    return base::random_between(kLeast, kMost);
}

Response unavailable() {
    return problem({base::ErrorKind::unavailable, "Try again in a moment.", {}, moment_s()});
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 200: return "OK";
        case 201: return "Created";
        case 202: return "Accepted";
        case 204: return "No Content";
        case 206: return "Partial Content";
        case 303: return "See Other";
        case 304: return "Not Modified";
        case 400: return "Bad Request";
        case 401: return "Unauthorized";
        case 403: return "Forbidden";
        case 404: return "Not Found";
        case 405: return "Method Not Allowed";
        case 408: return "Request Timeout";
        case 409: return "Conflict";
        case 410: return "Gone";
        case 412: return "Precondition Failed";
        case 413: return "Content Too Large";
        case 416: return "Range Not Satisfiable";
        case 417: return "Expectation Failed";
        case 422: return "Unprocessable Content";
        case 429: return "Too Many Requests";
        case 431: return "Request Header Fields Too Large";
        case 500: return "Internal Server Error";
        case 501: return "Not Implemented";
        case 503: return "Service Unavailable";
        default: return "Unknown";
    }
}

void append_head(std::string& out, const Response& response, std::string_view date, std::string_view request_id,
                 bool http_1_0, bool close, bool secure) {
    if (response.prepared_head.empty()) {
        out += "HTTP/1.1 ";
        base::append_number(out, response.status);
        out += ' ';
        out += reason_phrase(response.status);
        out += "\r\n";
        out += response.prepared_fields;
    } else {
        out += response.prepared_head;
    }
    out += response.fields;
    out += response.constant_fields;
    // RFC 9110 section 8.6: none with 204; with 304 it would have to be that of the 200.
    if (!response.prepared_head.empty()) {
        SNIPPETD_ASSERT(response.status == 200 && !response.source, response.status);
    } else if (response.source) {
        if (!http_1_0) out += "Transfer-Encoding: chunked\r\n";
    } else if (response.status != 204 && response.status != 304) {
        out += "Content-Length: ";
        base::append_number(out, response.content_length());
        out += "\r\n";
    }
    if (secure) out += "Strict-Transport-Security: max-age=31536000\r\n";
    out += "X-Content-Type-Options: nosniff\r\nDate: ";
    out += date;
    out += "\r\nX-Request-Id: ";
    out += request_id;
    if (close) {
        out += "\r\nConnection: close";
    } else if (http_1_0) {
        out += "\r\nConnection: keep-alive";
    }
    out += "\r\n\r\n";
}

}  // namespace snippetd::http
