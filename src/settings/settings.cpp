#include "settings/settings.hpp"

#include "base/units.hpp"
#include "settings/command_line.hpp"
#include "settings/file.hpp"
#include "settings/table.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

// The order of the sources is decided here and not by CLI11, whose file would beat the environment: every
// source is read into `Given` values, and these are applied from the weakest source to the strongest.

namespace snippetd::settings {

namespace {

using Texts = std::vector<std::string>;

/// Variables that other parts of the project read: the client and the tests.
constexpr std::string_view kForeignVariables[] = {"SNIPPETD_TOKEN",  "SNIPPETD_BINARY",    "SNIPPETD_TIME_FACTOR",
                                                  "SNIPPETD_CORPUS", "SNIPPETD_FUZZ_SEED", "SNIPPETD_SANITIZER"};
constexpr std::string_view kVariablePrefix = "SNIPPETD_";
constexpr std::string_view kTestVariablePrefix = "SNIPPETD_TEST_";
constexpr const char* kConfigVariable = "SNIPPETD_CONFIG";
constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::size_t kSecretBytesMax = 16 * 1024;

// --- The other sources.

std::vector<Given> defaults() {
    std::vector<Given> given;
    for (const Setting& setting : settings_table()) given.push_back({&setting, setting.defaults, "default", "default"});
    return given;
}

std::vector<Given> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        throw SettingsError("cannot read the configuration file " + in_quotes(path));
    }
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<Given> given;
    for (FileEntry& entry : parse_settings_file(text, path)) {
        const Setting* setting = find_setting(entry.key);
        const std::string place = path + ":" + std::to_string(entry.line) + ": ";
        if (setting == nullptr)
            throw SettingsError(place + in_quotes(entry.key) + " is not a setting; snippetd --help lists them");
        if (setting->kind == Setting::Kind::single && entry.is_array) {
            throw SettingsError(place + entry.key + ": takes one value, not an array; allowed: " + setting->allowed);
        }
        given.push_back({setting, std::move(entry.values), place + entry.key, "file " + path});
    }
    return given;
}

/// The text of a file that holds one secret, as containers and systemd hand them over: without the line's end.
std::string read_secret(const std::string& variable, const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path)) {
        throw SettingsError(variable + ": cannot read the file " + in_quotes(path));
    }
    std::string text(kSecretBytesMax + 1, '\0');
    file.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(file.gcount()));
    if (text.size() > kSecretBytesMax) throw SettingsError(variable + ": the file " + in_quotes(path) + " is too long");
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    if (text.empty()) throw SettingsError(variable + ": the file " + in_quotes(path) + " is empty");
    return text;
}

std::vector<Given> read_environment(const Environment& environment) {
    const auto value_of = [&environment](const std::string& name) {
        const auto variable = environment.find(name);
        return variable == environment.end() ? std::string{} : variable->second;
    };
    std::vector<Given> given;
    for (const Setting& setting : settings_table()) {
        const std::string name = variable_name(setting.name), file_name = name + std::string{kFileSuffix};
        const std::string value = value_of(name), path = setting.is_secret ? value_of(file_name) : "";
        if (!value.empty() && !path.empty()) {
            throw SettingsError(name + " and " + file_name + " are both set; one of them is enough");
        }
        if (!value.empty()) given.push_back({&setting, {value}, name, "environment " + name});
        if (!path.empty()) {
            given.push_back({&setting, {read_secret(file_name, path)}, file_name, "environment " + file_name});
        }
    }
    return given;
}

bool is_known_variable(const std::string& name) {
    const auto& table = settings_table();
    return name == kConfigVariable || name.starts_with(kTestVariablePrefix) ||
           std::find(std::begin(kForeignVariables), std::end(kForeignVariables), name) != std::end(kForeignVariables) ||
           std::any_of(table.begin(), table.end(), [&](const Setting& s) {
               const std::string variable = variable_name(s.name);
               return variable == name || (s.is_secret && variable + std::string{kFileSuffix} == name);
           });
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
        throw SettingsError(given.place + ": " + in_quotes(bad.given) + " " + bad.problem +
                            "; allowed: " + setting.allowed);
    }
    std::string& source = invocation.sources[setting.name];
    const bool adds = setting.kind == Setting::Kind::partial && !source.empty();
    source = adds ? source + ", " + given.source : given.source;
}

/// An outage of Redis must not open the door to password guessing, nor shut everybody out, nor readers.
limiter::OnFailure on_failure_of(const limiter::Policy& policy, limiter::OnFailure asked_for) {
    const bool of_writes =
        policy.name == "write" || policy.name == "anonymous" || policy.name == limiter::kAddressPolicyName;
    return of_writes ? asked_for : limiter::OnFailure::local;
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
    for (limiter::Policy& policy : settings.rate_policies) {
        policy.on_failure = on_failure_of(policy, settings.rate_limit_on_failure);
    }
    for (limiter::Override& one : settings.rate_overrides) {
        one.policy.on_failure = on_failure_of(one.policy, settings.rate_limit_on_failure);
    }
    if (settings.memory_max / kSnippetsInMemoryMin < settings.max_body) {
        throw SettingsError(fmt::format("memory-max: {} is less than {} times max-body, which is {}",
                                        base::format_size(settings.memory_max), kSnippetsInMemoryMin,
                                        base::format_size(settings.max_body)));
    }
    invocation.unknown_variables = unknown_variables(environment);
    return invocation;
}

namespace {

std::string secret_names() {
    std::vector<std::string> names;
    for (const Setting& setting : settings_table()) {
        if (setting.is_secret) names.push_back(setting.name);
    }
    return CLI::detail::join(names, ", ");
}

}  // namespace

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
           "file. What may hold a secret (" +
           secret_names() + ") is also\nread from a file of its own, which " + variable_name("database") +
           std::string{kFileSuffix} + " and the like name.\n";
    return out;
}

std::string describe(const Invocation& invocation) {
    std::string out = "# The effective settings. Each comment says where the value is from; secrets are masked.\n";
    for (const Setting& setting : settings_table()) write_setting(out, setting, invocation);
    return out;
}

}  // namespace snippetd::settings
