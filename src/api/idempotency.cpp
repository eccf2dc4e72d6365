#include "api/idempotency.hpp"

#include "base/secret.hpp"

#include <algorithm>
#include <stdexcept>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kKeyCharactersMax = 255;

/// Keys of different clients have nothing to do with each other.
std::string scope_of(const Exchange& exchange) {
    if (exchange.caller.account) return "account:" + exchange.caller.account->id;
    return address_key(exchange.request.client);
}

std::string text_of(const json::object& object, const char* name) {
    return std::string{object.at(name).as_string()};
}

std::string unsealed(const json::object& object, const char* name, const std::string& key) {
    std::optional<std::string> text = base::unseal(text_of(object, name), key);
    if (!text) throw std::runtime_error{"what an idempotency record has sealed cannot be opened"};
    return *std::move(text);
}

void read_words(const json::object& words, model::Snippet& snippet) {
    snippet.title = text_of(words, "title");
    snippet.body = text_of(words, "body");
    snippet.tags.clear();
    for (const json::value& tag : words.at("tags").as_array()) snippet.tags.emplace_back(tag.as_string());
}

/// No deeper than the parser goes.
void append_canonical(std::string& out, const json::value& value) {
    if (const json::object* object = value.if_object()) {
        std::vector<const json::key_value_pair*> members;
        for (const json::key_value_pair& member : *object) members.push_back(&member);
        std::sort(members.begin(), members.end(), [](const auto* a, const auto* b) { return a->key() < b->key(); });
        out += '{';
        for (const json::key_value_pair* member : members) {
            out += json::serialize(json::string_view{member->key()});
            out += ':';
            append_canonical(out, member->value());
            out += ',';
        }
        out += '}';
    } else if (const json::array* array = value.if_array()) {
        out += '[';
        for (const json::value& element : *array) {
            append_canonical(out, element);
            out += ',';
        }
        out += ']';
    } else {
        out += json::serialize(value);
    }
}

}  // namespace

Result<std::optional<std::string>> idempotency_key(const http::Request& request) {
    if (!request.has(http::Field::idempotency_key)) return std::optional<std::string>{};
    const std::string_view key = request.field(http::Field::idempotency_key);
    const bool visible = std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
    if (key.empty() || key.size() > kKeyCharactersMax || !visible) {
        return invalid_field("Idempotency-Key", "has 1 to 255 visible ASCII characters");
    }
    return std::optional<std::string>{key};
}

std::string hash_of_json(const json::value& document) {
    std::string canonical;
    append_canonical(canonical, document);
    return base::hash_for("snippetd/asked", canonical);
}

store::IdempotencyRecord record_of(const Exchange& exchange, const std::string& key, std::string_view asked) {
    const http::Request& request = exchange.request;
    const std::string target = fmt::format("{} {}\n", http::to_text(request.method), request.path);
    store::IdempotencyRecord record;
    record.id = base::hash_for("snippetd/idempotency-key", scope_of(exchange) + '\n' + key);
    record.fingerprint = base::hash_for("snippetd/request-asked", fmt::format("{}{}", target, asked));
    record.fingerprint_of_bytes = base::hash_for("snippetd/request", target + request.body);
    if (exchange.caller.account) record.account_id = exchange.caller.account->id;
    return record;
}

std::string write_record(const std::string& key, const Receipt& receipt, bool with_words) {
    const model::Snippet& snippet = receipt.snippet;
    json::object response{
        {"id", snippet.id},
        {"language", snippet.language},
        {"visibility", static_cast<int>(snippet.visibility)},
        {"owner", snippet.owner_name},
        {"created_at", snippet.created_at},
        {"expires_at", snippet.expires_at.value_or(0)},
        {"burn", snippet.burn_after_reading},
        {"forked_from", snippet.forked_from},
        {"base", receipt.base},
    };
    if (with_words) {
        const json::object words{{"title", snippet.title},
                                 {"body", snippet.body},
                                 {"tags", json::array(snippet.tags.begin(), snippet.tags.end())}};
        response["words"] = base::seal(json::serialize(words), key);
    }
    if (!receipt.edit_token.empty()) response["edit_token"] = base::seal(receipt.edit_token, key);
    return json::serialize(response);
}

Receipt read_record(const std::string& response, const std::string& key, model::Snippet asked) {
    const json::value value = json::parse(response);
    const json::object& object = value.as_object();
    Receipt receipt;
    model::Snippet& snippet = receipt.snippet;
    snippet.id = text_of(object, "id");
    snippet.title = std::move(asked.title);
    snippet.body = std::move(asked.body);
    snippet.tags = std::move(asked.tags);
    if (object.contains("body")) read_words(object, snippet);  // of a fork, as release 0.1.0 kept it
    if (object.contains("words")) read_words(json::parse(unsealed(object, "words", key)).as_object(), snippet);
    snippet.language = text_of(object, "language");
    snippet.visibility = static_cast<model::Visibility>(object.at("visibility").as_int64());
    snippet.owner_name = text_of(object, "owner");
    snippet.created_at = snippet.updated_at = object.at("created_at").as_int64();
    if (const std::int64_t expires_at = object.at("expires_at").as_int64()) snippet.expires_at = expires_at;
    snippet.burn_after_reading = object.at("burn").as_bool();
    snippet.forked_from = text_of(object, "forked_from");
    receipt.base = text_of(object, "base");
    if (object.contains("edit_token")) receipt.edit_token = unsealed(object, "edit_token", key);
    return receipt;
}

}  // namespace snippetd::api
