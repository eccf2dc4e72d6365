#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

/// Which parts of lines differ from the lines that have taken their place.
namespace snippetd::pages {

/// A part of a line, in bytes.
struct Mark {
    std::size_t begin = 0, end = 0;
};

/// Of each line of both sides, in order, its changed parts.
struct ChangedWords {
    std::vector<std::vector<Mark>> before, after;
};

/// Above so many bytes of both sides nothing is marked.
inline constexpr std::size_t kMarkedBytesMax = 32 * 1024;

/// Compares the words of removed lines with those of the added lines in their place, as `git diff --word-diff` does;
/// lines without their ends, in UTF-8. Parts begin and end between words. A line that has little in common with the
/// other side has no marks: it is another one. Throws std::bad_alloc.
ChangedWords changed_words(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after);

}  // namespace snippetd::pages
