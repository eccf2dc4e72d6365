#pragma once

#include "highlight/highlight.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace snippetd::highlight {

/// Runs that grow at their end.
class Runs {
  public:
    /// Nothing is done for an empty text.
    void add(std::string_view text, Colour colour);
    /// What nobody sees: it is as what is before it.
    void add_unseen(std::string_view text) { add(text, made_.empty() ? Colour::none : made_.back().colour); }

    std::vector<Run> take() { return std::move(made_); }

  private:
    std::vector<Run> made_;
    bool blank_ = false;  ///< the last run has no colour and nothing else than blanks
};

}  // namespace snippetd::highlight
