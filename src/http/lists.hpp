#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

/// What the values of header fields are made of: RFC 9110 section 5.6, "Common Rules for Defining Field Values".
namespace snippetd::http {

/// Characters, one bit each for what they may be part of. Asked for each byte of each request.
enum CharacterClass : unsigned char { kToken = 1, kText = 2, kHost = 4, kTarget = 8 };

inline constexpr auto kCharacterClasses = [] {
    std::array<unsigned char, 256> classes{};
    for (unsigned c = 0; c < classes.size(); ++c) {
        const bool digit = c >= '0' && c <= '9';
        const bool alphanumeric = digit || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const char character = static_cast<char>(c);
        const auto is_in = [character](std::string_view set) { return set.find(character) != set.npos; };
        unsigned of = 0;
        if (alphanumeric || is_in("!#$%&'*+-.^_`|~")) of |= kToken;
        if (c == '\t' || (c >= 0x20 && c != 0x7F)) of |= kText;
        if (alphanumeric || is_in(".-_")) of |= kHost;
        if (c > 0x20 && c < 0x7F && c != '#') of |= kTarget;
        classes[c] = static_cast<unsigned char>(of);
    }
    return classes;
}();

constexpr bool is_of(unsigned char c, CharacterClass wanted) {
    return (kCharacterClasses[c] & wanted) != 0;
}
/// Of a token (section 5.6.2), such as the name of a field, of a coding or of a parameter.
constexpr bool is_token_character(unsigned char c) {
    return is_of(c, kToken);
}
/// Of a field's value or a quoted string: HTAB, SP, VCHAR and obs-text (sections 5.5 and 5.6.4).
constexpr bool is_text_character(unsigned char c) {
    return is_of(c, kText);
}
/// Of a registered name or an IPv4 address (RFC 3986 section 3.2.2), without percent-encoding and sub-delims; and `_`.
constexpr bool is_host_character(unsigned char c) {
    return is_of(c, kHost);
}
/// Of a request target as it is usually sent: visible, of ASCII, without a fragment.
constexpr bool is_target_character(unsigned char c) {
    return is_of(c, kTarget);
}

/// Takes what is before the next `separator` off `text`, with the separator, and gives it without the blanks around it.
/// What is in a quoted string (section 5.6.4) separates nothing; one that does not end goes on to the end.
std::string_view take_part(std::string_view& text, char separator);

/// Takes the first element off a list (section 5.6.1); nothing at its end. Empty ones are passed over.
std::optional<std::string_view> take_element(std::string_view& list);

/// What a value is before its parameters (section 5.6.6): of `text/html; charset=utf-8` the media type.
std::string_view without_parameters(std::string_view value);

/// The parameter `name` of a value such as `form-data; name="a"; filename="b.c"`, and without its quotes.
/// There a backslash escapes a quote and a backslash alone: before other characters it is itself, because some browsers
/// send a file's whole path. In a quoted string that does not end, the rest is the parameter.
std::optional<std::string> parameter_of(std::string_view value, std::string_view name);

/// What `Authorization` says in that scheme (section 11.6.2); nothing when it is in another one.
std::optional<std::string_view> credentials_of(std::string_view authorization, std::string_view scheme);

}  // namespace snippetd::http
