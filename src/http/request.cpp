#include "http/request.hpp"

#include "base/ascii.hpp"
#include "base/percent.hpp"
#include "base/utf8.hpp"

#include <utility>

namespace snippetd::http {

std::string_view to_text(Method method) {
    switch (method) {
        case Method::get: return "GET";
        case Method::head: return "HEAD";
        case Method::post: return "POST";
        case Method::put: return "PUT";
        case Method::patch: return "PATCH";
        case Method::delete_: return "DELETE";
        case Method::options: return "OPTIONS";
        case Method::other: break;
    }
    return "other";
}

std::string_view find_cookie(const Request& request, std::string_view name) {
    // Separated by semicolons whatever is in quotes (RFC 6265 section 5.4): a value may have one quote.
    std::string_view rest = request.field(Field::cookie);
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        const std::string_view pair = base::trimmed(rest.substr(0, end));
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        if (pair.size() > name.size() && pair.substr(0, name.size()) == name && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
    }
    return {};
}

namespace {

/// What `text` stands for; nothing when that is not UTF-8 without NUL.
std::optional<std::string> decoded_text(std::string_view text, base::Plus plus) {
    std::optional<std::string> decoded = base::percent_decoded(text, plus);
    if (!decoded || decoded->find('\0') != decoded->npos || !base::count_code_points(*decoded)) return std::nullopt;
    return decoded;
}

}  // namespace

Parameter find_parameter(std::string_view query, std::string_view name) {
    Parameter parameter;
    while (!query.empty()) {
        const std::size_t end = query.find('&');
        const std::string_view pair = query.substr(0, end);
        query = end == query.npos ? std::string_view{} : query.substr(end + 1);
        const std::size_t equals = pair.find('=');
        if (pair.substr(0, equals) != name) continue;
        parameter.present = true;
        const std::string_view value = equals == pair.npos ? std::string_view{} : pair.substr(equals + 1);
        std::optional<std::string> decoded = decoded_text(value, base::Plus::space);
        parameter.malformed = !decoded;
        parameter.value = std::move(decoded).value_or("");
        return parameter;
    }
    return parameter;
}

std::optional<std::string> decode_segment(std::string_view segment) {
    return decoded_text(segment, base::Plus::itself);
}

}  // namespace snippetd::http
