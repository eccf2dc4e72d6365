#include "model/file_bundle.hpp"

#include "base/utf8.hpp"
#include "model/languages.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::model {

namespace {

constexpr std::size_t kNameBytesMax = 255;
constexpr std::string_view kNoFinalFeed = "<!-- no line feed at the end -->\n";

std::size_t longest_run(std::string_view text, char wanted) {
    std::size_t longest = 0, run = 0;
    for (const char c : text) {
        run = c == wanted ? run + 1 : 0;
        longest = std::max(longest, run);
    }
    return longest;
}

/// Takes `expected` off the front of `text`.
bool take(std::string_view& text, std::string_view expected) {
    if (!text.starts_with(expected)) return false;
    text.remove_prefix(expected.size());
    return true;
}

/// Takes a line off, which is returned without its line feed; nothing when `text` has no line feed any more.
std::optional<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return std::nullopt;
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

std::optional<File> take_file(std::string_view& text) {
    if (!take(text, "\n## `")) return std::nullopt;
    std::optional<std::string_view> name = take_line(text);
    if (!name || !name->ends_with('`')) return std::nullopt;
    name->remove_suffix(1);
    if (file_name_fault(*name) || !take(text, "\n")) return std::nullopt;
    const std::optional<std::string_view> opening = take_line(text);
    if (!opening) return std::nullopt;
    const std::string_view fence = opening->substr(0, opening->find_first_not_of('`'));
    if (fence.size() < 3) return std::nullopt;
    const std::string_view rest = text;
    while (const std::optional<std::string_view> line = take_line(text)) {
        if (*line != fence) continue;
        std::string_view content = rest.substr(0, rest.size() - text.size() - fence.size() - 1);
        if (take(text, kNoFinalFeed) && !content.empty()) content.remove_suffix(1);
        return File{std::string{*name}, std::string{content}};
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string_view> file_name_fault(std::string_view name) {
    if (name.empty() || name.size() > kNameBytesMax) return "a file name has 1 to 255 bytes";
    if (!base::count_code_points(name)) return "a file name is text in UTF-8";
    if (base::has_control_characters(name)) return "a file name may not have control characters";
    if (name == "." || name == "..") return "a file name is no folder";
    if (name.find_first_of("`/\\") != name.npos) return "a file name may not have slashes or backticks";
    return std::nullopt;
}

std::string bundle(const std::vector<File>& files) {
    std::string out = fmt::format("<!-- {} files -->\n", files.size());
    for (const File& file : files) {
        const std::string fence(std::max<std::size_t>(3, longest_run(file.content, '`') + 1), '`');
        const std::string_view language = told_language(file.name, file.content).value_or(kPlainText);
        out += fmt::format("\n## `{}`\n\n{}{}\n", file.name, fence, language == kPlainText ? "" : language);
        out += file.content;
        const bool open = !file.content.empty() && file.content.back() != '\n';
        if (open) out += '\n';
        out += fence;
        out += '\n';
        if (open) out += kNoFinalFeed;
    }
    return out;
}

std::optional<std::vector<File>> unbundle(std::string_view text) {
    const std::optional<std::string_view> head = take_line(text);
    if (!head || !head->starts_with("<!-- ") || !head->ends_with(" files -->")) return std::nullopt;
    std::vector<File> files;
    while (!text.empty()) {
        std::optional<File> file = take_file(text);
        if (!file || files.size() == kBundledFilesMax) return std::nullopt;
        const auto same_name = [&](const File& other) { return other.name == file->name; };
        if (std::any_of(files.begin(), files.end(), same_name)) return std::nullopt;
        files.push_back(*std::move(file));
    }
    if (files.empty()) return std::nullopt;
    return files;
}

}  // namespace snippetd::model
