#pragma once

#include "highlight/highlight.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// Gives the pieces of a text, from its beginning, as HTML in their colours. The runs, which outlive this, are those of
/// the text; behind the last one there is no colour.
class ColouredPieces {
  public:
    /// `by_themselves`: with their colours, for where there is no style sheet of ours, and not with its classes.
    explicit ColouredPieces(std::span<const highlight::Run> runs, bool by_themselves = false)
        : runs_{runs}, by_themselves_{by_themselves} {}

    /// Appends the next piece and moves on. A piece has no line feed but at its end.
    void append(std::string& out, std::string_view piece);
    /// Moves on.
    void skip(std::size_t bytes);

  private:
    std::size_t left() const { return at_ < runs_.size() ? runs_[at_].bytes - done_ : std::string_view::npos; }
    highlight::Colour colour() const { return at_ < runs_.size() ? runs_[at_].colour : highlight::Colour::none; }

    std::span<const highlight::Run> runs_;
    bool by_themselves_;
    std::size_t at_ = 0, done_ = 0;  ///< the run, and how much of it
};

}  // namespace snippetd::pages
