#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace snippetd::base {

/// The number that the whole text is, in digits, with a minus sign before them where T has one; nothing when it is
/// anything else, or too large.
template <std::integral T>
std::optional<T> parse_number(std::string_view text, int base = 10) {
    T number{};
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// Appends `number` in decimal digits: what is written for each request needs no format string.
template <std::integral T>
void append_number(std::string& out, T number) {
    std::array<char, std::numeric_limits<T>::digits10 + 2> digits;
    out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr);
}

}  // namespace snippetd::base
