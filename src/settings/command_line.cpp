#include "settings/command_line.hpp"

#include <algorithm>

#include <CLI/CLI.hpp>

namespace snippetd::settings {

namespace {

using Texts = std::vector<std::string>;

/// The commands and flags as CLI11 knows them. Flags take one value each, also after the command.
void declare(CLI::App& app) {
    app.set_help_flag("--help,-h");
    app.set_version_flag("--version", "");
    for (const NamedCommand& command : kCommands) app.add_subcommand(command.name)->fallthrough();
    app.require_subcommand(0, 1);
    app.allow_extras();
    app.add_option("--config")->expected(1)->take_last();
    for (const Setting& setting : settings_table()) {
        const bool once = setting.kind == Setting::Kind::single;
        app.add_option("--" + setting.name)
            ->expected(1)
            ->multi_option_policy(once ? CLI::MultiOptionPolicy::TakeLast : CLI::MultiOptionPolicy::TakeAll);
    }
}

/// CLI11's message starts with the flag that lacks its value.
[[noreturn]] void fail_without_value(const std::string& message) {
    const auto flag = message.substr(0, message.find(':'));
    const Setting* setting = flag.starts_with("--") ? find_setting(flag.substr(2)) : nullptr;
    throw SettingsError(flag + ": has no value; allowed: " + (setting == nullptr ? "a file" : setting->allowed));
}

[[noreturn]] void fail_unexpected(const std::string& argument) {
    if (argument.starts_with('-')) {
        throw SettingsError(in_quotes(argument.substr(0, argument.find('='))) +
                            " is not a flag; snippetd --help lists them");
    }
    throw SettingsError(
        in_quotes(mask_password(argument)) +
        " is unexpected; allowed: one of the commands serve, work, migrate, config and health, and flags");
}

}  // namespace

CommandLine read_command_line(int argc, const char* const* argv) {
    CommandLine line;
    CLI::App app;
    declare(app);
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        line.command = Command::help;
        return line;
    } catch (const CLI::CallForVersion&) {
        line.command = Command::version;
        return line;
    } catch (const CLI::ArgumentMismatch& error) {
        fail_without_value(error.what());
    } catch (const CLI::ParseError& error) {
        throw SettingsError(error.what());
    }
    if (const auto extras = app.remaining(true); !extras.empty()) fail_unexpected(extras.front());
    for (const NamedCommand& command : kCommands) {
        if (app.got_subcommand(command.name)) line.command = command.command;
    }
    if (app.count("--config") != 0) line.config = app.get_option("--config")->results().back();
    for (const Setting& setting : settings_table()) {
        const std::string flag = "--" + setting.name;
        if (app.count(flag) == 0) continue;
        Texts texts = app.get_option(flag)->results();
        if (setting.kind == Setting::Kind::single) texts = {texts.back()};
        line.flags.push_back({&setting, std::move(texts), flag, "flag " + flag});
    }
    return line;
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShownBytesMax = 200;
    std::string shown(text.substr(0, kShownBytesMax));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return "\"" + shown + (text.size() > kShownBytesMax ? "…\"" : "\"");
}

}  // namespace snippetd::settings
