#include "http/request.hpp"

#include "base/utf8.hpp"

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
    std::string_view rest = request.field(Field::cookie);
    while (!rest.empty()) {
        const std::size_t end = rest.find(';');
        std::string_view pair = rest.substr(0, end);
        rest = end == rest.npos ? std::string_view{} : rest.substr(end + 1);
        while (!pair.empty() && (pair.front() == ' ' || pair.front() == '\t')) pair.remove_prefix(1);
        if (pair.size() > name.size() && pair.substr(0, name.size()) == name && pair[name.size()] == '=') {
            return pair.substr(name.size() + 1);
        }
    }
    return {};
}

namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool decode_bytes(std::string_view text, bool plus_is_space, std::string& out) {
    out.clear();
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && plus_is_space) {
            out += ' ';
        } else if (text[i] != '%') {
            out += text[i];
        } else {
            if (i + 2 >= text.size()) return false;
            const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
            if (high < 0 || low < 0) return false;
            out += static_cast<char>(high * 16 + low);
            i += 2;
        }
    }
    return true;
}

bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
    return decode_bytes(text, plus_is_space, out) && out.find('\0') == out.npos &&
           base::count_code_points(out).has_value();
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
        parameter.malformed = !percent_decode(value, true, parameter.value);
        return parameter;
    }
    return parameter;
}

bool decode_form_text(std::string_view text, std::string& out) {
    return decode_bytes(text, true, out);
}

bool decode_segment(std::string_view segment, std::string& out) {
    return percent_decode(segment, false, out);
}

}  // namespace snippetd::http
