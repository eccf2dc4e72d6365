#include "fuzz/fuzz.hpp"
#include "highlight/embedded.hpp"
#include "highlight/highlight.hpp"

#include <chrono>

#include <boost/json/src.hpp>

/// The first byte chooses the language.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    if (size == 0) return 0;
    static highlight::Highlighter highlighter;
    const auto languages = highlight::embedded_languages();
    const std::string_view text = fuzz::text(data + 1, size - 1);
    const auto runs =
        highlighter.colour(text, languages[*data % languages.size()].first, std::chrono::milliseconds{200});
    fuzz::need(runs.has_value(), "an embedded language has a grammar");
    std::size_t sum = 0;
    for (std::size_t i = 0; i < runs->size(); ++i) {
        fuzz::need((*runs)[i].bytes > 0, "no run is empty");
        fuzz::need(i == 0 || (*runs)[i].colour != (*runs)[i - 1].colour, "neighbours differ");
        sum += (*runs)[i].bytes;
    }
    fuzz::need(sum == text.size(), "the runs are the text");
    return 0;
}
