#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace snippetd::pages {

/// Of HTML that strangers have written: a few tags that shape text, and all of its words. `br`, `kbd`, `sub`, `sup`,
/// `details` (with `open`), `summary`, and `p` (with `align`); other tags, attributes and comments are left out.
class AllowedHtml {
  public:
    /// Appends what may stay of `html`. Tags that end nothing are left out.
    void append(std::string& out, std::string_view html);
    /// Ends what is open.
    void finish(std::string& out);

  private:
    void append_tag(std::string& out, std::string_view tag);

    std::vector<std::string_view> open_;  ///< names
};

}  // namespace snippetd::pages
