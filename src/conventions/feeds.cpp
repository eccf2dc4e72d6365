#include "base/escape_sequences.hpp"
#include "base/secret.hpp"
#include "conventions/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/input.hpp"
#include "http/entity_tag.hpp"
#include "pages/code.hpp"
#include "pages/template.hpp"
#include "pages/terminal_output.hpp"
#include "pages/text.hpp"
#include "use_cases/lists.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace snippetd::conventions {

using namespace exchange;

namespace {

constexpr int kEntriesMax = 50;
constexpr base::Milliseconds kColoursPatience{300};

/// What a reader of feeds shows: the first lines, in colours that need no style sheet.
Awaitable<std::string> content_of(Exchange& exchange, const model::Snippet& snippet, const store::Beginning& beginning,
                                  base::Deadline soon) {
    const bool styled = pages::is_terminal_output(beginning.text, snippet.language);
    const auto texts = std::make_shared<const std::pair<std::string, std::string>>(
        pages::xml_text(styled ? base::without_controls(beginning.text) : beginning.text), snippet.language);
    std::string key = fmt::format("entry {} {}", snippet.id, snippet.version);
    std::shared_ptr<const void> owner = texts;
    const std::vector<highlight::Run> colours = co_await exchange.worker.pages.find_colours(
        std::move(key), std::move(owner), texts->first, texts->second, soon);
    std::string html = "<pre><code>" + pages::self_coloured_html(texts->first, colours);
    if (static_cast<std::size_t>(beginning.size) > beginning.text.size()) html += "…";
    co_return html + "</code></pre>";
}

void add_entry(pages::Fields& fields, const model::Snippet& snippet, std::string_view beginning,
               std::string_view content, const std::string& base) {
    pages::Fields entry = fields.add("ENTRY");
    entry.set("ENTRY_URL", fmt::format("{}/s/{}", base, snippet.id));
    entry.set("ENTRY_TITLE", pages::xml_text(pages::title_text(snippet.title, beginning)));
    entry.set("ENTRY_PUBLISHED", base::format_rfc3339(snippet.created_at));
    entry.set("ENTRY_UPDATED", base::format_rfc3339(snippet.updated_at));
    entry.set("ENTRY_LANGUAGE", snippet.language);
    for (const std::string& tag : snippet.tags) entry.add("ENTRY_TAG", "TAG", pages::xml_text(tag));
    if (!content.empty()) entry.add("ENTRY_CONTENT", "CONTENT_HTML", content);
    entry.set("ENTRY_SUMMARY", fmt::format("A snippet in {}, version {}.", snippet.language, snippet.version));
}

}  // namespace

/// An Atom feed (RFC 4287) of what an account has made public, newest first.
Answer account_feed(Exchange& exchange) {
    Result<model::Account> account = co_await find_account(exchange, exchange.parameters.front());
    if (!account) co_return account.error();
    store::ListQuery query;
    query.limit = kEntriesMax;
    const use_cases::Page page = co_await use_cases::list_published(exchange, account->id, std::move(query));
    const use_cases::Beginnings beginnings = co_await use_cases::beginnings_of(exchange, page);

    const std::string base = exchange.base_url();
    pages::Fields fields;
    fields.set("OWNER_NAME", account->username);
    fields.set("FEED_URL", fmt::format("{}/users/{}/feed.atom", base, account->username));
    fields.set("HOME_URL", base + "/");
    base::UnixMillis updated_at = account->created_at;
    const base::Deadline soon = base::deadline_in(kColoursPatience, exchange.deadline.party);
    for (const model::Snippet& snippet : page.snippets) {
        updated_at = std::max(updated_at, snippet.updated_at);
        const auto found = beginnings.find(snippet.id);
        if (found == beginnings.end()) {
            add_entry(fields, snippet, {}, {}, base);
            continue;
        }
        const std::string content = co_await content_of(exchange, snippet, found->second, soon);
        add_entry(fields, snippet, found->second.text, content, base);
    }
    fields.set("UPDATED", base::format_rfc3339(updated_at));
    http::Response response;
    response.body = pages::render("feed", fields);
    const std::string etag = http::strong_entity_tag(base::hash_for("snippetd/feed", response.body).substr(0, 16));
    response.fields = "Content-Type: application/atom+xml; charset=utf-8\r\nCache-Control: public, no-cache\r\n";
    response.add("ETag", etag);
    response.add("Last-Modified", base::format_http_date(updated_at));
    co_return response;
}

}  // namespace snippetd::conventions
