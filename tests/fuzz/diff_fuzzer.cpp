#include "fuzz/fuzz.hpp"
#include "pages/diff.hpp"

// The first half of the input is the old text, the second half the new one.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    const std::string_view all = fuzz::text(data, size);
    const std::string_view from = all.substr(0, size / 2), to = all.substr(size / 2);
    for (const pages::DiffStyle style : {pages::DiffStyle::inline_, pages::DiffStyle::split}) {
        const pages::Diff diff = pages::diff_html(from, to, style);
        fuzz::need((from == to) == diff.html.empty(), "equal texts, and only those, have no difference");
        fuzz::need((from == to) == (diff.added + diff.removed == 0), "a difference is counted");
        const pages::Diff same = pages::diff_html(to, to, style);
        fuzz::need(same.html.empty(), "a text is the same as itself");
    }
    return 0;
}
