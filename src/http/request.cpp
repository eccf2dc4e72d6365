#include "http/request.hpp"

#include "base/ascii.hpp"
#include "base/percent.hpp"
#include "base/utf8.hpp"
#include "http/lists.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
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

namespace {

struct Named {
    std::string_view name;
    Field field;
};

/// In the order of the names' lengths.
constexpr std::array kNamed{
    Named{"Host", Field::host},
    Named{"X-Moz", Field::purpose},
    Named{"Range", Field::range},
    Named{"Accept", Field::accept},
    Named{"Cookie", Field::cookie},
    Named{"Expect", Field::expect},
    Named{"Origin", Field::origin},
    Named{"Purpose", Field::purpose},
    Named{"If-Match", Field::if_match},
    Named{"If-Range", Field::if_range},
    Named{"User-Agent", Field::user_agent},
    Named{"Sec-Purpose", Field::purpose},
    Named{"Content-Type", Field::content_type},
    Named{"X-Request-Id", Field::request_id},
    Named{"X-Edit-Token", Field::edit_token},
    Named{"Authorization", Field::authorization},
    Named{"If-None-Match", Field::if_none_match},
    Named{"Sec-Fetch-Site", Field::sec_fetch_site},
    Named{"Sec-Fetch-Dest", Field::sec_fetch_dest},
    Named{"Sec-Fetch-Mode", Field::sec_fetch_mode},
    Named{"Accept-Encoding", Field::accept_encoding},
    Named{"X-Forwarded-For", Field::forwarded_for},
    Named{"Idempotency-Key", Field::idempotency_key},
    Named{"If-Modified-Since", Field::if_modified_since},
    Named{"Transfer-Encoding", Field::transfer_encoding},
    Named{"If-Unmodified-Since", Field::if_unmodified_since},
};

/// Where in `kNamed` the names of each length begin; behind the longest, where it ends.
constexpr auto kBegins = [] {
    std::array<unsigned char, kNamed.back().name.size() + 2> begins{};
    for (std::size_t length = 0; length < begins.size(); ++length) {
        while (begins[length] < kNamed.size() && kNamed[begins[length]].name.size() < length) ++begins[length];
    }
    return begins;
}();

}  // namespace

std::optional<Field> field_named(std::string_view name) {
    if (name.size() + 1 >= kBegins.size()) return std::nullopt;
    for (std::size_t i = kBegins[name.size()]; i < kBegins[name.size() + 1]; ++i) {
        if (base::equals_without_case(kNamed[i].name, name)) return kNamed[i].field;
    }
    return std::nullopt;
}

bool is_host(std::string_view text) {
    const auto is_v6_character = [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; };
    std::size_t end = 0;
    if (text.starts_with('[')) {
        const std::size_t bracket = text.find(']');
        if (bracket == text.npos || bracket < 3) return false;
        if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(bracket), is_v6_character))
            return false;
        end = bracket + 1;
    } else {
        constexpr std::size_t kNameMax = 255;
        while (end < text.size() && is_host_character(static_cast<unsigned char>(text[end]))) ++end;
        if (end == 0 || end > kNameMax) return false;
    }
    if (end == text.size()) return true;
    // The port may be empty (RFC 3986 section 3.2.3).
    const std::string_view port = text.substr(end + 1);
    return text[end] == ':' && port.size() <= 5 &&
           std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void Request::clear() {
    method = Method::other;
    method_text = target = path = query = {};
    if (!body.empty()) std::string{}.swap(body);
    has_body = false;
    client = boost::asio::ip::address{};
    id.clear();
    arrived_at = {};
    fields = {};
    joined.clear();
}

void Request::move_views(std::string_view from, const char* to) {
    const auto move = [&](std::string_view& view) {
        if (view.empty()) return;
        const std::less_equal<const char*> before;
        // Joined fields and the like are elsewhere and stay there.
        const bool inside =
            before(from.data(), view.data()) && before(view.data() + view.size(), from.data() + from.size());
        if (inside) view = {to + (view.data() - from.data()), view.size()};
    };
    move(method_text);
    move(target);
    move(path);
    move(query);
    for (std::string_view& field : fields) move(field);
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
