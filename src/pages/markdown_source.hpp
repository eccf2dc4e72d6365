#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::pages {

/// What stands in Markdown that md4c does not know.
struct MarkdownMark {
    enum class Kind {
        note,
        inline_math,
        display_math,
        text,  ///< of what md4c would take for something else, and leave out
    };

    Kind kind = Kind::text;
    std::string source;    ///< as it was written
    std::string formula;   ///< of math, without its dollars
    std::size_t note = 0;  ///< which one is referred to
};

/// Markdown as md4c reads it. What it does not know stands as a mark in the text: GitHub's references to footnotes,
/// and math between dollars. As a mark is found in code, in a link's address or in HTML, it is nothing but its source.
struct MarkdownSource {
    /// Its marks are `%`, kMark, its number, kMark and `%`: for md4c that is punctuation, as brackets and dollars are.
    /// When there are notes, the text begins with an ordered list that has an item for each, and one more.
    std::string text;
    std::size_t notes = 0;
    std::vector<MarkdownMark> marks;

    static constexpr char kMark = '\xFF';  // in no text in UTF-8
};

/// Notes are GitHub's, but for those that are defined within quotes and lists, which stay text: `[^name]: text`, the
/// lines that go on with it, and those that are indented by four columns. Math is what GitHub takes for it. The columns
/// of a table's second line become as wide as md4c 0.4 wants them, three characters; GitHub is content with one.
/// Linear.
MarkdownSource read_markdown(std::string_view text);

}  // namespace snippetd::pages
