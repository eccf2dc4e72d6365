#include "pages/read_page.hpp"

#include "base/escape_sequences.hpp"
#include "base/percent.hpp"
#include "base/utf8.hpp"
#include "model/languages.hpp"
#include "pages/assets.hpp"
#include "pages/code.hpp"
#include "pages/layout.hpp"
#include "pages/odd_characters.hpp"
#include "pages/picture_document.hpp"
#include "pages/template.hpp"
#include "pages/terminal_output.hpp"
#include "pages/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::size_t kPreviewBytesMax = 200;
constexpr std::size_t kPreviewedBytes = 8192;  // so much of a text is looked at for it

/// Adds `PREFIX_ISO` and `PREFIX_TEXT`.
void set_time(Fields& fields, const std::string& prefix, base::UnixMillis time) {
    fields.set(prefix + "_ISO", base::format_rfc3339(time));
    fields.set(prefix + "_TEXT", time_text(time));
}

/// The first lines in one, for previews of the link; whole characters.
std::string beginning(std::string_view body) {
    std::string text;
    bool space = false;
    for (const char c : base::without_controls(base::cut(body, kPreviewedBytes))) {
        if (static_cast<unsigned char>(c) <= ' ') {
            space = !text.empty();
            continue;
        }
        if (space) text += ' ';
        space = false;
        text += c;
        if (text.size() > kPreviewBytesMax) return std::string{base::cut(text, kPreviewBytesMax)} + "…";
    }
    return text;
}

void set_facts(Fields& fields, const model::Snippet& snippet) {
    fields.set("ID", snippet.id);
    fields.set("VERSION", std::to_string(snippet.version));
    std::string title;
    OddMarker{}.append(title, title_text(snippet.title, snippet.body));
    fields.set("TITLE_TEXT", title_text(snippet.title, snippet.body));
    fields.set("TITLE_HTML", title);
    if (snippet.owner_name.empty()) {
        fields.show("ANONYMOUS");
    } else {
        fields.add("OWNER", "OWNER_NAME", snippet.owner_name);
    }
    set_time(fields, "CREATED", snippet.created_at);
    if (snippet.version > 1) {
        Fields updated = fields.add("UPDATED");
        set_time(updated, "UPDATED", snippet.updated_at);
    }
    if (snippet.expires_at) {
        Fields expires = fields.add("EXPIRES");
        set_time(expires, "EXPIRES", *snippet.expires_at);
    }
    fields.set("LANGUAGE", snippet.language);
    fields.set("LANGUAGE_LABEL", model::language_label(snippet.language));
    fields.set("SIZE_TEXT", size_text(snippet.body.size()));
    fields.set("VISIBILITY", model::to_text(snippet.visibility));
    fields.show_if(!snippet.tags.empty(), "TAGS");
    for (const std::string& name : snippet.tags) {
        Fields tag = fields.add("TAG");
        tag.set("TAG", name);
        tag.set("TAG_URL", "/explore?tag=" + base::percent_encoded(name));
    }
}

/// `2 characters that … and 1 that …`
std::string describe(const OddCharacters& odd) {
    std::string text;
    const auto add = [&text](std::size_t count, std::string_view one, std::string_view several) {
        if (count == 0) return;
        if (!text.empty()) text += ", ";
        text += fmt::format("{} {}", count, count == 1 ? one : several);
    };
    add(odd.bidirectional, "that changes the order in which others are shown", "that change the order of others");
    add(odd.invisible, "that is not seen", "that are not seen");
    add(odd.look_alike, "that only looks like a Latin letter", "that only look like Latin letters");
    return text;
}

/// Warns of what is not as it looks, in the text or in the title.
void show_odd_characters(Fields& fields, const model::Snippet& snippet) {
    const OddCharacters title = count_odd_characters(snippet.title);
    const OddCharacters body = is_terminal_output(snippet.body, snippet.language)
                                   ? count_odd_characters(base::without_controls(snippet.body))
                                   : count_odd_characters(snippet.body);
    if (!title.any() && !body.any()) return;
    Fields odd = fields.add("ODD");
    if (title.any()) odd.add("ODD_TITLE", "ODD_IN_TITLE", describe(title));
    if (!body.any()) return;
    Fields text = odd.add("ODD_TEXT");
    text.set("ODD_IN_TEXT", describe(body));
    text.set("ODD_LINE", std::to_string(body.first_line));
}

