#include "link.hpp"

#include "failure.hpp"
#include "text.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr std::size_t kIdCharactersMax = 64;

class Url {
  public:
    explicit Url(std::string_view text) : handle_{curl_url(), curl_url_cleanup} {
        const std::string copy{text};
        valid_ =
            handle_ && curl_url_set(handle_.get(), CURLUPART_URL, copy.c_str(), CURLU_NON_SUPPORT_SCHEME) == CURLUE_OK;
    }

    bool valid() const { return valid_; }

    /// Goes to `location`, which may be relative. False when that is no URL.
    bool follow(const std::string& location) {
        return curl_url_set(handle_.get(), CURLUPART_URL, location.c_str(), 0) == CURLUE_OK;
    }

    std::string part(CURLUPart which, unsigned flags = 0) const {
        char* text = nullptr;
        if (curl_url_get(handle_.get(), which, &text, flags) != CURLUE_OK) return {};
        std::string out{text};
        curl_free(text);
        return out;
    }

  private:
    std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> handle_;
    bool valid_ = false;
};

std::string in_lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

bool is_loopback(const std::string& host) {
    return host == "localhost" || host.ends_with(".localhost") || host == "[::1]" ||
           (host.starts_with("127.") && host.find_first_not_of("0123456789.") == host.npos);
}

ServerAddress address_of(const Url& url, std::string_view text) {
    const std::string scheme = url.valid() ? in_lower_case(url.part(CURLUPART_SCHEME)) : "";
    if (scheme != "http" && scheme != "https") {
        throw Failure{ExitCode::bad_input, fmt::format("`{}` is no address of a server: write it as https://HOST or "
                                                       "http://HOST:PORT",
                                                       printable(text))};
    }
    if (!url.part(CURLUPART_USER).empty() || !url.part(CURLUPART_PASSWORD).empty()) {
        throw Failure{ExitCode::bad_input, "an address must not hold a name and password; `snip login` stores a token"};
    }
    ServerAddress address;
    const std::string host = in_lower_case(url.part(CURLUPART_HOST));
    const std::string port = url.part(CURLUPART_PORT, CURLU_NO_DEFAULT_PORT);
    address.origin = scheme + "://" + host + (port.empty() ? "" : ":" + port);
    address.path = url.part(CURLUPART_PATH);
    while (address.path.ends_with('/')) address.path.pop_back();
    address.loopback = is_loopback(host);
    address.encrypted = scheme == "https";
    return address;
}

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= kIdCharactersMax && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
    });
}

/// `L5`, at the beginning of `text`, which it takes off; 0 when there is none.
std::size_t take_line(std::string_view& text) {
    if (!text.starts_with('L')) return 0;
    text.remove_prefix(1);
    std::size_t line = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), line);
    if (failure != std::errc{}) return 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return line;
}

void read_fragment(std::string_view fragment, SnippetLink& link) {
    const std::string_view whole = fragment;
    link.first_line = link.last_line = take_line(fragment);
    if (link.first_line > 0 && fragment.starts_with('-')) {
        fragment.remove_prefix(1);
        link.last_line = take_line(fragment);
    }
    if (link.first_line == 0 || link.last_line < link.first_line || !fragment.empty()) {
        throw Failure{ExitCode::bad_input, fmt::format("`#{}` names no lines: write #L5 or #L5-L9", printable(whole))};
    }
}

}  // namespace

ServerAddress parse_server(std::string_view url) {
    return address_of(Url{url}, url);
}

std::string checked_for_browser(const std::string& url, const ServerAddress& server) {
    constexpr std::string_view kOthers = ":/?#[]@!$&'()*+,;=-._~%";
    const bool plain = std::all_of(url.begin(), url.end(), [&](unsigned char c) {
        return c < 0x80 && (std::isalnum(c) || kOthers.find(static_cast<char>(c)) != kOthers.npos);
    });
    bool own = false;
    try {
        own = plain && parse_server(url).origin == server.origin;
    } catch (const Failure&) {
        own = false;
    }
    if (own) return url;
    throw Failure{ExitCode::other, fmt::format("the link is not opened: `{}` is no URL of {}", printable(url),
                                               printable(server.origin))};
}

std::string resolve_redirect(const std::string& url, const std::string& location) {
    Url target{url};
    return target.valid() && target.follow(location) ? target.part(CURLUPART_URL) : "";
}

SnippetLink parse_link(std::string_view text) {
    SnippetLink link;
    const std::size_t hash = text.find('#');
    const std::string_view place = text.substr(0, hash);
    if (hash != text.npos) read_fragment(text.substr(hash + 1), link);
    if (is_id(place)) {
        link.id = place;
        return link;
    }
    const Failure wrong{ExitCode::bad_input,
                        fmt::format("`{}` is neither the id nor the URL of a snippet", printable(text))};
    if (place.find("://") == place.npos) throw wrong;
    ServerAddress server = address_of(Url{place}, place);
    const std::size_t mark = server.path.find("/s/");
    if (mark == std::string::npos) throw wrong;
    const std::string rest = server.path.substr(mark + 3);
    link.id = rest.substr(0, rest.find('/'));
    if (!is_id(link.id)) throw wrong;
    server.path.resize(mark);
    link.server = std::move(server);
    return link;
}

}  // namespace snippetd::cli
