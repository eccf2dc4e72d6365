#include "conventions/gist_files.hpp"

#include "exchange/snippet_json.hpp"
#include "model/languages.hpp"

#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace snippetd::conventions {

using namespace exchange;

namespace {

constexpr std::string_view kBetween = ": ";
constexpr std::size_t kNamesBytesMax = 200;  // of the title of a bundle that has no description

std::string names_of(const std::vector<model::File>& files) {
    std::string names;
    for (const model::File& file : files) names += (names.empty() ? "" : ", ") + file.name;
    return names.size() <= kNamesBytesMax ? names : fmt::format("{} files", files.size());
}

bool is_alone(const Gist& gist) {
    return gist.files.size() == 1 && gist.files.front().name.find(kBetween) == std::string::npos;
}

std::string name_of(const model::Snippet& snippet, std::string_view title) {
    if (!model::file_name_fault(title)) return std::string{title};
    return fmt::format("gistfile1.{}", extension_of(snippet.language));
}

}  // namespace

Gist gist_of(const model::Snippet& snippet) {
    Gist gist;
    if (std::optional<std::vector<model::File>> files = model::unbundle(snippet.body)) {
        gist.bundled = true;
        gist.files = *std::move(files);
        if (snippet.title != names_of(gist.files)) gist.description = snippet.title;
        return gist;
    }
    const std::string_view title = snippet.title;
    const std::size_t between = title.rfind(kBetween);
    if (between == title.npos) {
        gist.files.push_back({name_of(snippet, title), snippet.body});
        if (gist.files.front().name != title) gist.description = title;
    } else {
        gist.description = title.substr(0, between);
        gist.files.push_back({name_of(snippet, title.substr(between + kBetween.size())), snippet.body});
    }
    return gist;
}

StoredGist store_gist(const Gist& gist) {
    if (!is_alone(gist)) {
        return {gist.description.empty() ? names_of(gist.files) : gist.description, model::bundle(gist.files),
                "markdown"};
    }
    const model::File& file = gist.files.front();
    std::string title = gist.description.empty() ? file.name : gist.description + std::string{kBetween} + file.name;
    return {std::move(title), file.content, std::nullopt};
}

}  // namespace snippetd::conventions
