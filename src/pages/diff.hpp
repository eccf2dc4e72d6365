#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// The difference between two texts, by lines, as rows of a table: hunks with three lines around each change.
struct Diff {
    std::size_t added = 0, removed = 0;  ///< lines
    std::string html;                    ///< a `<table>`; empty when the texts are equal
    bool cut = false;                    ///< beyond `kDiffLinesMax` lines the rest is left out
};

inline constexpr std::size_t kDiffLinesMax = 20000;

enum class DiffStyle {
    inline_,  ///< one column, `-` above `+`
    split,    ///< the old text beside the new one
};

/// Throws std::runtime_error when memory runs out.
Diff diff_html(std::string_view from, std::string_view to, DiffStyle style);

}  // namespace snippetd::pages
