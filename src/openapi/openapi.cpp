#include "openapi/openapi.hpp"

#include "pages/assets.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::openapi {

using namespace exchange;

namespace json = boost::json;

namespace {

// What every answer has, and every page beside it.
constexpr std::array<std::string_view, 2> kHeaders{"X-Request-Id", "X-Content-Type-Options"};
constexpr std::array<std::string_view, 6> kPageHeaders{"Vary",
                                                       "Content-Security-Policy",
                                                       "X-Frame-Options",
                                                       "Referrer-Policy",
                                                       "Cross-Origin-Opener-Policy",
                                                       "Permissions-Policy"};
// What answers of open routes have, and of those that search engines may not list (exposure.hpp).
constexpr std::array<std::string_view, 2> kOpenHeaders{"Access-Control-Allow-Origin", "Access-Control-Expose-Headers"};
constexpr std::array<std::string_view, 1> kUnlistedHeaders{"X-Robots-Tag"};
constexpr std::array<std::string_view, 2> kLimitHeaders{"RateLimit", "RateLimit-Policy"};

[[noreturn]] void fail(const std::string& what) {
    throw std::logic_error{"openapi/descriptions: " + what};
}

std::string_view view_of(const json::value& text) {
    const json::string& string = text.as_string();
    return {string.data(), string.size()};
}

json::string_view key(std::string_view name) {
    return {name.data(), name.size()};
}

const json::object& object_at(const json::object& in, std::string_view name) {
    const json::value* found = in.if_contains(key(name));
    if (!found || !found->is_object()) fail(fmt::format("there is no object `{}`", name));
    return found->get_object();
}

/// The text of an optional member.
std::string text_at(const json::object& in, std::string_view name) {
    const json::value* found = in.if_contains(key(name));
    return found ? std::string{view_of(*found)} : std::string{};
}

bool flag_at(const json::object& in, std::string_view name) {
    const json::value* found = in.if_contains(key(name));
    return found && found->as_bool();
}

/// The texts of an optional member.
std::vector<std::string> texts_at(const json::object& in, std::string_view name) {
    std::vector<std::string> texts;
    if (const json::value* found = in.if_contains(key(name))) {
        for (const json::value& text : found->as_array()) texts.emplace_back(view_of(text));
    }
    return texts;
}

std::string operation_key(const Route& route) {
    return fmt::format("{} {}", http::to_text(route.method), route.pattern);
}

std::vector<base::ErrorDescription> all_errors() {
    std::vector<base::ErrorDescription> all;
    for (int kind = 0; kind <= static_cast<int>(ErrorKind::insufficient_storage); ++kind) {
        all.push_back(base::describe(static_cast<ErrorKind>(kind)));
    }
    return all;
}

// --- What differs between processes

std::string policy_text(const Options& options, std::string_view name) {
    const auto found = options.policies.find(name);
    if (found == options.policies.end() || !found->second.enabled) return fmt::format("`{}`: off here", name);
    return fmt::format("`{}`: {} in {} s", name, limiter::quota_text(found->second),
                       found->second.window.count() / 1000);
}

std::string limits_text(const Options& options) {
    return fmt::format(
        "- {}, for each account: making, editing, deleting and copying\n"
        "- {}, for each address: the same without an account\n"
        "- {}, for each address and each account name: wherever a password is asked for\n"
        "- {}, for each address: making accounts\n"
        "- {}, {}, {}, {} and {}, for each address: reading, each by what it is\n"
        "- {}, for each account: an export of all it has",
        policy_text(options, "write"), policy_text(options, "anonymous"), policy_text(options, "login"),
        policy_text(options, "signup"), policy_text(options, "read"), policy_text(options, "list"),
        policy_text(options, "search"), policy_text(options, "render"), policy_text(options, "egress"),
        policy_text(options, "export"));
}

/// Puts them where their names stand.
class Placeholders {
  public:
    Placeholders(const Options& options, std::string_view base_url) : max_body_{options.body_bytes_max} {
        texts_["{base_url}"] = base_url;
        texts_["{max_body}"] = std::to_string(max_body_);
        texts_["{limits}"] = limits_text(options);
        const std::string& style = pages::asset_url("style.css");
        texts_["{style_file}"] = style.substr(style.rfind('/') + 1);
    }

    std::string fill(std::string text) const {
        for (const auto& [name, value] : texts_) {
            for (std::size_t at = text.find(name); at != text.npos; at = text.find(name, at + value.size())) {
                text.replace(at, name.size(), value);
            }
        }
        return text;
    }

