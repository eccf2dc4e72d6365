#include "base/numbers.hpp"
#include "base/units.hpp"
#include "conventions/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "exchange/snippet_json.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <span>

#include <fmt/format.h>

/// Uploads as they are sent by curl and by tools for other services: 0x0 (its management of what was uploaded too),
/// rustypaste, ix.io, sprunge, clbin and pastebinit. Each is answered with the plain link and a line
/// feed.
namespace snippetd::conventions {

using namespace exchange;

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

/// Sets when `input` ends: never, after so long, or at a moment.
std::optional<Error> read_expiry(std::string_view text, use_cases::SnippetInput& input) {
    if (text.empty()) return std::nullopt;
    if (text == "never") {
        input.expires_in_s.emplace();
        return std::nullopt;
    }
    if (const auto number = base::parse_number<std::int64_t>(text); number && *number >= kTimestampMin) {
        input.expires_at = *number;
        return std::nullopt;
    }
    if (text.ends_with("min")) text.remove_suffix(2);
    const auto seconds = base::parse_seconds(text, "h");
    if (!seconds || *seconds < 1) {
        return invalid_field("expires",
                             "is a number of hours, a number with s, m, h, d or w, or milliseconds since 1970");
    }
    input.expires_in_s = *seconds;
    return std::nullopt;
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
    if (!content)
        return invalid_field(
            "file",
            "is required: curl -F file=@NAME, or f:1, sprunge or clbin; curl --data-binary @NAME goes to /upload");
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

Result<NewSnippet> new_snippet(Upload upload) {
    NewSnippet made;
    use_cases::SnippetInput& input = made.input;
    if (std::optional<Error> wrong = read_expiry(upload.expires, input)) return *std::move(wrong);
    input.body = std::move(upload.body);
    input.title = std::move(upload.title);
    input.tags = split_tags(upload.tags);
    if (!upload.language.empty()) input.language = std::move(upload.language);
    if (!upload.visibility.empty()) input.visibility = read_visibility(upload.visibility, input.complaints);
    if (upload.burn) input.burn_after_reading = true;
    return made;
}

/// What 0x0 adds, also to JSON: when it expires.
void add_expiry(http::Response& response, const model::Snippet& snippet) {
    if (snippet.expires_at) response.add("X-Expires", std::to_string(*snippet.expires_at));
}

/// The link alone.
http::Response link_to(const model::Snippet& snippet, const std::string& base, unsigned status) {
    http::Response response;
    response.status = status;
    response.body = fmt::format("{}/s/{}\n", base, snippet.id);
    response.fields = kTextFields;
    return response;
}

/// The link, or the snippet for those who ask for JSON; and the token for who wants to manage it later. `read` takes
/// the request apart.
Answer create(Exchange& exchange, std::function<Result<Upload>()> read, unsigned status) {
    // The front page is for everybody, also for whom a session has ended; a program should know.
    if (exchange.caller.rejected) co_return unauthenticated(exchange.caller);
    std::function<Result<NewSnippet>()> translate = [&read]() -> Result<NewSnippet> {
        Result<Upload> upload = read();
        if (!upload) return upload.error();
        return new_snippet(*std::move(upload));
    };
    Result<use_cases::Created> created = co_await create_from(exchange, std::move(translate));
    if (!created) co_return created.error();
    const store::Receipt& receipt = created->receipt;
    http::Response response;
    if (asks_for_json(exchange.request)) {
        response = co_await created_response(exchange, *created);
    } else {
        response = link_to(receipt.snippet, receipt.base, status);
        add_created_fields(response, *created);
        response.add("ETag", json_etag(receipt.snippet, receipt.base));
    }
    if (!receipt.edit_token.empty()) response.add("X-Token", receipt.edit_token);
    add_expiry(response, receipt.snippet);
    co_return response;
}

constexpr const char* kUsage = R"(snippetd: paste code, get a link.

    curl -F file=@main.cpp {0}/
    make 2>&1 | curl -F 'file=<-' {0}/
    curl -T main.cpp {0}/upload/
    curl --data-binary @main.cpp '{0}/upload?title=main.cpp&expires=7d'

The answer is the link. Beside the file, -F or the query may say:

    title=main.cpp  language=cpp  tags=one,two  expires=10m|2h|7d|never
    visibility=public|unlisted  burn=1 (one reader sees it, once)

An account's token (of {0}/me/tokens) goes into a header:

    curl -H 'Authorization: Bearer snp_...' -F file=@main.cpp {0}/

Reading, and everything else:

    curl LINK/raw          the text, byte for byte
    {0}/docs   the whole interface, and snip, the program for it
)";

}  // namespace

Answer usage(Exchange& exchange) {
    http::Response response;
    response.fields = kTextFields;
    response.add("Vary", "Accept");
    response.body = fmt::format(kUsage, exchange.base_url());
    co_return response;
}

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
    use_cases::Condition condition = condition_of(exchange);
    if (form->find("delete")) {
        const Result<void> removed =
            co_await use_cases::remove(exchange, exchange.parameters.front(), std::move(condition));
        if (!removed) co_return removed.error();
        http::Response response;
        response.fields = kTextFields;
        co_return response;
    }
    if (!form->find("expires")) co_return invalid_field("delete", "or expires is required");
    // A variable that a script has left empty must not make it stay for ever.
    if (form->value("expires").empty()) co_return invalid_field("expires", "is empty; `never` says that it stays");
    use_cases::SnippetInput input;
    if (std::optional<Error> wrong = read_expiry(form->value("expires"), input)) co_return *std::move(wrong);
    Result<model::Snippet> edited =
        co_await use_cases::edit(exchange, exchange.parameters.front(), std::move(input), std::move(condition));
    if (!edited) co_return edited.error();
    http::Response response;
    if (asks_for_json(exchange.request)) {
        response = co_await snippet_response(exchange, *edited);
        response.status = 202;
    } else {
        const std::string base = exchange.base_url();
        response = link_to(*edited, base, 202);
        response.add("ETag", json_etag(*edited, base));
    }
    add_expiry(response, *edited);
    co_return response;
}

}  // namespace snippetd::conventions
