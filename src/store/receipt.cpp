#include "store/receipt.hpp"

#include "base/secret.hpp"

#include <stdexcept>
#include <utility>

#include <boost/json.hpp>

namespace snippetd::store {

namespace json = boost::json;

namespace {

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

}  // namespace

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

}  // namespace snippetd::store
