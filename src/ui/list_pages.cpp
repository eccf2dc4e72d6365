#include "base/percent.hpp"
#include "exchange/access.hpp"
#include "exchange/charges.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"
#include "use_cases/lists.hpp"
#include "use_cases/snippets.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr std::size_t kDeletedAtOnceMax = 100;

void show_item(pages::Fields& fields, const model::Snippet& snippet) {
    pages::Fields item = fields.add("ITEM");
    item.set("ITEM_ID", snippet.id);
    item.set("ITEM_TITLE", pages::title_text(snippet.title));
    item.set("ITEM_LANGUAGE", snippet.language);
    item.set("ITEM_VISIBILITY", model::to_text(snippet.visibility));
    item.set("ITEM_CREATED_ISO", base::format_rfc3339(snippet.created_at));
    item.set("ITEM_CREATED_TEXT", pages::time_text(snippet.created_at));
    item.set("ITEM_VIEWS", std::to_string(snippet.view_count));
    if (snippet.expires_at) item.add("ITEM_EXPIRES", "ITEM_EXPIRES_TEXT", pages::time_text(*snippet.expires_at));
    if (!snippet.owner_name.empty()) item.add("ITEM_OWNER", "ITEM_OWNER_NAME", snippet.owner_name);
    item.show_if(snippet.burn_after_reading, "ITEM_BURN");
    if (snippet.tags.empty()) return;
    pages::Fields tags = item.add("ITEM_TAGS");
    for (const std::string& tag : snippet.tags) tags.add("ITEM_TAG", "ITEM_TAG_NAME", tag);
}

/// The items, and where the next ones are: `next_url` is continued with their cursor.
void show_list(pages::Fields& fields, const use_cases::Page& page, const std::string& next_url) {
    if (!page.snippets.empty()) {
        pages::Fields list = fields.add("LIST");
        for (const model::Snippet& snippet : page.snippets) show_item(list, snippet);
    }
    if (page.next)
        fields.add("NEXT", "NEXT_URL", next_url + "cursor=" + base::percent_encoded(make_cursor(*page.next)));
}

/// Empty parameters, which a form sends for fields that were left empty, filter nothing.
std::string without_empty_parameters(std::string_view query) {
    std::string out;
    while (!query.empty()) {
        const std::size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        if (pair.empty() || pair.ends_with('=')) continue;
        if (!out.empty()) out += '&';
        out += pair;
    }
    return out;
}

void show_filter(pages::Fields& fields, std::string_view query) {
    pages::Fields filter = fields.add("FILTER");
    const auto value_of = [&](std::string_view name) { return http::find_parameter(query, name).value; };
    filter.set("F_QUERY", value_of("q"));
    filter.set("F_TAG", value_of("tag"));
    filter.set("F_LANGUAGE", value_of("language"));
    const std::string chosen = value_of("visibility");
    constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kChoices{
        {{"", "Any"}, {"public", "Public"}, {"unlisted", "Unlisted"}, {"private", "Private"}}};
    for (const auto& [value, label] : kChoices) {
        pages::Fields option = filter.add("VIS_OPTION");
        option.set("VIS_VALUE", value);
        option.set("VIS_LABEL", label);
        option.show_if(value == chosen, "VIS_SELECTED");
    }
}

std::string filters_of(std::string_view query) {
    std::string url = "/me?";
    for (const std::string_view name : {"q", "tag", "language", "visibility"}) {
        const std::string value = http::find_parameter(query, name).value;
        if (!value.empty()) url += fmt::format("{}={}&", name, base::percent_encoded(value));
    }
    return url;
}

}  // namespace

Answer my_snippets_page(Exchange& exchange) {
    const std::string parameters = without_empty_parameters(exchange.request.query);
    Result<store::ListQuery> query = read_list_query(parameters, true);
    if (!query) co_return query.error();
    const use_cases::Page page = co_await use_cases::list_mine(exchange, *std::move(query));
    pages::Fields fields;
    fields.set("ACCOUNT_NAME", exchange.caller.account->username);
    const bool filtered = !parameters.empty();
    if (page.snippets.empty()) fields.show(filtered ? "NOTHING_FOUND" : "EMPTY");
    if (!page.snippets.empty() || filtered) show_filter(fields, parameters);
    show_list(fields, page, filters_of(parameters));
    fields.set("FEED_URL", fmt::format("/users/{}/feed.atom", exchange.caller.account->username));
    pages::Layout layout = unlisted_layout("me", "My snippets", "me.js");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("me", fields));
}

Answer explore_page(Exchange& exchange) {
    Result<store::ListQuery> query = read_list_query(without_empty_parameters(exchange.request.query), false);
    if (!query) co_return query.error();
    const use_cases::Page page = co_await use_cases::explore(exchange, *std::move(query));
    pages::Fields fields;
    fields.show_if(page.snippets.empty(), "EMPTY");
    show_list(fields, page, "/explore?");
    pages::Layout layout = unlisted_layout("explore", "Explore");
    layout.description = "Recent public snippets, newest first.";
    layout.indexed = true;
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("explore", fields));
}

Answer delete_selected(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    std::vector<std::string> ids = form->values("id");
    std::erase_if(ids, [](const std::string& id) { return !is_snippet_id(id); });
    if (ids.size() > kDeletedAtOnceMax) ids.resize(kDeletedAtOnceMax);
    if (ids.empty()) co_return see_other("/me");
    if (form->value("sure") != "1") {
        pages::Fields fields;
        fields.set("HEADING", fmt::format("Delete {}?", pages::count_text(ids.size(), "snippet", "snippets")));
        fields.set("TEXT", "They go for good, with their revisions and counts. Their links stop working.");
        fields.set("ACTION", "/me/delete");
        fields.set("BUTTON", "Delete");
        fields.show("DANGER");
        fields.add("CANCEL", "CANCEL_URL", "/me");
        const auto add_hidden = [&fields](std::string_view name, std::string_view value) {
            pages::Fields hidden = fields.add("HIDDEN");
            hidden.set("HIDDEN_NAME", name);
            hidden.set("HIDDEN_VALUE", value);
        };
        for (const std::string& id : ids) add_hidden("id", id);
        add_hidden("sure", "1");
        pages::Layout layout = unlisted_layout("confirm", "Delete snippets");
        co_return co_await show_page(exchange, 200, std::move(layout), pages::render("confirm", fields));
    }
    for (std::size_t i = 0; i < ids.size(); ++i) {
        // Each is a write like any other. The first one has been charged on the way in.
        if (i > 0) {
            std::optional<Error> limited = co_await charge_write(exchange);
            if (limited) co_return *std::move(limited);
        }
        Condition condition = condition_of(exchange);
        const Result<void> removed = co_await use_cases::remove(exchange, ids[i], std::move(condition));
        if (!removed && removed.error().kind != ErrorKind::not_found && removed.error().kind != ErrorKind::gone) {
            co_return removed.error();
        }
    }
    co_return see_other("/me");
}

}  // namespace snippetd::ui
