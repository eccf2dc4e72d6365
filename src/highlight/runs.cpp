#include "highlight/runs.hpp"

#include <cstddef>
#include <cstdint>

namespace snippetd::highlight {

void Runs::add(std::string_view text, Colour colour) {
    if (text.empty()) return;
    // A blank between two of one colour is of that colour.
    const std::size_t count = made_.size();
    if (blank_ && count > 1 && made_[count - 2].colour == colour) {
        const std::uint32_t blanks = made_.back().bytes;
        made_.pop_back();
        made_.back().bytes += blanks;
        blank_ = false;
    }
    if (made_.empty() || made_.back().colour != colour) {
        made_.push_back({0, colour});
        blank_ = colour == Colour::none;
    }
    made_.back().bytes += static_cast<std::uint32_t>(text.size());
    blank_ = blank_ && text.find_first_not_of(" \t") == text.npos;
}

}  // namespace snippetd::highlight
