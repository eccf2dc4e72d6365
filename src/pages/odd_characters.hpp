#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// Characters by which a text is not what it looks like (CVE-2021-42574; Unicode Technical Standard 55, "Unicode Source
/// Code Handling").
namespace snippetd::pages {

enum class Oddity {
    none,
    bidirectional,  ///< changes the order in which others are shown
    invisible,      ///< is not seen
    look_alike,     ///< a letter of another alphabet in a word that could be all Latin
};

/// How many of each are in a text. A byte order mark at its beginning is none.
struct OddCharacters {
    std::size_t bidirectional = 0, invisible = 0, look_alike = 0;
    std::size_t first_line = 0;  ///< that has one, from 1

    bool any() const { return bidirectional + invisible + look_alike > 0; }
};
OddCharacters count_odd_characters(std::string_view text);

/// HTML that stands in a line before the byte `at`, and is none of its text.
struct Inset {
    std::size_t at;
    std::string html;
};

/// Appends a text as HTML with its odd characters marked: each row of one kind in `<b class="odd odd-KIND">` with its
/// name. The text content stays exactly the text, and what changes the order changes none outside of its mark.
class OddMarker {
  public:
    /// So many are marked of a text: one that has very many would become a page of many times its size.
    static constexpr std::size_t kMarksMax = 5000;

    /// `line` is UTF-8 and begins and ends between words. `insets` are in the order of their places.
    void append(std::string& out, std::string_view line, std::span<const Inset> insets = {});
    /// `line`, which has nothing odd, is shown some other way.
    void skip(std::string_view line) { first_ = first_ && line.empty(); }

  private:
    bool first_ = true;
    std::size_t marks_ = 0;
};

}  // namespace snippetd::pages
