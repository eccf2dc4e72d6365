#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/idempotency.hpp"
#include "api/input.hpp"
#include "api/page.hpp"

#include <array>
#include <charconv>
#include <functional>
#include <span>

#include <boost/json.hpp>
#include <fmt/format.h>

/// Uploads as they are sent by curl and by tools for other services: 0x0 (its management of what was uploaded too),
/// rustypaste, ix.io, sprunge, clbin and pastebinit. Each becomes the JSON that `POST /snippets` takes, so that limits,
/// idempotency, accounts and validation are the same, and is answered with the plain link and a line feed.
namespace snippetd::api {

namespace json = boost::json;

std::span<const std::pair<std::string_view, std::string_view>> pastebin_configurations();  // deploy/pastebin.d

namespace {

// Below it a number is one of hours, from it on a time in milliseconds since 1970: as 0x0 has it.
constexpr std::int64_t kTimestampMin = 1'650'460'320'000;
constexpr std::string_view kTextFields = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\n";

/// What an upload says about itself.
struct Upload {
    std::string body, title, language, expires, visibility, tags;
    bool burn = false;
};

/// In seconds from now; nothing for never. `moment` becomes true when it was given as a moment.
Result<std::optional<std::int64_t>> read_expiry(std::string_view text, base::UnixMillis now, bool& moment) {
    if (text.empty() || text == "never") return std::optional<std::int64_t>{};
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [at, failure] = std::from_chars(text.data(), end, number);
    const std::string_view unit{at, static_cast<std::size_t>(end - at)};
    constexpr std::int64_t kNumberMax = INT64_MAX / (7 * 24 * 3600);
    const bool countable = failure == std::errc{} && number > 0 && number <= kNumberMax;
    if (countable && unit.empty() && number >= kTimestampMin) {
        moment = true;
        return std::optional{(number - now) / 1000};
    }
    static constexpr std::pair<std::string_view, std::int64_t> kUnits[] = {
        {"", 3600}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 24 * 3600}, {"w", 7 * 24 * 3600}};
    for (const auto& [name, seconds] : kUnits) {
        if (countable && unit == name) return std::optional{number * seconds};
    }
    return invalid_field("expires", "is a number of hours, a number with s, m, h, d or w, or milliseconds since 1970");
}

bool says_yes(std::string_view value) {
    return value == "1" || value == "true" || value == "yes" || value == "on";
}

/// The text of a form, whatever the service is whose field it is; a fault when there is none, or several.
Result<const http::Form::Field*> find_content(const http::Form& form) {
    constexpr std::array<std::string_view, 7> kNames{"file", "f", "f:1", "sprunge", "clbin", "oneshot", "body"};
    const http::Form::Field* content = nullptr;
    for (const http::Form::Field& field : form.fields) {
        if (std::find(kNames.begin(), kNames.end(), field.name) == kNames.end()) continue;
        if (content) return invalid_field(field.name, "is one too many: each request takes one text");
        content = &field;
    }
    if (!content) return invalid_field("file", "is required: curl -F file=@NAME, or f:1, sprunge or clbin");
    return content;
}

Result<Upload> upload_of(const http::Form& form) {
    Result<const http::Form::Field*> content = find_content(form);
    if (!content) return content.error();
    Upload upload;
    upload.body = (*content)->value;
    upload.title = form.value("title");
    if (upload.title.empty()) upload.title = form.value("name:1");
    if (upload.title.empty()) upload.title = title_of_file((*content)->file_name);
    upload.language = form.value("language");
    // pastebinit says `text` when nobody has said anything, and takes the white space off the end.
    if (upload.language.empty() && form.value("format") != "text") upload.language = form.value("format");
    const bool cut = says_yes(form.value("newline")) && !upload.body.empty() && upload.body.back() != '\n';
    if (cut) upload.body += '\n';
    upload.visibility = form.value("visibility");
    if (upload.visibility.empty() && form.value("private") == "0") upload.visibility = "public";
    upload.expires = form.value("expires");
    upload.tags = form.value("tags");
    upload.burn = (*content)->name == "oneshot" || says_yes(form.value("burn")) || form.value("read:1") == "1";
    return upload;
}

/// A text alone; what there is to say about it is in the query.
Result<Upload> upload_of(const Exchange& exchange) {
    Upload upload;
    upload.body = exchange.request.body;
    std::string burn;
    for (const auto& [name, target] : {std::pair{"title", &upload.title},
                                       {"language", &upload.language},
                                       {"expires", &upload.expires},
                                       {"visibility", &upload.visibility},
                                       {"tags", &upload.tags},
                                       {"burn", &burn}}) {
        http::Parameter parameter = http::find_parameter(exchange.request.query, name);
        if (parameter.malformed) return invalid_field(name, "is not percent-encoded UTF-8");
        *target = std::move(parameter.value);
    }
    upload.burn = says_yes(burn);
    if (upload.title.empty() && !exchange.parameters.empty()) upload.title = title_of_file(exchange.parameters.front());
    return upload;
}

/// `asked` becomes the hash of what is asked when the JSON does not say it, but what it comes to at this moment.
Result<json::object> json_of(const Upload& upload, base::UnixMillis now, std::string& asked) {
    if (std::optional<Error> wrong = refuse_other_than_text(
            {{"body", upload.body}, {"title", upload.title}, {"language", upload.language}, {"tags", upload.tags}})) {
        return *std::move(wrong);
    }
    bool moment = false;
    Result<std::optional<std::int64_t>> expires_in_s = read_expiry(upload.expires, now, moment);
    if (!expires_in_s) return expires_in_s.error();
    json::object object{{"body", upload.body}, {"title", upload.title}, {"tags", split_tags(upload.tags)}};
    if (!upload.language.empty()) object["language"] = upload.language;
    if (!upload.visibility.empty()) object["visibility"] = upload.visibility;
    if (upload.burn) object["burn_after_reading"] = true;
    if (moment) {
        object["expires"] = upload.expires;
        asked = hash_of_json(object);
        object.erase("expires");
    }
    if (*expires_in_s) object["expires_in"] = **expires_in_s;
    return object;
}

/// The link alone, or the snippet for those who ask for JSON. What 0x0 adds is in both: the token for who wants to
/// manage it later, and when it expires.
Awaitable<http::Response> linked(Exchange& exchange, http::Response created, unsigned status) {
    auto parse = [&created] { return json::parse(created.body); };
    const json::value made =
        co_await exchange.services.texts.by_size(Text::answer, created.body.size(), std::move(parse));
    const json::object& snippet = made.as_object();
    if (!asks_for_json(exchange.request)) {
        created.status = status;
        created.body = std::string{snippet.at("url").as_string()} + '\n';
        std::string fields{kTextFields};
        for (const std::string_view name : {"Location", "ETag", "Idempotency-Replayed"}) {
            const std::string_view value = created.field(name);
            if (!value.empty()) fields += fmt::format("{}: {}\r\n", name, value);
        }
        created.fields = std::move(fields);
    }
    if (const json::value* token = snippet.if_contains("edit_token")) {
        created.add("X-Token", std::string_view{token->as_string()});
    }
    if (const json::string* expires_at = snippet.at("expires_at").if_string()) {
        created.add("X-Expires", std::to_string(base::parse_rfc3339(*expires_at).value_or(0)));
    }
    co_return created;
}

/// `read` takes the request apart.
Answer create(Exchange& exchange, std::function<Result<Upload>()> read, unsigned status) {
    // The front page is for everybody, also for whom a session has ended; a program should know.
    if (exchange.caller.rejected) co_return unauthenticated(exchange.caller);
    const base::UnixMillis now = co_await exchange.services.store.now(exchange.deadline);
    auto translate = [&read, &exchange, now]() -> Result<json::object> {
        const Result<Upload> upload = read();
        if (!upload) return upload.error();
        return json_of(*upload, now, exchange.asked);
    };
    Result<json::object> object =
        co_await exchange.services.texts.by_size(Text::request, exchange.request.body.size(), std::move(translate));
    if (!object) co_return object.error();
    Result<http::Response> created = co_await run_with_json(exchange, *std::move(object), create_snippet);
    if (!created) co_return created;
    co_return co_await linked(exchange, *std::move(created), status);
}

}  // namespace