    void fill(json::value& value) const {
        if (json::string* string = value.if_string()) {
            if (*string == "{max_body}") {
                value = max_body_;
            } else if (*string == "{error_words}") {
                json::array words;
                for (const base::ErrorDescription& error : all_errors()) words.emplace_back(key(error.word));
                value = std::move(words);
            } else {
                *string = fill(std::string{view_of(value)});
            }
        } else if (json::array* array = value.if_array()) {
            for (json::value& element : *array) fill(element);
        } else if (json::object* object = value.if_object()) {
            for (auto& member : *object) {
                if (member.key() == "description" && member.value().is_array()) join(member.value());
                fill(member.value());
            }
        }
    }

  private:
    static void join(json::value& lines) {
        std::string text;
        for (const json::value& line : lines.as_array()) {
            if (!text.empty()) text += ' ';
            text += view_of(line);
        }
        lines = json::string{text};
    }

    std::uint64_t max_body_;
    std::map<std::string, std::string> texts_;
};

// --- What is written

/// What a file says about one route.
struct Entry {
    std::string tag;
    json::object said;
    bool used = false;
};

/// The files, with everything that differs between processes filled in.
struct Sources {
    json::object document, parameters, headers, schemas;
    std::string intro;
    std::map<std::string, Entry> entries;  ///< by `GET /path`
};

json::value parse(std::string_view name, std::string_view text) {
    json::error_code failure;
    json::value value = json::parse({text.data(), text.size()}, failure);
    if (failure || !value.is_object()) fail(fmt::format("{}.json is not a JSON object: {}", name, failure.message()));
    return value;
}

Sources read_sources(Writings writings, const Placeholders& placeholders) {
    Sources sources;
    for (const auto& [name, text] : writings) {
        if (name == "intro") {
            sources.intro = placeholders.fill(std::string{text});
            continue;
        }
        json::value value = parse(name, text);
        placeholders.fill(value);
        json::object& object = value.get_object();
        if (name == "document") {
            sources.document = std::move(object);
        } else if (name == "parameters") {
            sources.parameters = std::move(object);
        } else if (name == "headers") {
            sources.headers = std::move(object);
        } else if (name == "schemas") {
            sources.schemas = std::move(object);
        } else {
            for (const auto& member : object_at(object, "operations")) {
                const bool added = sources.entries
                                       .emplace(std::string{member.key()},
                                                Entry{text_at(object, "tag"), member.value().as_object(), false})
                                       .second;
                if (!added) fail(fmt::format("`{}` is documented twice", std::string_view{member.key()}));
            }
        }
    }
    return sources;
}

json::object first_example(const json::object& schema) {
    const json::value* examples = schema.if_contains("examples");
    if (!examples || examples->as_array().empty() || !examples->as_array().front().is_object()) return {};
    return examples->as_array().front().get_object();
}

/// A schema as OpenAPI has it. `extends` takes over what another one has, `without` leaves some members of it out: the
/// rules for members that are not known apply to a whole schema, so it has to be written out.
json::object written_out(const json::object& schemas, std::string_view name) {
    const json::object& own = object_at(schemas, name);
    if (!own.contains("extends")) return own;
    const json::object other = written_out(schemas, text_at(own, "extends"));
    json::object whole;
    if (const json::value* description = own.if_contains("description")) whole["description"] = *description;
    json::object properties = object_at(other, "properties"), example = first_example(other);
    std::vector<std::string> required = texts_at(other, "required");
    if (own.contains("properties")) {
        for (const auto& member : object_at(own, "properties")) properties[member.key()] = member.value();
    }
    for (const auto& member : first_example(own)) example[member.key()] = member.value();
    for (const std::string& more : texts_at(own, "required")) required.push_back(more);
    for (const std::string& left_out : texts_at(own, "without")) {
        if (properties.erase(key(left_out)) == 0) fail(fmt::format("`{}` leaves out no member of another one", name));
        example.erase(key(left_out));
        std::erase(required, left_out);
    }
    whole["type"] = "object";
    whole["properties"] = std::move(properties);
    if (!required.empty()) whole["required"] = json::array(required.begin(), required.end());
    whole["additionalProperties"] = false;
    whole["examples"] = json::array{std::move(example)};
    return whole;
}

// --- The document

class Builder {
  public:
    Builder(Sources sources, const Options& options) : sources_{std::move(sources)}, options_{options} {
        for (const auto& member : sources_.schemas) {
            schemas_[member.key()] = written_out(sources_.schemas, std::string_view{member.key()});
        }
    }

