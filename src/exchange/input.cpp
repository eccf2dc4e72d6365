#include "exchange/input.hpp"

#include "base/ascii.hpp"
#include "base/numbers.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "http/lists.hpp"
#include "model/languages.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::exchange {

namespace json = boost::json;

namespace {

constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;
constexpr std::size_t kSearchCharactersMax = 200;
constexpr std::string_view kForeignCursor = "is not one that this service has given";

}  // namespace

bool has_multipart_body(const http::Request& request) {
    return base::equals_without_case(http::without_parameters(request.field(http::Field::content_type)),
                                     "multipart/form-data");
}

namespace {

std::string_view without_blanks(std::string_view text) {
    return base::trimmed(text, " ");
}

/// The tag in quotes that `text` begins with, up to the comma after it or the end; nothing when the quotes do not close
/// there, and then they are part of a tag like any other character.
std::optional<std::string> take_quoted(std::string_view& text) {
    std::string tag;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] != '"') {
            tag += text[i];
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
            tag += text[++i];
        } else {
            const std::size_t comma = std::min(text.find(',', i), text.size());
            if (!without_blanks(text.substr(i + 1, comma - i - 1)).empty()) return std::nullopt;
            text.remove_prefix(std::min(comma + 1, text.size()));
            return tag;
        }
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> split_tags(std::string_view text) {
    std::vector<std::string> tags;
    while (!text.empty()) {
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.starts_with('"')) {
            if (const std::optional<std::string> tag = take_quoted(text)) {
                if (!tag->empty()) tags.emplace_back(*tag);
                continue;
            }
        }
        const std::size_t comma = text.find(',');
        const std::string_view tag = without_blanks(text.substr(0, comma));
        text = comma == text.npos ? std::string_view{} : text.substr(comma + 1);
        if (!tag.empty()) tags.emplace_back(tag);
    }
    return tags;
}

Result<std::optional<std::int64_t>> read_lifetime(std::string_view name, std::string_view text) {
    if (text.empty() || text == "never") return std::optional<std::int64_t>{};
    const std::optional<std::int64_t> seconds = base::parse_seconds(text);
    if (!seconds) {
        return invalid_field(std::string{name},
                             "is neither never nor a whole number of seconds, or with s, m, h, d or w");
    }
    return seconds;
}

std::string join_tags(const std::vector<std::string>& tags) {
    std::string text;
    for (const std::string& tag : tags) {
        if (!text.empty()) text += ", ";
        const bool plain = tag.find(',') == tag.npos && tag.front() != '"' && without_blanks(tag) == tag;
        if (plain) {
            text += tag;
            continue;
        }
        text += '"';
        for (const char c : tag) text += c == '"' ? "\"\"" : std::string(1, c);
        text += '"';
    }
    return text;
}

Result<json::object> parse_object(const http::Request& request) {
    if (has_multipart_body(request)) return error(ErrorKind::bad_request, "This address takes JSON, not a form.");
    json::error_code failure;
    json::parse_options options;
    options.max_depth = 32;
    json::value value = json::parse({request.body.data(), request.body.size()}, failure, {}, options);
    if (failure) return error(ErrorKind::bad_request, "The request body is not JSON: " + failure.message() + ".");
    if (!value.is_object()) return error(ErrorKind::bad_request, "The request body must be a JSON object.");
    return std::move(value.as_object());
}

const json::value* Members::find(std::string_view name) {
    known_.push_back(name);
    return object_.if_contains({name.data(), name.size()});
}

const json::object* Members::object(std::string_view name) {
    const json::value* value = find(name);
    if (!value) return nullptr;
    if (!value->is_object()) complain(name, "must be an object");
    return value->if_object();
}

std::optional<std::string> Members::text(std::string_view name, bool null_allowed) {
    const json::value* value = find(name);
    if (!value || (null_allowed && value->is_null())) return std::nullopt;
    if (value->is_string()) return std::string{value->get_string()};
    complain(name, "must be a string");
    return std::nullopt;
}

bool Members::is_null(std::string_view name) const {
    const json::value* value = object_.if_contains({name.data(), name.size()});
    return value && value->is_null();
}

std::optional<bool> Members::boolean(std::string_view name) {
    const json::value* value = find(name);
    if (!value) return std::nullopt;
    if (value->is_bool()) return value->get_bool();
    complain(name, "must be true or false");
    return std::nullopt;
}

