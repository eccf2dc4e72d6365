#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace snippetd::model {

/// A language that a snippet can be written in. Everything it refers to lives as long as the program.
struct Language {
    std::string_view name;                  ///< what the API, the store and the highlighter call it: lower case, unique
    std::string_view label;                 ///< what people read
    std::vector<std::string_view> aliases;  ///< other names, never the name of another language
    std::vector<std::string_view> extensions;    ///< without the leading dot; may contain dots
    std::vector<std::string_view> file_names;    ///< whole file names such as `makefile`
    std::vector<std::string_view> interpreters;  ///< of a `#!` line, without path and version
};

/// The name of the language of everything that is in no other: `text`.
inline constexpr std::string_view kPlainText = "text";

/// Every language, sorted by name. An alias, extension, file name or interpreter belongs to one language.
std::span<const Language> languages();

/// The canonical name of the language with this name, alias or label, compared without ASCII case; nothing when no
/// language has it. The result lives as long as the program. Thread-safe.
std::optional<std::string_view> language_named(std::string_view name_or_alias);

/// The same; `text` when no language has it.
inline std::string_view canonical_language(std::string_view name_or_alias) {
    return language_named(name_or_alias).value_or(kPlainText);
}

/// What people read for the language of this name; the name itself when no language has it.
std::string_view language_label(std::string_view name);

/// The language that is told by the file name or extension that `title` ends with, else by the interpreter in the `#!`
/// line that `body` starts with; nothing when neither says. Directories in front of the file name and a closing `.in`,
/// `.example`, `.orig` and the like are ignored. The result lives as long as the program. Thread-safe.
std::optional<std::string_view> told_language(std::string_view title, std::string_view body);

}  // namespace snippetd::model