    json::object build(std::span<const Route> routes, std::string_view base_url) {
        json::object paths;
        std::string missing;
        for (const Route& route : routes) {
            const auto found = sources_.entries.find(operation_key(route));
            if (found == sources_.entries.end()) {
                missing += fmt::format(" `{}` is not documented.", operation_key(route));
                continue;
            }
            found->second.used = true;
            json::value& path = paths[key(route.pattern)];
            if (!path.is_object()) path = json::object{};
            std::string method{http::to_text(route.method)};
            std::transform(method.begin(), method.end(), method.begin(), [](char c) { return c | 0x20; });
            path.get_object()[method] = operation(route, found->second);
        }
        for (const auto& [name, entry] : sources_.entries) {
            if (!entry.used) missing += fmt::format(" `{}` is documented, but there is no such route.", name);
        }
        if (!missing.empty()) fail(missing.substr(1));

        json::object document{{"openapi", "3.1.0"}, {"info", object_at(sources_.document, "info")}};
        document["info"].as_object()["version"] = SNIPPETD_VERSION;
        document["info"].as_object()["description"] = sources_.intro;
        document["servers"] = json::array{json::object{{"url", key(base_url)}}};
        document["tags"] = sources_.document.at("tags");
        document["paths"] = std::move(paths);
        document["components"] = json::object{{"schemas", std::move(schemas_)},
                                              {"parameters", sources_.parameters},
                                              {"headers", sources_.headers},
                                              {"responses", std::move(problems_)},
                                              {"securitySchemes", object_at(sources_.document, "securitySchemes")}};
        return document;
    }

  private:
    json::object operation(const Route& route, const Entry& entry) {
        const json::object& said = entry.said;
        json::object made{{"operationId", text_at(said, "id")}, {"tags", json::array{json::string{entry.tag}}}};
        made["summary"] = text_at(said, "summary");
        if (said.contains("description")) made["description"] = said.at("description");
        made["security"] = security(route.access, text_at(said, "callers"));
        if (json::array parameters = parameters_of(route, said); !parameters.empty()) {
            made["parameters"] = std::move(parameters);
        }
        if (said.contains("body")) made["requestBody"] = request_body(object_at(said, "body"));
        made["responses"] = responses(route, said);
        return made;
    }

    /// `callers` says what the table cannot: who is asked by the handler itself.
    static json::array security(Access access, std::string_view callers) {
        const auto schemes = [](std::initializer_list<const char*> names) {
            json::array all;
            for (const std::string_view name : names) {
                all.push_back(name.empty() ? json::object{} : json::object{{key(name), json::array{}}});
            }
            return all;
        };
        if (callers == "editor") return schemes({"token", "session", "editToken"});
        if (callers == "basic") return schemes({"basic"});
        if (callers == "session") return schemes({"", "session"});
        if (callers == "optional") return schemes({"", "token", "session", "editToken"});
        if (!callers.empty()) fail(fmt::format("nobody knows the callers `{}`", callers));
        switch (access) {
            case Access::anyone: break;
            case Access::optional: return schemes({"", "token", "session", "editToken"});
            case Access::account: return schemes({"token", "session"});
            case Access::page: return schemes({"", "session", "token"});
            case Access::page_account: return schemes({"session", "token"});
        }
        return {};
    }