std::optional<std::optional<std::int64_t>> Members::integer_or_null(std::string_view name, std::int64_t min,
                                                                    std::int64_t max) {
    const json::value* value = find(name);
    if (!value) return std::nullopt;
    if (value->is_null()) return std::optional<std::int64_t>{};
    const bool fits = value->is_int64() && value->get_int64() >= min && value->get_int64() <= max;
    if (fits) return std::optional<std::int64_t>{value->get_int64()};
    complain(name, fmt::format("must be null or a whole number from {} to {}", min, max));
    return std::nullopt;
}

std::optional<std::vector<std::string>> Members::texts(std::string_view name) {
    const json::value* value = find(name);
    if (!value) return std::nullopt;
    const json::array* array = value->if_array();
    if (!array || !std::all_of(array->begin(), array->end(), [](const json::value& v) { return v.is_string(); })) {
        complain(name, "must be an array of strings");
        return std::nullopt;
    }
    std::vector<std::string> texts;
    for (const json::value& element : *array) texts.emplace_back(element.get_string());
    return texts;
}

use_cases::Complaints Members::complaints() {
    for (const auto& member : object_) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) complain(name, "is not known here");
        if (complaints_.overflows()) break;
    }
    return complaints_;
}

std::optional<model::Visibility> read_visibility(std::string_view name, use_cases::Complaints& complaints) {
    const std::optional<model::Visibility> visibility = model::visibility_named(name);
    if (!visibility) complaints.add("visibility", "must be public, unlisted or private");
    return visibility;
}

namespace {

/// `visibility` with what `is_public` says, which older clients know.
std::optional<model::Visibility> merge_is_public(std::optional<model::Visibility> visibility, bool named,
                                                 bool is_public, use_cases::Complaints& complaints) {
    if (!named) return is_public ? model::Visibility::unlisted : model::Visibility::private_;
    if (visibility && (*visibility != model::Visibility::private_) != is_public) {
        complaints.add("is_public", "contradicts visibility");
    }
    return visibility;
}

}  // namespace

SnippetInput read_snippet_input(const json::object& object, Purpose purpose) {
    Members members{object};
    SnippetInput input;
    input.body = members.text("body");
    input.title = members.text("title", true);
    if (purpose == Purpose::edit && members.is_null("title")) input.title = "";
    input.language = members.text("language", true);
    input.guesses_language = members.is_null("language");
    const std::optional<std::string> visibility = members.text("visibility");
    const std::optional<bool> is_public = members.boolean("is_public");
    input.tags = members.texts("tags");
    input.expires_in_s = members.integer_or_null("expires_in", 1, kExpiresInMax);
    if (purpose == Purpose::create) input.burn_after_reading = members.boolean("burn_after_reading");
    input.complaints = members.complaints();
    if (visibility) input.visibility = read_visibility(*visibility, input.complaints);
    if (is_public) {
        input.visibility =
            merge_is_public(input.visibility, object.contains("visibility"), *is_public, input.complaints);
    }
    return input;
}

use_cases::CredentialsInput read_credentials(const json::object& object) {
    Members members{object};
    use_cases::CredentialsInput input;
    input.username = members.text("username");
    input.password = members.text("password");
    input.complaints = members.complaints();
    return input;
}

Result<std::string> read_password(const json::object& object) {
    Members members{object};
    const auto password = members.text("password");
    if (!object.contains("password")) members.complain("password", "is required");
    if (auto wrong = members.finish()) return *std::move(wrong);
    return *password;
}

use_cases::PasswordInput read_new_password(const json::object& object) {
    Members members{object};
    use_cases::PasswordInput input;
    input.current = members.text("current");
    input.next = members.text("new");
    input.revoke_tokens = members.boolean("revoke_tokens").value_or(false);
    input.complaints = members.complaints();
    return input;
}

use_cases::TokenInput read_token(const json::object& object) {
    Members members{object};
    use_cases::TokenInput input;
    input.name = members.text("name");
    input.expires_in_s = members.integer_or_null("expires_in", 1, use_cases::kTokenSecondsMax).value_or(std::nullopt);
    input.complaints = members.complaints();
    return input;
}

std::string make_cursor(const store::Position& last) {
    return base::to_base64url(fmt::format("{}:{}", last.created_at, last.id));
}

