#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::model {

/// What language a text is in, by its signs (`language_signs.txt`); `text` when they do not tell. Takes some 50 µs for
/// a KiB. The result lives as long as the program. Thread-safe.
///
/// The text is cut into tokens: words, numbers, strings that end on their line, operators, comments, and the
/// beginnings and ends of lines that are not blank. A sign is a row of them. A language has the weights of the signs
/// that are found, and a little more of those that are found several times. It is taken when it has enough, and a
/// quarter more than any other. What has styles for a terminal in it is in none. No more than `kSignsLookedAtBytes` of
/// the text are looked at. The pages do the same (web/src/guess.ts).
std::string_view guess_by_signs(std::string_view text);

/// What language a text is in, as far as its title, its `#!` line (`told_language`) or else its signs tell; `text` when
/// nothing does.
std::string_view guess_language(std::string_view title, std::string_view body);

inline constexpr std::size_t kSignsLookedAtBytes = 8192;

/// The tokens of a text, each as the table of signs names it.
std::vector<std::string> sign_tokens(std::string_view text);

}  // namespace snippetd::model
