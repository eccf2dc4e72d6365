#pragma once

#include <string>
#include <string_view>

/// A form field of HTML makes every line end CR LF on its way (HTML standard, "normalize newlines"), so an edit there
/// says nothing about line ends. They are taken from what is stored.
namespace snippetd::model {

/// `submitted`, which has been through a form field, with the line ends of `stored`, the text that the form was filled
/// with. When they differ in nothing but line ends, that is `stored`, byte for byte. Else a line that is in both has
/// the end that it had, among equal ones in their order, and a new line the end that most lines have, LF when there is
/// none. Takes time in proportion to the texts.
std::string restore_line_ends(std::string_view submitted, std::string_view stored);

}  // namespace snippetd::model