namespace {

std::optional<store::Position> decode_cursor(const std::string& cursor) {
    const auto text = base::from_base64url(cursor);
    if (!text) return std::nullopt;
    const std::size_t colon = text->find(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto created_at = base::parse_number<base::UnixMillis>(std::string_view{*text}.substr(0, colon));
    store::Position position;
    position.id = text->substr(colon + 1);
    const bool plain =
        !position.id.empty() && position.id.size() <= 32 &&
        std::all_of(position.id.begin(), position.id.end(), [](unsigned char c) { return std::isalnum(c); });
    if (!created_at || !plain) return std::nullopt;
    position.created_at = *created_at;
    return position;
}

}  // namespace

Result<std::optional<store::Position>> read_cursor(std::string_view query) {
    const http::Parameter cursor = http::find_parameter(query, "cursor");
    if (!cursor.present) return std::optional<store::Position>{};
    std::optional<store::Position> position = decode_cursor(cursor.value);
    if (!position) return invalid_field("cursor", std::string{kForeignCursor});
    return position;
}

Result<VersionsQuery> read_versions_query(std::string_view query, int most) {
    VersionsQuery out{std::nullopt, most};
    const http::Parameter before = http::find_parameter(query, "before"), limit = http::find_parameter(query, "limit");
    if (before.present && !before.value.empty()) {
        out.before = base::parse_number<std::int64_t>(before.value);
        if (!out.before || *out.before < 1) return invalid_field("before", "is a version, counted from 1");
    }
    if (limit.present) {
        out.limit = base::parse_number<int>(limit.value).value_or(0);
        if (out.limit < 1 || out.limit > most) {
            return invalid_field("limit", fmt::format("is a whole number from 1 to {}", most));
        }
    }
    return out;
}

bool has_filters(std::string_view query) {
    if (query.empty()) return false;
    const auto has = [query](std::string_view name) { return !http::find_parameter(query, name).value.empty(); };
    return has("q") || has("tag") || has("language");
}

Result<store::ListQuery> read_list_query(std::string_view query, ListOf whose) {
    store::ListQuery out;
    Error wrong{ErrorKind::invalid, "Some values are not allowed.", {}, 0};
    const auto read = [&](std::string_view name) {
        http::Parameter parameter = http::find_parameter(query, name);
        if (parameter.malformed) wrong.fields.emplace_back(name, "is not percent-encoded UTF-8");
        return parameter;
    };
    if (const auto limit = read("limit"); limit.present) {
        out.limit = base::parse_number<int>(limit.value).value_or(0);
        if (out.limit < 1 || out.limit > 100) wrong.fields.emplace_back("limit", "is a whole number from 1 to 100");
    }
    if (const auto cursor = read("cursor"); cursor.present && !cursor.malformed && !cursor.value.empty()) {
        out.after = decode_cursor(cursor.value);
        if (!out.after) wrong.fields.emplace_back("cursor", kForeignCursor);
    }
    out.text = read("q").value;
    if (base::count_code_points(out.text).value_or(0) > kSearchCharactersMax) {
        wrong.fields.emplace_back("q", "may have at most 200 characters");
    }
    out.tag = read("tag").value;
    if (const auto language = read("language"); !language.value.empty()) {
        // Nothing is written in one that nobody knows.
        const std::optional<std::string_view> known = model::language_named(language.value);
        out.language = known ? std::string{*known} : language.value;
    }
    if (whose == ListOf::caller) {
        if (const auto visibility = read("visibility"); !visibility.value.empty()) {
            out.visibility = model::visibility_named(visibility.value);
            if (!out.visibility) wrong.fields.emplace_back("visibility", "is public, unlisted or private");
        }
    }
    if (const auto sort = read("sort"); !sort.value.empty()) {
        if (sort.value == "oldest") {
            out.order = store::ListOrder::oldest;
        } else if (sort.value == "views" && whose == ListOf::everybody) {
            out.order = store::ListOrder::most_viewed;
        } else if (sort.value != "newest") {
            wrong.fields.emplace_back(
                "sort", whose == ListOf::everybody ? "is newest, oldest or views" : "is newest or oldest");
        }
    }
    if (out.order == store::ListOrder::most_viewed && !out.text.empty()) {
        wrong.fields.emplace_back("sort", "is by views only where nothing is searched for (q)");
    }
    if (!wrong.fields.empty()) return wrong;
    return out;
}

Result<model::ViewBucket> read_view_bucket(std::string_view query) {
    const http::Parameter by = http::find_parameter(query, "by");
    if (!by.present || by.value == "day") return model::ViewBucket::day;
    if (by.value == "hour") return model::ViewBucket::hour;
    return Error{ErrorKind::invalid, "Some values are not allowed.", {{"by", "is hour or day"}}, 0};
}

}  // namespace snippetd::exchange
