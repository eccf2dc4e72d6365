#include "app/settings.hpp"

#include "app/settings_file.hpp"
#include "app/settings_table.hpp"
#include "app/settings_values.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <unistd.h>

// The order of the sources is decided here and not by CLI11, whose file would beat the environment: every
// source is read into `Given` values, and these are applied from the weakest source to the strongest.

namespace snippetd::app {

namespace {

using Texts = std::vector<std::string>;

struct NamedCommand {
    Command command;
    const char* name;
    const char* meaning;
};

constexpr NamedCommand kCommands[] = {
    {Command::serve, "serve", "run the HTTP server and, unless --jobs off, the background jobs (the default)"},
    {Command::work, "work", "run only the background jobs"},
    {Command::migrate, "migrate", "bring the store's tables up to date and exit"},
    {Command::config, "config", "print the effective settings, with passwords masked"},
};

/// Variables that other parts of the project read: the client and the tests.
constexpr std::string_view kForeignVariables[] = {"SNIPPETD_TOKEN",  "SNIPPETD_BINARY",    "SNIPPETD_TIME_FACTOR",
                                                  "SNIPPETD_CORPUS", "SNIPPETD_FUZZ_SEED", "SNIPPETD_SANITIZER"};
constexpr std::string_view kVariablePrefix = "SNIPPETD_";
constexpr std::string_view kTestVariablePrefix = "SNIPPETD_TEST_";
constexpr const char* kConfigVariable = "SNIPPETD_CONFIG";

/// What one source gives for one setting.
struct Given {
    const Setting* setting;
    Texts texts;
    std::string place;   // for messages: `--cache-ttl`, `SNIPPETD_CACHE_TTL`, `FILE:3: cache-ttl`
    std::string source;  // for `snippetd config`
};

std::string in_quotes(std::string_view text) {
    constexpr std::size_t kShownBytesMax = 200;
    std::string shown(text.substr(0, kShownBytesMax));
    for (char& c : shown) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    }
    return "\"" + shown + (text.size() > kShownBytesMax ? "…\"" : "\"");
}

[[noreturn]] void fail(const std::string& message) {
    throw SettingsError("snippetd: " + message);
}

const Setting* find_setting(std::string_view name) {
    const auto& table = settings_table();
    auto found = std::find_if(table.begin(), table.end(), [&](const Setting& s) { return s.name == name; });
    return found == table.end() ? nullptr : &*found;
}

// --- The command line.

struct CommandLine {
    Command command = Command::serve;
    std::string config;  // empty: not given
    std::vector<Given> flags;
};

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
    fail(flag + ": has no value; allowed: " + (setting == nullptr ? "a file" : setting->allowed));
}

[[noreturn]] void fail_unexpected(const std::string& argument) {
    if (argument.starts_with('-')) {
        fail(in_quotes(argument.substr(0, argument.find('='))) + " is not a flag; snippetd --help lists them");
    }
    fail(in_quotes(mask_password(argument)) +
         " is unexpected; allowed: one of the commands serve, work, migrate and config, and flags");
}

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
        fail(error.what());
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

// --- The other sources.

std::vector<Given> defaults() {
    std::vector<Given> given;
    for (const Setting& setting : settings_table()) given.push_back({&setting, setting.defaults, "default", "default"});
    return given;
}

std::vector<Given> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        fail("cannot read the configuration file " + in_quotes(path));
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<Given> given;
    for (FileEntry& entry : parse_settings_file(text, path)) {
        const Setting* setting = find_setting(entry.key);
        const std::string place = path + ":" + std::to_string(entry.line) + ": ";
        if (setting == nullptr) fail(place + in_quotes(entry.key) + " is not a setting; snippetd --help lists them");
        if (setting->kind == Setting::Kind::single && entry.is_array) {
            fail(place + entry.key + ": takes one value, not an array; allowed: " + setting->allowed);
        }
        given.push_back({setting, std::move(entry.values), place + entry.key, "file " + path});
    }
    return given;
}

std::vector<Given> read_environment(const Environment& environment) {
    std::vector<Given> given;
    for (const Setting& setting : settings_table()) {
        const std::string name = variable_name(setting.name);
        const auto variable = environment.find(name);
        if (variable == environment.end() || variable->second.empty()) continue;
        given.push_back({&setting, {variable->second}, name, "environment " + name});
    }
    return given;
}

bool is_known_variable(const std::string& name) {
    const auto& table = settings_table();
    return name == kConfigVariable || name.starts_with(kTestVariablePrefix) ||
           std::find(std::begin(kForeignVariables), std::end(kForeignVariables), name) != std::end(kForeignVariables) ||
           std::any_of(table.begin(), table.end(), [&](const Setting& s) { return variable_name(s.name) == name; });
}

