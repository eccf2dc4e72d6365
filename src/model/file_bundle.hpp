#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Several files in one snippet, for conventions that have them: one create, one version, one link, one count of views.
/// It is a Markdown text, so that people can read it as it is:
///
///     <!-- 2 files -->
///
///     ## `main.cpp`
///
///     ```cpp
///     int main() {}
///     ```
///
///     ## `notes.txt`
///
///     ````
///     Some text, with ``` in it, that does not end with a line feed
///     ````
///     <!-- no line feed at the end -->
namespace snippetd::model {

inline constexpr std::size_t kBundledFilesMax = 300;

struct File {
    std::string name;
    std::string content;
};

/// Why no file can have this name, or nothing: 1 to 255 bytes, without control characters, backticks and
/// slashes, and no folder's.
std::optional<std::string_view> file_name_fault(std::string_view name);

/// The files, at most kBundledFilesMax, as one text. Their names are allowed and differ.
std::string bundle(const std::vector<File>& files);

/// The files, byte for byte as they were, or nothing when the text is no bundle: at least one file, no name
/// twice, no more than kBundledFilesMax.
std::optional<std::vector<File>> unbundle(std::string_view text);

}  // namespace snippetd::model
