#include "pages/layout.hpp"

#include "pages/assets.hpp"
#include "pages/template.hpp"

namespace snippetd::pages {

std::string lay_out(const Layout& layout, std::string_view content) {
    Fields fields;
    fields.set("TITLE", layout.title);
    fields.set("DESCRIPTION", layout.description);
    fields.set("PAGE", layout.page);
    fields.set("STYLE_URL", asset_url("style.css"));
    fields.set("THEME_URL", asset_url("theme.js"));
    fields.set("COMMON_URL", asset_url("common.js"));
    fields.set("ICON_URL", asset_url("favicon.svg"));
    fields.set("TOUCH_ICON_URL", asset_url("icon-180.png"));
    fields.show_if(!layout.indexed, "NOINDEX");
    if (!layout.script.empty()) fields.add("SCRIPT", "SCRIPT_URL", asset_url(layout.script));
    if (layout.highlights) fields.add("HIGHLIGHTER", "HIGHLIGHTER_URL", asset_url("highlighter.js"));
    switch (layout.reader) {
        case Layout::Reader::anyone: fields.show("ANYONE"); break;
        case Layout::Reader::account: fields.add("ACCOUNT", "ACCOUNT_NAME", layout.account_name); break;
        case Layout::Reader::nobody: fields.show("NO_ACCOUNT"); break;
    }
    if (!layout.preview_url.empty()) {
        Fields preview = fields.add("OG");
        preview.set("OG_TITLE", layout.title);
        preview.set("OG_DESCRIPTION", layout.description);
        preview.set("OG_URL", layout.preview_url);
        preview.set("OG_IMAGE", layout.preview_image);
    }
    if (!layout.embed_url.empty()) fields.add("OEMBED", "OEMBED_URL", layout.embed_url);
    if (!layout.feed_url.empty()) fields.add("FEED", "FEED_URL", layout.feed_url);
    fields.set("CONTENT", content);
    return render("layout", fields);
}

}  // namespace snippetd::pages
