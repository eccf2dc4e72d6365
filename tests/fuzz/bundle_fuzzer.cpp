#include "fuzz/fuzz.hpp"
#include "model/file_bundle.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    const std::string_view text = fuzz::text(data, size);
    const auto same = [](const std::vector<model::File>& a, const std::vector<model::File>& b) {
        bool equal = a.size() == b.size();
        for (std::size_t i = 0; equal && i < a.size(); ++i)
            equal = a[i].name == b[i].name && a[i].content == b[i].content;
        return equal;
    };
    if (const auto files = model::unbundle(text)) {
        fuzz::need(!files->empty() && files->size() <= model::kBundledFilesMax, "a bundle has some files");
        const auto again = model::unbundle(model::bundle(*files));
        fuzz::need(again && same(*files, *again), "what was read can be written");
    }
    const std::vector<model::File> two{{"a.txt", std::string{text}}, {"b", std::string{text.substr(size / 2)}}};
    const auto again = model::unbundle(model::bundle(two));
    fuzz::need(again && same(two, *again), "files come back byte for byte");
    return 0;
}
