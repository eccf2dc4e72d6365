#include "base/preferences.hpp"

#include <algorithm>

namespace snippetd::base {

namespace {

char in_lower_case(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

/// Takes what is before the next `separator` outside quotes off `text`, with the separator.
std::string_view take_until(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size() && (quoted || text[at] != separator); ++at) {
        if (quoted && text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            quoted = !quoted;
        }
    }
    const std::string_view taken = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return taken;
}

/// Of `0.25`, in thousandths; nothing when it is no number. What is above 1 is 1.
std::optional<int> weight_of(std::string_view text) {
    int weight = 0, unit = 1000;
    bool fraction = false;
    if (text.empty() || text.front() == '.') return std::nullopt;
    for (const char c : text) {
        if (c == '.' && !fraction) {
            fraction = true;
            unit = 100;
        } else if (c < '0' || c > '9') {
            return std::nullopt;
        } else if (fraction) {
            weight += (c - '0') * unit;
            unit /= 10;
        } else {
            weight = std::min(weight * 10 + (c - '0') * unit, 1000);
        }
    }
    return std::min(weight, 1000);
}

}  // namespace

bool Preference::is(std::string_view name) const {
    return std::equal(name.begin(), name.end(), value.begin(), value.end(),
                      [](char a, char b) { return a == in_lower_case(b); });
}

std::optional<Preference> take_preference(std::string_view& list) {
    while (!list.empty()) {
        std::string_view element = take_until(list, ',');
        Preference preference;
        preference.value = trimmed(take_until(element, ';'));
        while (!element.empty()) {
            const std::string_view parameter = trimmed(take_until(element, ';'));
            if (parameter.size() < 2 || in_lower_case(parameter.front()) != 'q' || parameter[1] != '=') continue;
            preference.weight = weight_of(trimmed(parameter.substr(2))).value_or(preference.weight);
        }
        if (!preference.value.empty()) return preference;
    }
    return std::nullopt;
}

}  // namespace snippetd::base