Answer upload_form(Exchange& exchange) {
    std::function<Result<Upload>()> read = [&request = exchange.request]() -> Result<Upload> {
        const Result<http::Form> form = http::parse_form(request);
        if (!form) return form.error();
        return upload_of(*form);
    };
    co_return co_await create(exchange, std::move(read), 200);  // as the services do whose form it is
}

Answer upload_text(Exchange& exchange) {
    if (has_multipart_body(exchange.request)) co_return co_await upload_form(exchange);
    std::function<Result<Upload>()> read = [&exchange] { return upload_of(exchange); };
    co_return co_await create(exchange, std::move(read), 201);
}

Answer pastebinit_configuration(Exchange& exchange) {
    constexpr std::string_view kBaseName = "basename = ";
    http::Response response;
    response.fields = kTextFields;
    response.body = pastebin_configurations().front().second;
    const std::string base = exchange.base_url();
    const std::size_t begin = response.body.find(kBaseName) + kBaseName.size();
    std::string place = base.substr(base.find("://") + 3);
    if (base.starts_with("https:")) place += "\nhttps = True";
    response.body.replace(begin, response.body.find('\n', begin) - begin, place);
    co_return response;
}

Answer manage_upload(Exchange& exchange) {
    Result<http::Form> form = http::parse_form(exchange.request);
    if (!form) co_return form.error();
    if (form->find("token")) exchange.caller.edit_token = form->value("token");
    if (form->find("delete")) {
        Result<http::Response> deleted = co_await delete_snippet(exchange);
        if (!deleted) co_return deleted;
        deleted->status = 200;
        deleted->fields = kTextFields;
        co_return deleted;
    }
    if (!form->find("expires")) co_return invalid_field("delete", "or expires is required");
    // A variable that a script has left empty must not make it stay for ever.
    if (form->value("expires").empty()) co_return invalid_field("expires", "is empty; `never` says that it stays");
    const base::UnixMillis now = co_await exchange.services.store.now(exchange.deadline);
    bool moment = false;
    Result<std::optional<std::int64_t>> expires_in_s = read_expiry(form->value("expires"), now, moment);
    if (!expires_in_s) co_return expires_in_s.error();
    json::object object{{"expires_in", nullptr}};
    if (*expires_in_s) object["expires_in"] = **expires_in_s;
    Result<http::Response> edited = co_await run_with_json(exchange, std::move(object), edit_snippet);
    if (!edited) co_return edited;
    http::Response changed = co_await linked(exchange, *std::move(edited), 202);
    changed.status = 202;  // also as JSON
    co_return changed;
}

}  // namespace snippetd::api