std::string_view why_not(const Document* document) {
    if (!document) return "This Markdown is still being rendered; open the page again in a moment. Here is its source.";
    switch (document->outcome) {
        case DocumentOutcome::too_slow: return "This Markdown takes too long to render. Here is its source.";
        case DocumentOutcome::too_large: return "This Markdown takes too much room to render. Here is its source.";
        default: return "This Markdown could not be rendered. Here is its source.";
    }
}

void show_document(Fields& fields, const Document* document) {
    if (document && document->outcome == DocumentOutcome::made) {
        fields.add("MARKDOWN", "MARKDOWN_HTML", document->html);
    } else {
        fields.add("UNRENDERED", "WHY_NOT", why_not(document));
    }
}

}  // namespace

void show_code(Fields& fields, std::string_view text, std::string_view language,
               std::span<const highlight::Run> colours) {
    fields.set("DIGITS", std::to_string(std::to_string(count_lines(text)).size()));
    if (is_terminal_output(text, language)) {
        fields.add("TERMINAL", "TERMINAL_STYLE_URL", asset_url("terminal.css"));
        fields.set("CODE", terminal_html(text));
        return;
    }
    fields.show_if(!colours.empty(), "COLOURED");
    fields.set("CODE", code_html(text, colours));
}

bool has_document(const model::Snippet& snippet) {
    return snippet.language == "markdown";
}

std::string read_page(const model::Snippet& snippet, const ReadPage& options) {
    Fields fields;
    set_facts(fields, snippet);
    const std::size_t lines = count_lines(snippet.body);
    fields.set("LINES_TEXT", count_text(lines, "line", "lines"));
    fields.set("PICTURE_LINES", std::to_string(std::clamp<std::size_t>(lines, 1, kPictureLinesMax)));
    fields.set("VIEWS", std::to_string(options.view_count));
    fields.show(options.burned ? "BURNED" : "ACTIONS");
    fields.show_if(!options.burned && snippet.cacheable(), "LIVE");
    if (snippet.version > 1 && !options.burned) {
        fields.add("REVISIONS", "REVISION_COUNT", std::to_string(snippet.version));
    }
    if (snippet.cacheable()) {
        fields.add("EMBED", "EMBED_CODE",
                   fmt::format(R"(<iframe src="{}/s/{}/embed" width="100%" height="320" title="A snippet" )"
                               R"(loading="lazy" style="border:0"></iframe>)",
                               options.base, snippet.id));
    }
    if (!snippet.forked_from.empty()) {
        Fields original = fields.add("FORKED_FROM");
        original.set("FORK_ID", snippet.forked_from);
        original.set("FORK_URL", fmt::format("{}/s/{}", options.base, snippet.forked_from));
    }
    if (has_document(snippet)) show_document(fields, options.document);
    show_odd_characters(fields, snippet);
    show_code(fields, snippet.body, snippet.language, options.colours);

    Layout layout;
    layout.page = "read";
    layout.title = title_text(snippet.title, snippet.body);
    layout.description = beginning(snippet.body);
    layout.indexed = snippet.visibility == model::Visibility::public_ && !options.burned;
    layout.script = "read.js";
    layout.highlights = true;
    if (!options.burned && snippet.visibility != model::Visibility::private_) {
        layout.preview_url = fmt::format("{}/s/{}", options.base, snippet.id);
        if (layout.indexed && !snippet.owner_name.empty()) {
            layout.feed_url = fmt::format("/users/{}/feed.atom", snippet.owner_name);
        }
        if (snippet.burn_after_reading) {
            layout.preview_image = fmt::format("{}{}", options.base, asset_url("og.png"));
        } else {
            layout.embed_url = fmt::format("{0}/oembed?url={0}/s/{1}", options.base, snippet.id);
            // Who has fetched the picture of an earlier version sees by the address that there is another.
            layout.preview_image = fmt::format("{}/s/{}/picture.png?v={}", options.base, snippet.id, snippet.version);
        }
    }
    return lay_out(layout, render("read", fields));
}

std::string embed_page(const model::Snippet& snippet, std::string_view base, std::span<const highlight::Run> colours) {
    Fields fields;
    set_facts(fields, snippet);
    fields.set("URL", fmt::format("{}/s/{}", base, snippet.id));
    show_code(fields, snippet.body, snippet.language, colours);
    fields.set("STYLE_URL", asset_url("style.css"));
    fields.set("THEME_URL", asset_url("theme.js"));
    fields.set("SCRIPT_URL", asset_url("embed.js"));
    fields.set("HIGHLIGHTER_URL", asset_url("highlighter.js"));
    return render("embed", fields);
}

}  // namespace snippetd::pages
