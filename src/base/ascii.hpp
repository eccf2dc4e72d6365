#pragma once

#include <algorithm>
#include <string>
#include <string_view>

/// Text whose letters are those of ASCII: names of header fields, schemes, media types. For other text there is
/// `base/fold_case.hpp`.
namespace snippetd::base {

constexpr char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

inline std::string lower_case(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), to_lower);
    return out;
}

constexpr bool equals_without_case(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](char x, char y) { return to_lower(x) == to_lower(y); });
}

constexpr bool starts_without_case(std::string_view text, std::string_view beginning) {
    return equals_without_case(text.substr(0, beginning.size()), beginning);
}

/// `text` without what is of `blanks` at its two ends. Unless they are named, these are the blanks of header fields
/// (OWS, RFC 9110 section 5.6.3).
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t") {
    const std::size_t first = text.find_first_not_of(blanks);
    if (first == text.npos) return text.substr(text.size());
    return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

}  // namespace snippetd::base
