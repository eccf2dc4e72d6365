#include "fuzz/fuzz.hpp"
#include "pages/markdown.hpp"

#include <algorithm>
#include <array>

// Whatever is written, what comes out has no tag that is not ours, no attribute that is not, and no link that could run
// something.

namespace {

using snippetd::fuzz::need;

constexpr std::array<std::string_view, 32> kTags = {
    "a",   "blockquote", "br",  "code",  "del",   "details", "em", "h1",    "h2",      "h3",   "h4",
    "h5",  "h6",         "hr",  "kbd",   "li",    "ol",      "p",  "pre",   "section", "span", "strong",
    "sub", "summary",    "sup", "table", "tbody", "td",      "th", "thead", "tr",      "ul"};
constexpr std::array<std::string_view, 10> kAttributes = {"href", "title",      "class", "start", "align",
                                                          "role", "aria-label", "id",    "open",  "rel"};

bool is_harmless(std::string_view url) {
    const std::size_t colon = url.find(':');
    if (colon == url.npos || url.find_first_of("/?#") < colon) return true;
    const std::string_view scheme = url.substr(0, colon);
    const auto is = [scheme](std::string_view name) {
        return std::equal(scheme.begin(), scheme.end(), name.begin(), name.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; });
    };
    return is("http") || is("https") || is("mailto");
}

void check_attributes(std::string_view rest) {
    while (!rest.empty()) {
        if (rest == " /") return;
        need(rest.front() == ' ', "an attribute is apart");
        const std::size_t equals = rest.find("=\"");
        need(equals != rest.npos, "an attribute has a value");
        const std::string_view name = rest.substr(1, equals - 1);
        need(std::find(kAttributes.begin(), kAttributes.end(), name) != kAttributes.end(), "the attribute is ours");
        rest.remove_prefix(equals + 2);
        const std::size_t end = rest.find('"');
        need(end != rest.npos, "a value ends");
        const std::string_view value = rest.substr(0, end);
        if (name == "href") {
            need(is_harmless(value), "a link is harmless");
            // A browser would decode it: only what we have written ourselves may stand there.
            for (std::size_t at = value.find('&'); at != value.npos; at = value.find('&', at + 1)) {
                need(value.substr(at, 5) == "&amp;", "a link holds no reference to a character");
            }
        }
        rest.remove_prefix(end + 1);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kOutputMax = 1024 * 1024;
    const std::optional<std::string> html =
        snippetd::pages::markdown_html_within(snippetd::fuzz::text(data, size), kOutputMax);
    if (!html) return 0;
    need(html->size() < kOutputMax + 64 * 1024, "the bound holds");
    std::string_view rest = *html;
    for (std::size_t at = rest.find('<'); at != rest.npos; at = rest.find('<')) {
        rest.remove_prefix(at + 1);
        const std::size_t end = rest.find('>');
        need(end != rest.npos, "a tag ends");
        std::string_view tag = rest.substr(0, end);
        if (tag.starts_with('/')) tag.remove_prefix(1);
        const std::string_view name = tag.substr(0, tag.find(' '));
        need(!name.empty() && std::find(kTags.begin(), kTags.end(), name) != kTags.end(), "the tag is ours");
        check_attributes(tag.substr(name.size()));
        rest.remove_prefix(end + 1);
    }
    return 0;
}
