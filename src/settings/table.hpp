#pragma once

#include "settings/settings.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::settings {

/// One setting. Flags, environment, file, help and `snippetd config` all come from this.
struct Setting {
    enum class Kind {
        single,   ///< one value, the last flag wins
        list,     ///< several; a later source replaces the list of an earlier one
        partial,  ///< several; a later source replaces only the parts that it names
    };

    std::string name;                   ///< `cache-ttl`: flag --cache-ttl, variable SNIPPETD_CACHE_TTL
    std::string value;                  ///< what its value is called in help
    std::string meaning;                ///< for help
    std::string allowed;                ///< for help and messages
    std::vector<std::string> defaults;  ///< applied like values that are given
    std::string default_text;           ///< for help
    Kind kind = Kind::single;
    bool is_number = false;  ///< written without quotes in a file
    bool is_secret = false;  ///< may be in a file of its own, which the variable with `_FILE` behind it names

    /// Sets the value. A single one gets exactly one text, the others get all texts. Throws BadValue.
    std::function<void(Settings&, const std::vector<std::string>&)> apply;
    /// The value as texts that `apply` takes; passwords masked.
    std::function<std::vector<std::string>(const Settings&)> show;
};

/// All settings, in the order of the documentation.
const std::vector<Setting>& settings_table();

/// Null when there is none of that name.
const Setting* find_setting(std::string_view name);

/// `SNIPPETD_CACHE_TTL` for `cache-ttl`.
std::string variable_name(const std::string& setting);

}  // namespace snippetd::settings
