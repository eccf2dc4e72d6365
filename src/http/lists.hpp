#pragma once

#include <optional>
#include <string>
#include <string_view>

/// What the values of header fields are made of: RFC 9110 section 5.6, "Common Rules for Defining Field Values".
namespace snippetd::http {

/// Of a token (section 5.6.2), such as the name of a field, of a coding or of a parameter.
bool is_token_character(unsigned char c);
/// Of a field's value or a quoted string: HTAB, SP, VCHAR and obs-text (sections 5.5 and 5.6.4).
bool is_text_character(unsigned char c);

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
