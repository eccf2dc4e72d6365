#include "fuzz/fuzz.hpp"
#include "pages/diff.hpp"

#include <string>
#include <vector>

// The first half of the input is the old text, the second half the new one.

namespace {

using namespace snippetd;

/// Some colours of a text.
std::vector<highlight::Run> runs_of(std::string_view text) {
    std::vector<highlight::Run> runs;
    for (std::size_t at = 0, bytes = 1; at < text.size(); at += bytes, bytes = bytes % 5 + 1) {
        const auto most = static_cast<std::uint32_t>(std::min(bytes, text.size() - at));
        runs.push_back({most, static_cast<highlight::Colour>(at % highlight::kColours)});
    }
    return runs;
}

/// Without the elements of colours. Nothing else is a span.
std::string plain(std::string_view html) {
    std::string out;
    while (!html.empty()) {
        const std::size_t tag = std::min(html.find('<'), html.size());
        out += html.substr(0, tag);
        html.remove_prefix(tag);
        const std::size_t end = std::min(html.find('>'), html.size() - 1) + 1;
        if (!html.starts_with("<span class=\"h") && !html.starts_with("</span>")) out += html.substr(0, end);
        html.remove_prefix(std::min(end, html.size()));
    }
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view all = fuzz::text(data, size);
    const std::string_view from = all.substr(0, size / 2), to = all.substr(size / 2);
    const std::vector<highlight::Run> before = runs_of(from), after = runs_of(to);
    for (const pages::DiffStyle style : {pages::DiffStyle::inline_, pages::DiffStyle::split}) {
        const pages::Diff diff = pages::diff_html(from, to, {style});
        fuzz::need((from == to) == diff.html.empty(), "equal texts, and only those, have no difference");
        fuzz::need((from == to) == (diff.added + diff.removed == 0), "a difference is counted");
        const pages::Diff same = pages::diff_html(to, to, {style});
        fuzz::need(same.html.empty(), "a text is the same as itself");
        pages::DiffOptions options{style};
        options.before = before;
        options.after = after;
        fuzz::need(plain(pages::diff_html(from, to, options).html) == diff.html, "colours change nothing else");
    }
    return 0;
}
