#pragma once

#include "settings/settings.hpp"
#include "settings/table.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace snippetd::settings {

struct NamedCommand {
    Command command;
    const char* name;
    const char* meaning;
};

inline constexpr NamedCommand kCommands[] = {
    {Command::serve, "serve", "run the HTTP server and, unless --jobs off, the background jobs (the default)"},
    {Command::work, "work", "run only the background jobs"},
    {Command::migrate, "migrate", "bring the store's tables up to date and exit"},
    {Command::config, "config", "print the effective settings, with passwords masked"},
    {Command::health, "health", "ask the service that these settings start whether it is ready; exit 0 if it is"},
};

/// What one source gives for one setting.
struct Given {
    const Setting* setting;
    std::vector<std::string> texts;
    std::string place;   ///< for messages: `--cache-ttl`, `SNIPPETD_CACHE_TTL`, `FILE:3: cache-ttl`
    std::string source;  ///< for `snippetd config`
};

struct CommandLine {
    Command command = Command::serve;
    std::string config;  ///< empty: not given
    std::vector<Given> flags;
};

/// Throws SettingsError for what is neither a command nor a flag, and for a flag without its value.
CommandLine read_command_line(int argc, const char* const* argv);

/// `text` as messages show it: in quotes, at most 200 bytes of it, without control characters.
std::string in_quotes(std::string_view text);

}  // namespace snippetd::settings