    static json::object reference(std::string_view kind, const json::object& all, std::string_view name) {
        if (!all.contains(key(name))) fail(fmt::format("nothing among the {} has the name `{}`", kind, name));
        return {{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
    }
    json::object schema_reference(std::string_view name) const { return reference("schemas", schemas_, name); }

    /// Those of the path first. One that is not named takes the first definition of its name.
    json::array parameters_of(const Route& route, const json::object& said) const {
        const std::vector<std::string> named = texts_at(said, "parameters");
        const auto stands_for = [this](std::string_view parameter, std::string_view variable) {
            const json::object& definition = object_at(sources_.parameters, parameter);
            return text_at(definition, "in") == "path" && text_at(definition, "name") == variable;
        };
        json::array all;
        std::string_view rest = route.pattern;
        for (std::size_t open = rest.find('{'); open != rest.npos; open = rest.find('{')) {
            const std::size_t close = rest.find('}');
            const std::string_view variable = rest.substr(open + 1, close - open - 1);
            rest.remove_prefix(close + 1);
            std::vector<std::string> candidates = named;
            for (const auto& member : sources_.parameters) candidates.emplace_back(member.key());
            const auto found = std::find_if(candidates.begin(), candidates.end(),
                                            [&](const std::string& name) { return stands_for(name, variable); });
            if (found == candidates.end()) fail(fmt::format("no parameter describes {{{}}}", variable));
            all.push_back(reference("parameters", sources_.parameters, *found));
        }
        for (const std::string& name : named) {
            if (text_at(object_at(sources_.parameters, name), "in") == "path") continue;
            all.push_back(reference("parameters", sources_.parameters, name));
        }
        return all;
    }

    /// A media type object with `examples`, or else the schema's own.
    json::object media_type(const std::string& schema, const json::object& said) const {
        json::object made{{"schema", schema_reference(schema)}};
        if (said.contains("examples")) {
            json::object examples;
            for (const auto& member : object_at(said, "examples")) {
                examples[member.key()] = json::object{{"value", member.value()}};
            }
            made["examples"] = std::move(examples);
        } else if (said.contains("example")) {
            made["example"] = said.at("example");
        } else {
            made["example"] = first_example(object_at(schemas_, schema));
        }
        return made;
    }

    json::object request_body(const json::object& said) const {
        const bool required = !said.contains("required") || said.at("required").as_bool();
        json::object content;
        if (said.contains("content")) content = object_at(said, "content");
        if (said.contains("json")) content["application/json"] = media_type(text_at(said, "json"), said);
        if (said.contains("form")) {
            content["application/x-www-form-urlencoded"] = media_type(text_at(said, "form"), said);
        }
        if (flag_at(said, "multipart")) content["multipart/form-data"] = media_type(text_at(said, "form"), said);
        return {{"required", required}, {"content", std::move(content)}};
    }

    // --- Answers

    /// What follows from the table and the stages (application.cpp), by status, as a sentence each.
    std::map<unsigned, std::string> derived(const Route& route, const json::object& said) const {
        std::map<unsigned, std::string> all;
        const bool has_path_parameter = route.pattern.find('{') != route.pattern.npos;
        const bool has_body = said.contains("body");
        const bool takes_json = has_body && object_at(said, "body").contains("json");
        // A row that is particular about its path is not found by one that is malformed.
        if (has_path_parameter && !route.accepts) all[400] = "The path is not percent-encoded UTF-8.";
        if (takes_json) all[400] = "The body is not a JSON object.";
        if (has_body && object_at(said, "body").contains("form")) all[400] = "The body is not a form.";
        if (has_body) all[413] = route.takes_text ? "The body is too large." : "The body is above 8 KiB.";
        if (takes_json) all[422] = "Some values are not allowed.";
        if (route.access == Access::optional) all[401] = "The token or the session opens nothing.";
        if (route.access == Access::account) all[401] = "This needs an account.";
        if (route.method != http::Method::get) all[403] = "Another site made the browser send this.";
        if (route.method != http::Method::get || object_at(said, "responses").contains("200")) {
            all[412] = "A precondition (`If-Match`, `If-Unmodified-Since`) does not hold.";
        }
        if (route.charge != Charge::nothing) all[429] = limit_text(route.charge);
        if (route.access != Access::anyone || route.charge != Charge::nothing) all[503] = {};
        if (route.takes_text && route.charge == Charge::write) all[507] = {};
        return all;
    }

    std::string limit_text(Charge charge) const {
        switch (charge) {
            case Charge::nothing: break;
            case Charge::login: return policy_text(options_, "login") + ".";
            case Charge::signup: return policy_text(options_, "signup") + ".";
            case Charge::write:
                return fmt::format("{}; without an account {}.", policy_text(options_, "write"),
                                   policy_text(options_, "anonymous"));
        }
        return {};
    }

    json::object responses(const Route& route, const json::object& said) {
        const bool metered = route.charge != Charge::nothing;
        std::map<unsigned, json::object> by_status;
        for (const auto& [status, text] : derived(route, said)) by_status[status] = problem(status, metered, text);
        if (route.access == Access::page_account) {
            by_status[303] = success(route, 303, {{"description", "To log-in."}});
        }
        for (const auto& member : object_at(said, "responses")) {
            const unsigned status = static_cast<unsigned>(std::stoul(std::string{member.key()}));
            if (!member.value().is_string()) {
                by_status[status] = success(route, status, member.value().as_object());
            } else if (!by_status.contains(status) || !member.value().get_string().empty()) {
                by_status[status] = problem(status, metered, view_of(member.value()));
            }
        }
        json::object all;
        for (auto& [status, response] : by_status) all[std::to_string(status)] = std::move(response);
        return all;
    }

    template <class Names>
    void add_headers(json::object& headers, const Names& names) const {
        for (const auto& name : names) headers[key(name)] = reference("headers", sources_.headers, name);
    }

    /// Any answer that is not a problem.
    json::object success(const Route& route, unsigned status, const json::object& said) const {
        const bool reads = route.method == http::Method::get;
        const bool of_account = route.access == Access::account || route.access == Access::page_account;
        const bool page = flag_at(said, "page");
        json::object headers;
        add_headers(headers, texts_at(said, "headers"));
        if (status == 303) add_headers(headers, std::array{"Location"});
        if (status != 204) add_headers(headers, std::array{"Cache-Control"});
        if (page) add_headers(headers, kPageHeaders);
        if (page && status != 304) add_headers(headers, std::array{"Content-Encoding"});
        if (route.charge != Charge::nothing) add_headers(headers, kLimitHeaders);
        if (route.open) add_headers(headers, kOpenHeaders);
        if (reads && (route.of_snippet || of_account)) add_headers(headers, kUnlistedHeaders);
        add_headers(headers, kHeaders);
        json::object content;
        if (said.contains("content")) content = object_at(said, "content");
        if (said.contains("json")) content["application/json"] = media_type(text_at(said, "json"), said);
        if (page && status != 304) content["text/html"] = json::object{{"schema", json::object{{"type", "string"}}}};
        json::object made{{"description", text_at(said, "description")}, {"headers", std::move(headers)}};
        if (!content.empty()) made["content"] = std::move(content);
        return made;
    }

    /// A reference to the one component for this status, with a description of its own where there is one.
    json::object problem(unsigned status, bool metered, std::string_view text) {
        const std::string name = fmt::format("{}Problem{}", metered ? "Metered" : "", status);
        if (!problems_.contains(name)) problems_[name] = problem_component(status, metered);
        json::object made{{"$ref", "#/components/responses/" + name}};
        if (!text.empty()) made["description"] = key(text);
        return made;
    }

    json::object problem_component(unsigned status, bool metered) const {
        json::array words;
        json::object examples;
        std::string_view description;
        for (const base::ErrorDescription& error : all_errors()) {
            if (error.status != status) continue;
            words.emplace_back(key(error.word));
            json::object example{{"type", "about:blank"},
                                 {"title", key(error.title)},
                                 {"status", status},
                                 {"error", key(error.word)},
                                 {"detail", key(error.title)}};
            if (error.word == "invalid") example["fields"] = json::object{{"title", "may have at most 200 characters"}};
            examples[key(error.word)] = json::object{{"value", std::move(example)}};
            if (description.empty()) description = error.title;
        }
        if (words.empty()) fail(fmt::format("no error has the status {}", status));
        json::object headers;
        if (status == 401) add_headers(headers, std::array{"WWW-Authenticate"});
        if (status == 416) add_headers(headers, std::array{"Content-Range"});
        if (status == 429 || status == 503) add_headers(headers, std::array{"Retry-After"});
        add_headers(headers, std::array{"Cache-Control"});
        add_headers(headers, kPageHeaders);
        add_headers(headers, std::array{"Content-Encoding"});
        add_headers(headers, kOpenHeaders);
        add_headers(headers, kUnlistedHeaders);
        if (metered) add_headers(headers, kLimitHeaders);
        add_headers(headers, kHeaders);
        json::object narrowed{{"properties", json::object{{"status", json::object{{"const", status}}},
                                                          {"error", json::object{{"enum", std::move(words)}}}}}};
        json::object schema{{"allOf", json::array{schema_reference("Problem"), std::move(narrowed)}}};
        return {{"description", fmt::format("{}.", description)},
                {"headers", std::move(headers)},
                {"content", json::object{{"application/problem+json", json::object{{"schema", std::move(schema)},
                                                                                   {"examples", std::move(examples)}}},
                                         {"text/html", json::object{{"schema", json::object{{"type", "string"}}}}}}}};
    }

    Sources sources_;
    const Options& options_;
    json::object schemas_, problems_;
};

}  // namespace

json::object openapi_document(std::span<const Route> routes, Writings writings, const Options& options,
                              std::string_view base_url) {
    return Builder{read_sources(writings, Placeholders{options, base_url}), options}.build(routes, base_url);
}

}  // namespace snippetd::openapi
