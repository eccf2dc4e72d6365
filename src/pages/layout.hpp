#pragma once

#include <string>
#include <string_view>

namespace snippetd::pages {

/// What stands around a page's content.
struct Layout {
    /// Who reads it, as far as the page may say.
    enum class Reader {
        anyone,   ///< the page is the same for everybody, and cached
        account,  ///< `account_name`
        nobody,   ///< not signed in
    };

    std::string_view page;  ///< what scripts and styles call it: `read`
    std::string title;
    std::string description;
    bool indexed = true;      ///< whether search engines may list it
    std::string_view script;  ///< the page's own, an asset's name; empty for none
    bool highlights = false;  ///< the script starts the highlighter
    Reader reader = Reader::anyone;
    std::string account_name;
    std::string preview_url;    ///< absolute; with it comes what link previews read (Open Graph)
    std::string preview_image;  ///< absolute
    std::string embed_url;      ///< absolute: where it is described for embedding (oEmbed); empty for nowhere
    std::string feed_url;       ///< of its owner's snippets (Atom); empty for none
};

/// The whole document around `content`, which is trusted HTML.
std::string lay_out(const Layout& layout, std::string_view content);

}  // namespace snippetd::pages
