#pragma once

#include "highlight/highlight.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// The difference between two texts, by lines, as rows of a table: hunks with some lines around each change. In lines
/// that have taken another one's place, what differs is marked (`<b class="w">`).
struct Diff {
    std::size_t added = 0, removed = 0;  ///< lines
    /// Remarks on what cannot be seen (line ends, byte order marks) and a `<table>`; empty when the texts are equal.
    std::string html;
    bool cut = false;  ///< beyond the bounds below the rest is left out
};

inline constexpr std::size_t kDiffLinesMax = 5000;
inline constexpr std::size_t kDiffTextBytesMax = 512 * 1024;

inline constexpr std::uint32_t kContextLines = 3, kWholeText = 1'000'000;

enum class DiffStyle {
    inline_,  ///< one column, `-` above `+`
    split,    ///< the old text beside the new one
};

struct DiffOptions {
    DiffStyle style = DiffStyle::inline_;
    std::uint32_t context = kContextLines;  ///< so many lines around each change; kWholeText for all
    /// The colours of both texts; none: plain. A line that is not as it looks has none.
    std::span<const highlight::Run> before{}, after{};
};

/// Throws std::bad_alloc. Very different texts of many
/// lines take seconds: what strangers have written goes through `Documents`.
Diff diff_html(std::string_view from, std::string_view to, const DiffOptions& options = {});

}  // namespace snippetd::pages
