#include "conventions/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/input.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"
#include "exchange/snippet_json.hpp"
#include "model/languages.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

/// The interface of haste-server, as its clients use it: a document is a snippet, its key the snippet's id.
namespace snippetd::conventions {

using namespace exchange;

namespace json = boost::json;

namespace {

/// `KEY.cpp` is KEY, shown as C++.
std::string without_extension(const std::string& key) {
    return key.substr(0, key.find('.'));
}

/// The document is the body, or a form's field `data`.
Result<std::string> text_of(const http::Request& request) {
    if (!has_multipart_body(request)) return request.body;
    Result<http::Form> form = http::parse_form(request);
    if (!form) return form.error();
    const http::Form::Field* data = form->find("data");
    if (!data) return invalid_field("data", "is required");
    return data->value;
}

}  // namespace

Answer create_document(Exchange& exchange) {
    std::function<Result<NewSnippet>()> read = [&request = exchange.request]() -> Result<NewSnippet> {
        Result<std::string> text = text_of(request);
        if (!text) return text.error();
        NewSnippet made;
        made.input.body = *std::move(text);
        return made;
    };
    Result<use_cases::Created> created = co_await create_from(exchange, std::move(read));
    if (!created) co_return created.error();
    const store::Receipt& receipt = created->receipt;
    json::object answer{{"key", receipt.snippet.id}};
    if (!receipt.edit_token.empty()) answer["edit_token"] = receipt.edit_token;
    http::Response response = http::json_response(200, json::serialize(answer));  // as haste-server says it
    add_created_fields(response, *created);
    response.add("ETag", json_etag(receipt.snippet, receipt.base));
    co_return response;
}

Answer read_document(Exchange& exchange) {
    Opening opening{Reader::program};
    Result<Opened> opened =
        co_await open_link(exchange, without_extension(exchange.parameters.front()), std::move(opening));
    if (!opened) co_return opened.error();
    if (opened->asked) co_return *std::move(opened->asked);
    http::Response response = respond_with_link(*opened, exchange.request, "haste", "application/json");
    if (response.status != 200) co_return response;
    constexpr std::string_view kBefore = R"({"data":")";
    response.body = fmt::format(R"({}","key":"{}"}})", kBefore, opened->snippet->id);
    response.add_body_piece(0, kBefore.size());
    // The escaped body is a part of the link's JSON.
    if (exchange.request.head()) {
        response.unmade_bytes = opened->entry->json_body_bytes;
    } else {
        opened->entry = co_await exchange.services.cache.complete(opened->entry, exchange.deadline);
        const cache::Entry& entry = *opened->entry;
        response.add_piece(std::string_view{entry.json_before_count}.substr(entry.json_body_at, entry.json_body_bytes));
    }
    response.add_body_piece(kBefore.size(), response.body.size() - kBefore.size());
    response.owner = opened->entry;
    co_return response;
}

Answer read_document_raw(Exchange& exchange) {
    exchange.parameters.front() = without_extension(exchange.parameters.front());
    co_return co_await read_link(exchange, Representation::raw);
}

bool is_document_key(std::string_view text) {
    return is_snippet_id(text.substr(0, text.find('.')));
}

Answer open_document(Exchange& exchange) {
    const std::string& key = exchange.parameters.front();
    const std::string id = without_extension(key);
    std::string location = "/s/" + id;
    if (key.size() > id.size() + 1) {
        location += fmt::format("?language={}", model::told_language(key, {}).value_or(model::kPlainText));
    }
    co_return see_other(location);
}

}  // namespace snippetd::conventions
