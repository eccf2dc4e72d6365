#include "pages/markdown.hpp"

#include <cctype>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <vector>

#include <cmark-gfm-core-extensions.h>
#include <cmark-gfm-extension_api.h>
#include <cmark-gfm.h>

namespace snippetd::pages {

namespace {

struct FreeNode {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
struct FreeParser {
    void operator()(cmark_parser* parser) const { cmark_parser_free(parser); }
};

/// Whether a link may be followed; a scheme that is not listed could run something.
bool is_harmless(std::string_view url) {
    std::string scheme;
    for (const char c : url) {
        if (c == ':') return scheme == "http" || scheme == "https" || scheme == "mailto";
        if (c == '/' || c == '?' || c == '#') break;
        scheme += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    return true;
}

/// What a picture says and where it is, as a link.
void make_link_of(cmark_node* picture) {
    cmark_node* link = cmark_node_new(CMARK_NODE_LINK);
    const char* url = cmark_node_get_url(picture);
    cmark_node_set_url(link, url ? url : "");
    if (cmark_node_first_child(picture)) {
        while (cmark_node* child = cmark_node_first_child(picture)) cmark_node_append_child(link, child);
    } else {
        cmark_node* text = cmark_node_new(CMARK_NODE_TEXT);
        cmark_node_set_literal(text, url && *url ? url : "picture");
        cmark_node_append_child(link, text);
    }
    cmark_node_replace(picture, link);
    cmark_node_free(picture);
}

/// A picture in a link would become a link in a link: only its words stay.
void unwrap(cmark_node* node) {
    while (cmark_node* child = cmark_node_first_child(node)) cmark_node_insert_before(node, child);
    cmark_node_free(node);
}

void make_harmless(cmark_node* document) {
    struct Picture {
        cmark_node* node;
        bool within_link;
    };
    std::vector<Picture> pictures;  // from the outermost to the innermost, so that unwrapping one is cheap
    int links = 0;
    cmark_iter* at = cmark_iter_new(document);
    for (cmark_event_type event; (event = cmark_iter_next(at)) != CMARK_EVENT_DONE;) {
        cmark_node* node = cmark_iter_get_node(at);
        const cmark_node_type type = cmark_node_get_type(node);
        if (type != CMARK_NODE_LINK && type != CMARK_NODE_IMAGE) continue;
        if (event == CMARK_EVENT_EXIT) {
            --links;
            continue;
        }
        if (type == CMARK_NODE_IMAGE) pictures.push_back({node, links > 0});
        ++links;
        const char* url = cmark_node_get_url(node);
        if (url && !is_harmless(url)) cmark_node_set_url(node, "");
    }
    cmark_iter_free(at);
    for (const Picture& picture : pictures) {
        if (picture.within_link) {
            unwrap(picture.node);
        } else {
            make_link_of(picture.node);
        }
    }
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size())
        text.replace(at, from.size(), to);
}

}  // namespace

std::string markdown_html(std::string_view text) {
    static std::once_flag registered;
    std::call_once(registered, cmark_gfm_core_extensions_ensure_registered);
    constexpr int kOptions = CMARK_OPT_DEFAULT | CMARK_OPT_VALIDATE_UTF8;
    const std::unique_ptr<cmark_parser, FreeParser> parser{cmark_parser_new(kOptions)};
    for (const char* name : {"table", "strikethrough", "autolink", "tasklist"}) {
        if (cmark_syntax_extension* extension = cmark_find_syntax_extension(name)) {
            cmark_parser_attach_syntax_extension(parser.get(), extension);
        }
    }
    cmark_parser_feed(parser.get(), text.data(), text.size());
    const std::unique_ptr<cmark_node, FreeNode> document{cmark_parser_finish(parser.get())};
    if (!document) return {};
    make_harmless(document.get());
    // Without CMARK_OPT_UNSAFE raw HTML becomes a comment.
    char* html = cmark_render_html(document.get(), kOptions, cmark_parser_get_syntax_extensions(parser.get()));
    std::string out = html ? html : "";
    std::free(html);
    // A box that cannot be ticked says what it means; nobody else's markup comes this far.
    replace_all(out, R"(<input type="checkbox" checked="" disabled="" />)",
                R"(<span role="img" aria-label="done">☑</span>)");
    replace_all(out, R"(<input type="checkbox" disabled="" />)", R"(<span role="img" aria-label="to do">☐</span>)");
    return out;
}

}  // namespace snippetd::pages
