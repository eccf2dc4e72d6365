#include "settings/file.hpp"

#include "settings/settings.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

// In this one file, without a library to be linked.
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace snippetd::settings {

namespace {

constexpr std::string_view kEscapes = "btnfr\"\\";
constexpr std::string_view kEscaped = "\b\t\n\f\r\"\\";

std::string place(std::string_view file, const toml::source_region& where) {
    return std::string{file} + ":" + std::to_string(where.begin.line) + ": ";
}

/// What toml++ says, and what was most likely meant where it found something that is no value.
std::string explain(const toml::parse_error& error) {
    constexpr std::array kNoValues{"value:", "boolean:", "integer:", "float", "date", "time"};
    std::string problem{error.description()};
    const auto is_about = [&](const char* kind) { return problem.find(kind) != problem.npos; };
    if (std::any_of(kNoValues.begin(), kNoValues.end(), is_about)) problem += "; a text needs quotes";
    return problem;
}

/// Nothing for what is neither a text, a whole number nor a boolean.
std::optional<std::string> text_of(const toml::node& node) {
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* number = node.as_integer()) return std::to_string(number->get());
    if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
    return std::nullopt;
}

}  // namespace

std::vector<FileEntry> parse_settings_file(std::string_view text, std::string_view file) {
    const toml::parse_result parsed = toml::parse(text, file);
    if (!parsed) throw SettingsError(place(file, parsed.error().source()) + explain(parsed.error()));
    std::vector<FileEntry> entries;
    for (const auto& [key, node] : parsed.table()) {
        FileEntry entry;
        entry.key = key.str();
        entry.line = static_cast<int>(key.source().begin.line);
        const auto add = [&](const toml::node& value) {
            std::optional<std::string> one = text_of(value);
            if (!one) {
                throw SettingsError(place(file, value.source()) + entry.key +
                                    ": takes a text in quotes, a whole number, true or false");
            }
            entry.values.push_back(std::move(*one));
        };
        if (node.is_table()) {
            throw SettingsError(place(file, key.source()) +
                                "tables are not supported: write each setting as name = value");
        }
        if (const toml::array* array = node.as_array()) {
            entry.is_array = true;
            for (const toml::node& value : *array) add(value);
        } else {
            add(node);
        }
        entries.push_back(std::move(entry));
    }
    // A table has no order of its own, and what is wrong first is told first.
    std::sort(entries.begin(), entries.end(), [](const FileEntry& a, const FileEntry& b) { return a.line < b.line; });
    return entries;
}

std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        const auto kind = kEscaped.find(c);
        if (kind != std::string_view::npos) {
            result += '\\';
            result += kEscapes[kind];
        } else {
            result += c;
        }
    }
    return result + '"';
}

}  // namespace snippetd::settings
