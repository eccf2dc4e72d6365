#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// The difference between two texts, by lines, as rows of a table: hunks with three lines around each change.
struct Diff {
    std::size_t added = 0, removed = 0;  ///< lines
    std::string html;                    ///< a `<table>`; empty when the texts are equal
    bool cut = false;                    ///< beyond the bounds below the rest is left out
};

inline constexpr std::size_t kDiffLinesMax = 5000;
inline constexpr std::size_t kDiffTextBytesMax = 512 * 1024;

enum class DiffStyle {
    inline_,  ///< one column, `-` above `+`
    split,    ///< the old text beside the new one
};

/// Throws std::bad_alloc. Very different texts of many lines take seconds: what strangers have written goes through
/// `Documents`.
Diff diff_html(std::string_view from, std::string_view to, DiffStyle style);

}  // namespace snippetd::pages
