#include "http/lists.hpp"

#include "base/ascii.hpp"

#include <algorithm>

namespace snippetd::http {

std::string_view take_part(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size() && (quoted || text[at] != separator); ++at) {
        if (quoted && text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            quoted = !quoted;
        }
    }
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return base::trimmed(part);
}

std::optional<std::string_view> take_element(std::string_view& list) {
    while (!list.empty()) {
        const std::string_view element = take_part(list, ',');
        if (!element.empty()) return element;
    }
    return std::nullopt;
}

std::string_view without_parameters(std::string_view value) {
    return base::trimmed(value.substr(0, value.find(';')));
}

namespace {

/// What the quoted string at the beginning of `text` says; `text` goes on behind it.
std::string take_quoted(std::string_view& text) {
    std::string out;
    std::size_t at = 1;
    for (; at < text.size() && text[at] != '"'; ++at) {
        const bool escapes = text[at] == '\\' && at + 1 < text.size() && (text[at + 1] == '"' || text[at + 1] == '\\');
        if (escapes) ++at;
        out += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return out;
}

}  // namespace

std::optional<std::string> parameter_of(std::string_view value, std::string_view name) {
    const auto skip_to = [&value](std::size_t place) { value.remove_prefix(std::min(place, value.size())); };
    skip_to(value.find(';'));
    while (!value.empty()) {
        value.remove_prefix(1);
        const std::size_t end = std::min(value.find_first_of("=;"), value.size());
        const std::string_view key = base::trimmed(value.substr(0, end));
        skip_to(end);
        if (!value.starts_with('=')) continue;
        value.remove_prefix(1);
        if (value.starts_with('"')) {
            std::string text = take_quoted(value);
            if (base::equals_without_case(key, name)) return text;
        } else if (base::equals_without_case(key, name)) {
            return std::string{without_parameters(value)};
        }
        skip_to(value.find(';'));
    }
    return std::nullopt;
}

std::optional<std::string_view> credentials_of(std::string_view authorization, std::string_view scheme) {
    const std::size_t end = std::min(authorization.find_first_of(" \t"), authorization.size());
    if (!base::equals_without_case(authorization.substr(0, end), scheme)) return std::nullopt;
    return base::trimmed(authorization.substr(end), " ");
}

}  // namespace snippetd::http
