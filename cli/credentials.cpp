#include "credentials.hpp"

#include "failure.hpp"
#include "service.hpp"
#include "text.hpp"

#include <cstdlib>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

/// An account may have no home; then nothing is stored.
std::optional<PrivateFile> file_if_any(const char* variable, const char* fallback, const char* name) {
    try {
        return PrivateFile{path_below(variable, fallback, name)};
    } catch (const Failure&) {
        return std::nullopt;
    }
}

json::object parse(const std::optional<std::string>& content, const std::filesystem::path& path) {
    if (!content || content->empty()) return {};
    json::error_code failure;
    json::value value = json::parse(*content, failure);
    if (failure || !value.is_object()) {
        throw Failure{ExitCode::local_file,
                      fmt::format("{} is not the JSON that snip writes: mend or remove it", printable(path.string()))};
    }
    return std::move(value.as_object());
}

json::object& object_within(json::object& object, const char* name) {
    json::value& value = object[name];
    if (!value.is_object()) value = json::object{};
    return value.get_object();
}

json::array& array_within(json::object& object, const char* name) {
    json::value& value = object[name];
    if (!value.is_array()) value = json::array{};
    return value.get_array();
}

std::optional<Credentials::Login> login_within(const json::object& file, const std::string& origin) {
    const json::value* tokens = file.if_contains("tokens");
    if (!tokens || !tokens->is_object()) return std::nullopt;
    const json::value* login = tokens->get_object().if_contains(origin);
    if (!login || !login->is_object()) return std::nullopt;
    const json::object& object = login->get_object();
    return Credentials::Login{text_in(object, "token"), text_in(object, "id"), text_in(object, "username")};
}

bool is_entry(const json::value& value, const std::string& base, const std::string& id) {
    return value.is_object() && text_in(value.get_object(), "server") == base &&
           text_in(value.get_object(), "id") == id;
}

constexpr const char* kConfigVariable = "XDG_CONFIG_HOME";
constexpr const char* kConfigFolder = ".config";
constexpr const char* kConfigName = "snip.json";
constexpr const char* kStateVariable = "XDG_STATE_HOME";
constexpr const char* kStateFolder = ".local/state";
constexpr const char* kStateName = "edit-tokens.json";

json::object read_config() {
    const std::optional<PrivateFile> file = file_if_any(kConfigVariable, kConfigFolder, kConfigName);
    return file ? parse(file->read(), file->path()) : json::object{};
}

}  // namespace

std::filesystem::path Credentials::path() {
    return path_below(kConfigVariable, kConfigFolder, kConfigName);
}

std::optional<std::string> Credentials::server() const {
    const std::string server = text_in(read_config(), "server");
    return server.empty() ? std::nullopt : std::optional{server};
}

std::optional<Credentials::Login> Credentials::find(const std::string& origin) const {
    return login_within(read_config(), origin);
}

std::optional<Credentials::Login> Credentials::store(const ServerAddress& server, const Login& login) const {
    std::optional<Login> before;
    const PrivateFile file{path()};
    file.update([&](const std::optional<std::string>& content) -> std::optional<std::string> {
        json::object config = parse(content, file.path());
        before = login_within(config, server.origin);
        config["server"] = server.base();
        object_within(config, "tokens")[server.origin] =
            json::object{{"token", login.token}, {"id", login.id}, {"username", login.username}};
        return json::serialize(config) + "\n";
    });
    return before;
}

std::optional<Credentials::Login> Credentials::forget(const std::string& origin) const {
    std::optional<Login> before;
    const PrivateFile file{path()};
    file.update([&](const std::optional<std::string>& content) -> std::optional<std::string> {
        json::object config = parse(content, file.path());
        before = login_within(config, origin);
        json::object& tokens = object_within(config, "tokens");
        tokens.erase(origin);
        if (tokens.empty()) return std::nullopt;
        return json::serialize(config) + "\n";
    });
    return before;
}

std::optional<std::string> EditTokens::find(const std::string& base, const std::string& id) const {
    const std::optional<PrivateFile> file = file_if_any(kStateVariable, kStateFolder, kStateName);
    if (!file) return std::nullopt;
    json::object state = parse(file->read(), file->path());
    for (const json::value& entry : array_within(state, "tokens")) {
        if (is_entry(entry, base, id)) return text_in(entry.get_object(), "token");
    }
    return std::nullopt;
}

void EditTokens::store(const std::string& base, const std::string& id, const std::string& token) const {
    const PrivateFile file{path_below(kStateVariable, kStateFolder, kStateName)};
    file.update([&](const std::optional<std::string>& content) -> std::optional<std::string> {
        json::object state = parse(content, file.path());
        json::array& tokens = array_within(state, "tokens");
        tokens.push_back(json::object{{"server", base}, {"id", id}, {"token", token}});
        if (tokens.size() > kTokensMax) {
            tokens.erase(tokens.begin(), tokens.end() - static_cast<std::ptrdiff_t>(kTokensMax));
        }
        return json::serialize(state) + "\n";
    });
}

void EditTokens::forget(const std::string& base, const std::string& id) const {
    if (!find(base, id)) return;
    const PrivateFile file{path_below(kStateVariable, kStateFolder, kStateName)};
    file.update([&](const std::optional<std::string>& content) -> std::optional<std::string> {
        json::object state = parse(content, file.path());
        json::array& tokens = array_within(state, "tokens");
        for (auto entry = tokens.begin(); entry != tokens.end();) {
            entry = is_entry(*entry, base, id) ? tokens.erase(entry) : entry + 1;
        }
        return json::serialize(state) + "\n";
    });
}

}  // namespace snippetd::cli
