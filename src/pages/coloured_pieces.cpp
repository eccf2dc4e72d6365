#include "pages/coloured_pieces.hpp"

#include "pages/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

/// As style.css has them.
constexpr std::array<std::string_view, highlight::kColours> kColourClasses{"",   "hc", "hk", "hs", "he", "hn",
                                                                           "ht", "hy", "ha", "hg", "hi", "hd"};

/// Readable on white and on black.
constexpr std::array<std::string_view, highlight::kColours> kColourStyles{"",        "#6e7781", "#a33fc4", "#2f8a4a",
                                                                          "#b5651d", "#b5651d", "#2f74d0", "#15857b",
                                                                          "#96701a", "#d0453c", "#2f8a4a", "#d0453c"};

}  // namespace

void ColouredPieces::append(std::string& out, std::string_view piece) {
    while (!piece.empty()) {
        const std::string_view same = piece.substr(0, left());
        const auto at = static_cast<std::size_t>(colour());
        const std::string_view name = kColourClasses[at];
        if (!name.empty() && !by_themselves_) fmt::format_to(std::back_inserter(out), "<span class=\"{}\">", name);
        if (!name.empty() && by_themselves_) {
            fmt::format_to(std::back_inserter(out), "<span style=\"color:{}\">", kColourStyles[at]);
        }
        append_escaped(out, same);
        if (!name.empty()) out += "</span>";
        piece.remove_prefix(same.size());
        skip(same.size());
    }
}

void ColouredPieces::skip(std::size_t bytes) {
    while (bytes > 0 && at_ < runs_.size()) {
        const std::size_t step = std::min(bytes, left());
        done_ += step;
        bytes -= step;
        if (done_ < runs_[at_].bytes) continue;
        ++at_;
        done_ = 0;
    }
}

}  // namespace snippetd::pages