std::vector<std::string> unknown_variables(const Environment& environment) {
    std::vector<std::string> unknown;
    for (const auto& [name, value] : environment) {
        if (name.starts_with(kVariablePrefix) && !is_known_variable(name)) unknown.push_back(name);
    }
    return unknown;
}

// --- From what is given to the settings.

/// The items of texts that are lists with commas.
Texts split_items(const Texts& texts) {
    Texts items;
    for (const std::string& text : texts) {
        for (std::string& item : CLI::detail::split(text, ',')) items.push_back(CLI::detail::trim(item));
    }
    return items;
}

void apply(const Given& given, Invocation& invocation) {
    const Setting& setting = *given.setting;
    const bool is_single = setting.kind == Setting::Kind::single;
    try {
        // A default without a text depends on other settings and comes last.
        if (!is_single || !given.texts.empty())
            setting.apply(invocation.settings, is_single ? given.texts : split_items(given.texts));
    } catch (const BadValue& bad) {
        fail(given.place + ": " + in_quotes(bad.given) + " " + bad.problem + "; allowed: " + setting.allowed);
    }
    std::string& source = invocation.sources[setting.name];
    const bool adds = setting.kind == Setting::Kind::partial && !source.empty();
    source = adds ? source + ", " + given.source : given.source;
}

std::string config_path(const CommandLine& line, const Environment& environment) {
    const auto variable = environment.find(kConfigVariable);
    return line.config.empty() && variable != environment.end() ? variable->second : line.config;
}

void write_setting(std::string& out, const Setting& setting, const Invocation& invocation) {
    Texts texts = setting.show(invocation.settings);
    if (!setting.is_number) std::transform(texts.begin(), texts.end(), texts.begin(), toml_string);
    const std::string values = CLI::detail::join(texts, ", ");
    out += setting.name + " = " + (setting.kind == Setting::Kind::single ? values : "[" + values + "]");
    out += "  # " + invocation.sources.at(setting.name) + "\n";
}

}  // namespace

Environment process_environment() {
    Environment variables;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view variable = *entry;
        const auto equals = variable.find('=');
        if (equals == std::string_view::npos || !variable.starts_with(kVariablePrefix)) continue;
        variables.emplace(variable.substr(0, equals), variable.substr(equals + 1));
    }
    return variables;
}

Invocation parse_settings(int argc, const char* const* argv, const Environment& environment) {
    const CommandLine line = read_command_line(argc, argv);
    Invocation invocation;
    invocation.command = line.command;
    if (line.command == Command::help || line.command == Command::version) return invocation;

    for (const Given& given : defaults()) apply(given, invocation);
    if (const auto path = config_path(line, environment); !path.empty()) {
        for (const Given& given : read_file(path)) apply(given, invocation);
    }
    for (const Given& given : read_environment(environment)) apply(given, invocation);
    for (const Given& given : line.flags) apply(given, invocation);

    Settings& settings = invocation.settings;
    if (settings.database.empty()) settings.database = "sqlite:" + (settings.data_dir / "snippets.db").string();
    invocation.unknown_variables = unknown_variables(environment);
    return invocation;
}

std::string help_text() {
    std::string out =
        "snippetd shares code snippets, and stays fast when one link goes viral.\n\n"
        "Usage: snippetd [COMMAND] [FLAGS]\n\nCommands:\n";
    for (const NamedCommand& command : kCommands) {
        const std::string_view name = command.name;
        out += "  " + std::string(name) + std::string(10 - name.size(), ' ') + command.meaning + "\n";
    }
    out +=
        "\nFlags:\n  --help, -h\n      print this and exit\n  --version\n      print the version and exit\n"
        "  --config FILE\n      a TOML file with lines such as cache-ttl = \"300s\"; or SNIPPETD_CONFIG\n";
    for (const Setting& setting : settings_table()) {
        out += "  --" + setting.name + " " + setting.value + "\n      " + setting.meaning +
               "\n      default: " + setting.default_text + "\n      allowed: " + setting.allowed + "\n";
    }
    out += "\nEach setting is also read from the environment (" + variable_name("cache-ttl") +
           " for --cache-ttl) and from the file.\nA flag beats the environment, the environment beats the "
           "file.\n";
    return out;
}

std::string describe(const Invocation& invocation) {
    std::string out = "# The effective settings. Each comment says where the value is from; secrets are masked.\n";
    for (const Setting& setting : settings_table()) write_setting(out, setting, invocation);
    return out;
}

}  // namespace snippetd::app
