#include "base/escape_sequences.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"
#include "base/visible.hpp"
#include "fuzz/fuzz.hpp"
#include "pages/code.hpp"
#include "pages/terminal_output.hpp"

#include <string>

#include <boost/json/src.hpp>

namespace {

/// The text of a page as a browser reads it.
std::string text_of(std::string_view html) {
    std::string text;
    while (!html.empty()) {
        if (html.front() == '<') {
            html.remove_prefix(html.find('>') + 1);
            continue;
        }
        constexpr std::pair<std::string_view, char> kReferences[] = {
            {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&#13;", '\r'}};
        std::string_view taken = html.substr(0, 1);
        char c = html.front();
        for (const auto& [reference, meant] : kReferences) {
            if (!html.starts_with(reference)) continue;
            taken = reference;
            c = meant;
        }
        text += c;
        html.remove_prefix(taken.size());
    }
    return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    const std::string_view text = fuzz::text(data, size);
    fuzz::need(text_of(pages::code_html(text)) == text, "a page shows the text");
    std::vector<highlight::Run> runs;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        runs.push_back({byte % 7 + 1u, static_cast<highlight::Colour>(byte % highlight::kColours)});
    }
    fuzz::need(text_of(pages::code_html(text, runs)) == text, "in colours too");
    fuzz::need(text_of(pages::terminal_html(text)) == text, "as a terminal shows it too");
    for (const std::string_view language : {"text", "c"}) {
        // What is left of sequences after styles are taken out acts upon no terminal.
        const std::string ansi = base::without_controls(pages::ansi_text(text, language, {}));
        fuzz::need(base::visible(ansi) == ansi, "a terminal gets styles alone");
    }
    if (!base::count_code_points(text)) return 0;
    std::string json;
    base::append_json_string(json, text);
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(json, error);
    fuzz::need(!error && value.is_string() && value.get_string() == text, "JSON gives the text back");
    return 0;
}
