#include "cache/fields.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <boost/json.hpp>

namespace snippetd::cache {

namespace {

using State = model::Loaded::State;
using model::Visibility;

constexpr std::array<std::pair<std::string_view, State>, 3> kKinds{
    {{"snippet", State::found}, {"missing", State::missing}, {"gone", State::gone}}};
// A snippet whose body is packed. Not a field beside the kind: a version that does not know it leaves it alone.
constexpr std::string_view kPacked = "packed";

std::string_view name_of(State state) {
    for (const auto& [name, known] : kKinds) {
        if (known == state) return name;
    }
    throw std::logic_error{"an unknown state"};
}

State state_of(const std::string& name) {
    if (name == kPacked) return State::found;
    for (const auto& [known, state] : kKinds) {
        if (known == name) return state;
    }
    throw std::invalid_argument{"a cached entry of an unknown kind"};
}

Visibility visibility_of(const std::string& name) {
    const std::optional<Visibility> visibility = model::visibility_named(name);
    if (visibility && *visibility != Visibility::private_) return *visibility;
    throw std::invalid_argument{"a cached entry of a visibility that is not cached"};
}

std::int64_t number(const std::string& text) {
    const auto value = base::parse_number<std::int64_t>(text);
    if (!value) throw std::invalid_argument{"a cached entry with a number that is none"};
    return *value;
}

std::vector<std::string> read_tags(const std::string& text) {
    boost::system::error_code error;
    const boost::json::value tags = boost::json::parse(text, error);
    const auto is_text = [](const boost::json::value& tag) { return tag.is_string(); };
    if (error || !tags.is_array() || !std::all_of(tags.as_array().begin(), tags.as_array().end(), is_text)) {
        throw std::invalid_argument{"a cached entry with tags that are none"};
    }
    return boost::json::value_to<std::vector<std::string>>(tags);
}

}  // namespace

const std::vector<std::string>& field_names() {
    static const std::vector<std::string> names{"kind",       "version",    "count",      "title", "body",
                                                "language",   "visibility", "tags",       "owner", "created_at",
                                                "updated_at", "expires_at", "forked_from"};
    return names;
}

std::vector<std::string> write_fields(const model::Loaded& loaded, std::optional<std::string> packed) {
    std::vector<std::string> fields{"kind", std::string{packed ? kPacked : name_of(loaded.state)}};
    if (loaded.state != State::found) return fields;
    const model::Snippet& snippet = *loaded.snippet;
    const auto add = [&fields](const char* name, std::string value) {
        fields.emplace_back(name);
        fields.push_back(std::move(value));
    };
    add("title", snippet.title);
    add("body", packed ? std::move(*packed) : snippet.body);
    add("language", snippet.language);
    add("visibility", std::string{model::to_text(snippet.visibility)});
    add("tags", boost::json::serialize(boost::json::value_from(snippet.tags)));
    add("owner", snippet.owner_name);
    add("created_at", std::to_string(snippet.created_at));
    add("updated_at", std::to_string(snippet.updated_at));
    add("expires_at", std::to_string(snippet.expires_at.value_or(0)));
    add("forked_from", snippet.forked_from);
    return fields;
}

std::string* find_packed(std::vector<redis::Reply>& values) {
    const std::vector<std::string>& names = field_names();
    if (values.size() != names.size() || values.front().text != kPacked) return nullptr;
    return &values[static_cast<std::size_t>(std::find(names.begin(), names.end(), "body") - names.begin())].text;
}

model::Loaded read_fields(const std::string& id, std::vector<redis::Reply> values) {
    if (values.size() != field_names().size()) throw std::invalid_argument{"a cached entry of another shape"};
    auto value = values.begin();
    const auto next = [&value]() -> std::string& { return (value++)->text; };
    model::Loaded loaded;
    loaded.state = state_of(next());
    if (loaded.state != State::found) return loaded;
    auto snippet = std::make_shared<model::Snippet>();
    snippet->id = id;
    snippet->version = number(next());
    snippet->view_count = number(next());
    snippet->title = next();
    snippet->body = std::move(next());
    snippet->language = next();
    snippet->visibility = visibility_of(next());
    snippet->tags = read_tags(next());
    snippet->owner_name = next();
    snippet->created_at = number(next());
    snippet->updated_at = number(next());
    if (const std::int64_t expires_at = number(next()); expires_at != 0) snippet->expires_at = expires_at;
    snippet->forked_from = next();
    loaded.snippet = std::move(snippet);
    return loaded;
}

}  // namespace snippetd::cache
