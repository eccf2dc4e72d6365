#include "base/escape_sequences.hpp"

#include <algorithm>

namespace snippetd::base {

namespace {

constexpr char kEscape = '\x1B', kBell = '\a', kDelete = '\x7F';

bool is_between(char c, char first, char last) {
    return c >= first && c <= last;
}

/// How many of the bytes from `at` are in that range.
std::size_t count_between(std::string_view text, std::size_t at, char first, char last) {
    std::size_t end = at;
    while (end < text.size() && is_between(text[end], first, last)) ++end;
    return end - at;
}

/// `ESC [ parameters intermediates final` (ECMA-48, 5.4).
Control control_sequence(std::string_view text) {
    const std::size_t parameters = count_between(text, 2, '0', '?');
    const std::size_t intermediates = count_between(text, 2 + parameters, ' ', '/');
    const std::size_t end = 2 + parameters + intermediates;
    if (end >= text.size() || !is_between(text[end], '@', '~')) return {1};
    Control found{end + 1};
    const std::string_view given = text.substr(2, parameters);
    found.sets_style = text[end] == 'm' && intermediates == 0 && given.find_first_not_of("0123456789;:") == given.npos;
    if (found.sets_style) found.parameters = given;
    return found;
}

/// A string for the terminal: its title, a link, a picture (ECMA-48, 5.6). It ends with `ESC \`, or, as xterm has it,
/// with a bell.
Control control_string(std::string_view text) {
    const auto ends = [](char c) { return c == kEscape || c == kBell || c == '\n'; };
    const auto found = std::find_if(text.begin() + 2, text.end(), ends);
    const auto at = static_cast<std::size_t>(found - text.begin());
    if (found == text.end() || *found == '\n') return {1};
    if (*found == kBell) return {at + 1};
    if (text.substr(at + 1).starts_with('\\')) return {at + 2};
    return {1};
}

Control escape_sequence(std::string_view text) {
    if (text.size() == 1) return {1};
    const char second = text[1];
    if (second == '[') return control_sequence(text);
    if (second == ']' || second == 'P' || second == 'X' || second == '^' || second == '_') return control_string(text);
    if (is_between(second, '0', '~')) return {2};
    const std::size_t intermediates = count_between(text, 1, ' ', '/');
    const std::size_t end = 1 + intermediates;
    return intermediates > 0 && end < text.size() && is_between(text[end], '0', '~') ? Control{end + 1} : Control{1};
}

}  // namespace

Control first_control(std::string_view text) {
    const char c = text.front();
    if (c == kEscape) return escape_sequence(text.substr(0, kControlBytesMax));
    if (c == kDelete || (is_between(c, '\0', '\x1F') && c != '\t' && c != '\n' && c != '\r')) return {1};
    const bool c1 = c == '\xC2' && text.size() > 1 && is_between(text[1], '\x80', '\x9F');
    return {c1 ? 2U : 0U};
}

std::string without_controls(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const std::size_t bytes = first_control(text).bytes;
        if (bytes == 0) out += text.front();
        text.remove_prefix(std::max<std::size_t>(bytes, 1));
    }
    return out;
}

bool sets_styles(std::string_view text) {
    for (std::size_t at = text.find(kEscape); at != text.npos; at = text.find(kEscape, at + 1)) {
        if (first_control(text.substr(at)).sets_style) return true;
    }
    return false;
}

}  // namespace snippetd::base
