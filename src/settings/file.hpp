#pragma once

#include <string>
#include <string_view>
#include <vector>

/// The configuration file: TOML 1.0, read by toml++, without tables. CLI11 has a reader too, but it cuts a quoted value
/// at `#` and passes over what it does not understand; a setting must not be lost silently.
namespace snippetd::settings {

struct FileEntry {
    std::string key;
    std::vector<std::string> values;  ///< one, unless `is_array`; numbers in decimal, `true` and `false`
    bool is_array = false;
    int line = 0;
};

/// Reads the entries in `text`, in order. Throws SettingsError that names `file` and the line for what is not
/// TOML, a table, a value of another type, and a key that is there twice.
std::vector<FileEntry> parse_settings_file(std::string_view text, std::string_view file);

/// `text` as a TOML string with its quotes.
std::string toml_string(std::string_view text);

}  // namespace snippetd::settings
