#include "api/input.hpp"

#include "api/idempotency.hpp"
#include "base/precis.hpp"
#include "base/secret.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "model/languages.hpp"

#include <algorithm>
#include <charconv>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kTitleCharactersMax = 200;
constexpr std::size_t kTagsMax = 10;
constexpr std::size_t kTagCharactersMax = 32;
constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;
constexpr std::size_t kSearchCharactersMax = 200;
constexpr std::string_view kForeignCursor = "is not one that this service has given";

std::string lower_case(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    return text;
}

}  // namespace

bool has_multipart_body(const http::Request& request) {
    return lower_case(std::string{request.field(http::Field::content_type)}).starts_with("multipart/form-data");
}

namespace {

std::string_view without_blanks(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
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

json::array split_tags(std::string_view text) {
    json::array tags;
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
        if (!tag.empty()) tags.emplace_back(json::string_view{tag.data(), tag.size()});
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

std::string title_of_file(std::string_view file_name) {
    file_name.remove_prefix(file_name.find_last_of("/\\") + 1);  // npos + 1 is 0
    if (file_name == "-" || !base::count_code_points(file_name)) return {};
    std::string title;
    for (const char c : file_name) {
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) title += c;
    }
    std::size_t characters = *base::count_code_points(title), begin = 0;
    while (characters > kTitleCharactersMax) {
        do ++begin;
        while ((static_cast<unsigned char>(title[begin]) & 0xC0) == 0x80);
        --characters;
    }
    return title.substr(begin);
}

std::optional<Error> refuse_other_than_text(
    std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
    for (const auto& [name, value] : values) {
        if (!base::count_code_points(value)) return invalid_field(std::string{name}, "is not text in UTF-8");
    }
    return std::nullopt;
}

Result<json::object> parse_object(const http::Request& request) {
    if (has_multipart_body(request)) return error(ErrorKind::bad_request, "This route takes JSON, not a form.");
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

void Members::complain(std::string_view name, std::string_view why) {
    more_complaints_ = complaints_.size() >= kComplaintsMax;
    if (more_complaints_) return;
    const auto cut = [](std::string_view text) {
        if (text.size() <= kComplaintBytesMax) return std::string{text};
        std::size_t end = kComplaintBytesMax;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
        return std::string{text.substr(0, end)} + "…";
    };
    complaints_.emplace_back(cut(name), cut(why));
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

std::optional<Error> Members::finish() {
    for (const auto& member : object_) {
        const std::string_view name{member.key().data(), member.key().size()};
        if (std::find(known_.begin(), known_.end(), name) == known_.end()) complain(name, "is not known here");
        if (more_complaints_) break;
    }
    if (complaints_.empty()) return std::nullopt;
    std::string detail = "Some members have values that are not allowed.";
    if (more_complaints_) detail += fmt::format(" The first {} are named.", kComplaintsMax);
    return Error{ErrorKind::invalid, std::move(detail), std::move(complaints_), 0};
}

namespace {

void check_title(Members& members, const std::string& title) {
    if (base::count_code_points(title).value_or(kTitleCharactersMax + 1) > kTitleCharactersMax) {
        members.complain("title", "may have 200 characters");
    } else if (base::has_control_characters(title)) {
        members.complain("title", "may not have control characters");
    }
}

void check_tags(Members& members, std::vector<std::string>& tags) {
    // As they were sent, repetitions included: what follows compares each with each.
    if (tags.size() > kTagsMax) {
        members.complain("tags", "may be at most 10");
        return;
    }
    std::vector<std::string> unique;
    for (std::string& tag : tags) {
        const std::size_t length = base::count_code_points(tag).value_or(0);
        if (length < 1 || length > kTagCharactersMax || base::has_control_characters(tag)) {
            members.complain("tags", "each has 1 to 32 characters, without control characters");
            return;
        }
        if (std::find(unique.begin(), unique.end(), tag) == unique.end()) unique.push_back(std::move(tag));
    }
    tags = std::move(unique);
}

std::optional<model::Visibility> read_visibility(Members& members) {
    const std::optional<std::string> name = members.text("visibility");
    const std::optional<bool> is_public = members.boolean("is_public");
    std::optional<model::Visibility> visibility;
    if (name) {
        visibility = model::visibility_named(*name);
        if (!visibility) members.complain("visibility", "must be public, unlisted or private");
    }
    if (is_public) {
        if (visibility && (*visibility != model::Visibility::private_) != *is_public) {
            members.complain("is_public", "contradicts visibility");
        }
        if (!name) visibility = *is_public ? model::Visibility::unlisted : model::Visibility::private_;
    }
    return visibility;
}

}  // namespace

Result<SnippetInput> read_snippet_input(const json::object& object, std::uint64_t body_bytes_max, bool for_create) {
    Members members{object};
    SnippetInput input;
    input.body = members.text("body");
    input.title = members.text("title", true);
    if (!for_create && members.is_null("title")) input.title = "";
    if (const auto language = members.text("language", true)) {
        input.language = std::string{model::canonical_language(*language)};
    }
    input.guesses_language = members.is_null("language");
    input.visibility = read_visibility(members);
    input.tags = members.texts("tags");
    input.expires_in_s = members.integer_or_null("expires_in", 1, kExpiresInMax);
    if (for_create) input.burn_after_reading = members.boolean("burn_after_reading");
    if (input.title) check_title(members, *input.title);
    if (input.tags) check_tags(members, *input.tags);
    if (input.body && input.body->size() > body_bytes_max) {
        return error(ErrorKind::payload_too_large, fmt::format("A snippet may have {} bytes.", body_bytes_max));
    }
    if (input.body && input.body->empty()) members.complain("body", "may not be empty");
    if (input.body && input.body->find('\0') != std::string::npos)
        members.complain("body", "may not have NUL characters");
    if (for_create && !object.contains("body")) members.complain("body", "is required");
    if (auto wrong = members.finish()) return *std::move(wrong);
    return input;
}

Awaitable<Result<SnippetInput>> take_snippet_input(Exchange& exchange, bool for_create) {
    const http::Request& request = exchange.request;
    const std::uint64_t body_bytes_max = exchange.services.options.body_bytes_max;
    auto work = [&request, body_bytes_max, for_create]() -> Result<SnippetInput> {
        const Result<json::object> object = parse_object(request);
        if (!object) return object.error();
        Result<SnippetInput> input = read_snippet_input(*object, body_bytes_max, for_create);
        if (input && for_create && request.has(http::Field::idempotency_key)) input->asked = hash_of_json(*object);
        return input;
    };
    co_return co_await exchange.services.texts.by_size(Text::request, request.body.size(), std::move(work));
}

namespace {

bool has_length(const std::optional<std::string>& password) {
    const std::size_t length = password ? base::count_code_points(*password).value_or(0) : 0;
    return length >= 8 && length <= 256;
}

/// A new one, prepared.
std::string read_new(Members& members, std::string_view name, const std::string& password) {
    std::optional<std::string> prepared = base::opaque_string(password);
    if (!has_length(prepared)) members.complain(name, "has 8 to 256 characters, without control characters");
    return std::move(prepared).value_or(std::string{});
}

}  // namespace

Result<Credentials> read_credentials(const json::object& object, bool for_new_account) {
    Members members{object};
    Credentials credentials;
    const auto username = members.text("username");
    const auto password = members.text("password");
    if (!object.contains("username")) members.complain("username", "is required");
    if (!object.contains("password")) members.complain("password", "is required");
    if (username) {
        credentials.username = lower_case(*username);
        const bool fits =
            credentials.username.size() >= 2 && credentials.username.size() <= 32 &&
            credentials.username.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos;
        if (!fits) members.complain("username", "has 2 to 32 characters of a-z 0-9 _ -");
    }
    if (password && for_new_account) {
        credentials.password = read_new(members, "password", *password);
    } else if (password) {
        // Before passwords were prepared their length was counted as they were typed.
        if (!has_length(password) && !has_length(base::opaque_string(*password))) {
            members.complain("password", "has 8 to 256 characters");
        }
        credentials.password = *password;
    }
    if (auto wrong = members.finish()) return *std::move(wrong);
    return credentials;
}

Result<std::string> read_password(const json::object& object) {
    Members members{object};
    const auto password = members.text("password");
    if (!object.contains("password")) members.complain("password", "is required");
    if (auto wrong = members.finish()) return *std::move(wrong);
    return *password;
}

Result<NewPassword> read_new_password(const json::object& object) {
    Members members{object};
    const auto current = members.text("current");
    const auto next = members.text("new");
    if (!object.contains("current")) members.complain("current", "is required");
    if (!object.contains("new")) members.complain("new", "is required");
    const std::string prepared = next ? read_new(members, "new", *next) : std::string{};
    const bool revoke_tokens = members.boolean("revoke_tokens").value_or(false);
    if (auto wrong = members.finish()) return *std::move(wrong);
    return NewPassword{*current, prepared, revoke_tokens};
}

std::string make_cursor(const model::Snippet& last) {
    return base::to_base64url(fmt::format("{}:{}", last.created_at, last.id));
}

namespace {

std::optional<store::Position> decode_cursor(const std::string& cursor) {
    const auto text = base::from_base64url(cursor);
    if (!text) return std::nullopt;
    const std::size_t colon = text->find(':');
    if (colon == std::string::npos) return std::nullopt;
    store::Position position;
    const auto [end, failure] = std::from_chars(text->data(), text->data() + colon, position.created_at);
    position.id = text->substr(colon + 1);
    const bool plain =
        !position.id.empty() && position.id.size() <= 32 &&
        std::all_of(position.id.begin(), position.id.end(), [](unsigned char c) { return std::isalnum(c); });
    if (failure != std::errc{} || end != text->data() + colon || !plain) return std::nullopt;
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

Result<store::ListQuery> read_list_query(std::string_view query, bool with_filters) {
    store::ListQuery out;
    Error wrong{ErrorKind::invalid, "Some parameters have values that are not allowed.", {}, 0};
    const auto read = [&](std::string_view name) {
        http::Parameter parameter = http::find_parameter(query, name);
        if (parameter.malformed) wrong.fields.emplace_back(name, "is not percent-encoded UTF-8");
        return parameter;
    };
    if (const auto limit = read("limit"); limit.present) {
        const std::string& text = limit.value;
        const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), out.limit);
        const bool whole = failure == std::errc{} && end == text.data() + text.size();
        if (!whole || out.limit < 1 || out.limit > 100)
            wrong.fields.emplace_back("limit", "is a whole number from 1 to 100");
    }
    if (const auto cursor = read("cursor"); cursor.present && !cursor.malformed && !cursor.value.empty()) {
        out.after = decode_cursor(cursor.value);
        if (!out.after) wrong.fields.emplace_back("cursor", kForeignCursor);
    }
    if (with_filters) {
        out.text = read("q").value;
        if (base::count_code_points(out.text).value_or(0) > kSearchCharactersMax) {
            wrong.fields.emplace_back("q", "may have 200 characters");
        }
        out.tag = read("tag").value;
        if (const auto language = read("language"); !language.value.empty()) {
            out.language = model::canonical_language(language.value);
        }
        if (const auto visibility = read("visibility"); !visibility.value.empty()) {
            out.visibility = model::visibility_named(visibility.value);
            if (!out.visibility) wrong.fields.emplace_back("visibility", "is public, unlisted or private");
        }
    }
    if (!wrong.fields.empty()) return wrong;
    return out;
}

Result<model::ViewBucket> read_view_bucket(std::string_view query) {
    const http::Parameter by = http::find_parameter(query, "by");
    if (!by.present || by.value == "day") return model::ViewBucket::day;
    if (by.value == "hour") return model::ViewBucket::hour;
    return Error{
        ErrorKind::invalid, "Some parameters have values that are not allowed.", {{"by", "is hour or day"}}, 0};
}

}  // namespace snippetd::api
