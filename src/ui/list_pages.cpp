#include "base/percent.hpp"
#include "exchange/access.hpp"
#include "exchange/charges.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "model/languages.hpp"
#include "pages/assets.hpp"
#include "pages/code.hpp"
#include "pages/odd_characters.hpp"
#include "pages/template.hpp"
#include "pages/terminal_output.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"
#include "use_cases/lists.hpp"
#include "use_cases/snippets.hpp"

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr std::size_t kDeletedAtOnceMax = 100;
constexpr std::size_t kPreviewLinesMax = 5;
constexpr base::Milliseconds kPreviewsPatience{300};  // less what the page itself takes

/// A list that is shown: where it is, and what it was asked for.
struct Shown {
    std::string path;        ///< of its page
    std::string parameters;  ///< of the query, without empty ones
    std::string owner_id;    ///< whose it is; empty for everybody's
    ListOf whose = ListOf::everybody;
};

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

std::string value_of(const Shown& shown, std::string_view name) {
    return http::find_parameter(shown.parameters, name).value;
}

/// The same list, with `more` as its last parameter.
std::string url_of(const Shown& shown, std::string_view more) {
    std::string url = shown.path + '?';
    for (const std::string_view name : {"q", "tag", "language", "visibility", "sort"}) {
        const std::string value = value_of(shown, name);
        if (!value.empty()) url += fmt::format("{}={}&", name, base::percent_encoded(value));
    }
    return url + std::string{more};
}

/// A part of a list, as a page shows it.
struct Part {
    use_cases::Page page;
    use_cases::Beginnings beginnings;
    std::unordered_map<std::string, std::string> previews;  ///< by id: HTML, not empty
    bool has_terminal_output = false;                       ///< among the previews
    std::optional<store::Position> newer, older;            ///< where those go on; nothing where the list ends
};

use_cases::Awaitable<use_cases::Page> list(Exchange& exchange, const Shown& shown, store::ListQuery query) {
    switch (shown.whose) {
        case ListOf::caller: return use_cases::list_mine(exchange, std::move(query));
        case ListOf::account: return use_cases::list_published(exchange, shown.owner_id, std::move(query));
        case ListOf::everybody: break;
    }
    return use_cases::explore(exchange, std::move(query));
}

store::ListOrder turned(store::ListOrder order) {
    return order == store::ListOrder::oldest ? store::ListOrder::newest : store::ListOrder::oldest;
}

/// The first lines that have something on them.
std::string_view preview_of(const store::Beginning& beginning) {
    std::string_view text = beginning.text;
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first == text.npos) return {};
    const std::size_t line_feed = text.substr(0, first).rfind('\n');
    text.remove_prefix(line_feed == text.npos ? 0 : line_feed + 1);
    std::size_t end = 0;
    for (std::size_t lines = 0; lines < kPreviewLinesMax && end < text.size(); ++lines) {
        end = std::min(text.find('\n', end), text.size() - 1) + 1;
    }
    return text.substr(0, end);
}

/// In colours, as far as these are known or made soon.
Awaitable<void> make_previews(Exchange& exchange, Part& part) {
    const base::Deadline soon = base::deadline_in(kPreviewsPatience, exchange.deadline.party);
    for (const model::Snippet& snippet : part.page.snippets) {
        const auto found = part.beginnings.find(snippet.id);
        if (found == part.beginnings.end()) continue;
        // A request that has ended may leave the text behind with whoever colours it.
        const auto texts =
            std::make_shared<const std::pair<std::string, std::string>>(preview_of(found->second), snippet.language);
        if (texts->first.empty()) continue;
        if (pages::is_terminal_output(texts->first, texts->second)) {
            part.previews.emplace(snippet.id, pages::terminal_preview_html(texts->first));
            part.has_terminal_output = true;
            continue;
        }
        std::string key = fmt::format("preview {} {}", snippet.id, snippet.version);
        std::shared_ptr<const void> owner = texts;
        const std::vector<highlight::Run> colours = co_await exchange.worker.pages.find_colours(
            std::move(key), std::move(owner), texts->first, texts->second, soon);
        part.previews.emplace(snippet.id, pages::coloured_html(texts->first, colours));
    }
}

/// `cursor` says after what, in the order of the list; `before`, before what.
Awaitable<Result<Part>> read_part(Exchange& exchange, const Shown& shown) {
    Result<store::ListQuery> query = read_list_query(shown.parameters, shown.whose);
    if (!query) co_return query.error();
    const std::string before = value_of(shown, "before");
    Part part;
    if (!before.empty()) {
        Result<std::optional<store::Position>> position = read_cursor("cursor=" + base::percent_encoded(before));
        if (!position) co_return position.error();
        store::ListQuery backwards = *query;
        backwards.after = *position;
        backwards.order = turned(query->order);
        part.page = co_await list(exchange, shown, std::move(backwards));
        std::reverse(part.page.snippets.begin(), part.page.snippets.end());
    }
    // What is before the first page is filled up with what follows.
    if (part.page.next) {
        part.newer = use_cases::position_of(part.page.snippets.front());
        part.older = use_cases::position_of(part.page.snippets.back());
    } else {
        store::ListQuery forwards = *std::move(query);
        if (!before.empty()) forwards.after.reset();
        const bool is_first = !forwards.after;
        part.page = co_await list(exchange, shown, std::move(forwards));
        part.older = part.page.next;
        if (!is_first && !part.page.snippets.empty()) part.newer = use_cases::position_of(part.page.snippets.front());
    }
    part.beginnings = co_await use_cases::beginnings_of(exchange, part.page);
    co_await make_previews(exchange, part);
    co_return part;
}

void show_item(pages::Fields& fields, const Shown& shown, const model::Snippet& snippet,
               const store::Beginning* beginning, std::string_view preview) {
    const std::string_view text = beginning ? std::string_view{beginning->text} : std::string_view{};
    const base::UnixMillis now = base::unix_now_ms();
    pages::Fields item = fields.add("ITEM");
    item.set("ITEM_ID", snippet.id);
    const std::string title = pages::title_text(snippet.title, text);
    std::string title_html;
    pages::OddMarker{}.append(title_html, title);
    item.set("ITEM_TITLE", title);
    item.set("ITEM_TITLE_HTML", title_html);
    item.set("ITEM_LANGUAGE", model::language_label(snippet.language));
    item.set("ITEM_LANGUAGE_URL", fmt::format("{}?language={}", shown.path, base::percent_encoded(snippet.language)));
    item.set("ITEM_VISIBILITY", model::to_text(snippet.visibility));
    item.set("ITEM_CREATED_ISO", base::format_rfc3339(snippet.created_at));
    item.set("ITEM_CREATED_EXACT", pages::time_text(snippet.created_at));
    item.set("ITEM_CREATED_TEXT", pages::age_text(snippet.created_at, now));
    item.set("ITEM_VIEWS", std::to_string(snippet.view_count));
    if (snippet.expires_at) {
        pages::Fields expires = item.add("ITEM_EXPIRES");
        expires.set("ITEM_EXPIRES_ISO", base::format_rfc3339(*snippet.expires_at));
        expires.set("ITEM_EXPIRES_EXACT", pages::time_text(*snippet.expires_at));
        expires.set("ITEM_EXPIRES_TEXT", pages::age_text(*snippet.expires_at, now));
    }
    if (shown.whose == ListOf::everybody && !snippet.owner_name.empty()) {
        item.add("ITEM_OWNER", "ITEM_OWNER_NAME", snippet.owner_name);
    }
    item.show_if(snippet.burn_after_reading, "ITEM_BURN");
    if (beginning) {
        item.add("ITEM_SIZE", "ITEM_SIZE_TEXT", pages::size_text(static_cast<std::size_t>(beginning->size)));
        if (!preview.empty()) item.add("ITEM_PREVIEW", "ITEM_PREVIEW_HTML", preview);
    }
    if (snippet.tags.empty()) return;
    pages::Fields tags = item.add("ITEM_TAGS");
    for (const std::string& name : snippet.tags) {
        pages::Fields tag = tags.add("ITEM_TAG");
        tag.set("ITEM_TAG_NAME", name);
        tag.set("ITEM_TAG_URL", fmt::format("{}?tag={}", shown.path, base::percent_encoded(name)));
    }
}

void show_part(pages::Fields& fields, const Shown& shown, const Part& part) {
    if (!part.page.snippets.empty()) {
        pages::Fields list = fields.add("LIST");
        if (part.has_terminal_output) list.add("TERMINAL", "TERMINAL_STYLE_URL", pages::asset_url("terminal.css"));
        for (const model::Snippet& snippet : part.page.snippets) {
            const auto found = part.beginnings.find(snippet.id);
            const auto preview = part.previews.find(snippet.id);
            show_item(list, shown, snippet, found == part.beginnings.end() ? nullptr : &found->second,
                      preview == part.previews.end() ? std::string_view{} : preview->second);
        }
    }
    if (!part.newer && !part.older) return;
    const bool backwards = value_of(shown, "sort") == "oldest";
    pages::Fields ways = fields.add("WAYS");
    const auto way = [&](const std::optional<store::Position>& from, const char* section, std::string_view name) {
        if (!from) return;
        pages::Fields link = ways.add(section);
        link.set("WAY_URL", url_of(shown, fmt::format("{}={}", name, base::percent_encoded(make_cursor(*from)))));
        link.set("WAY_NAME", (name == "before") == backwards ? "Older" : "Newer");
    };
    way(part.newer, "BEFORE", "before");
    way(part.older, "AFTER", "cursor");
}

struct Choice {
    std::string_view value, label;
};

void show_choices(pages::Fields& fields, const char* section, const std::string& chosen,
                  std::initializer_list<Choice> choices) {
    for (const Choice& choice : choices) {
        pages::Fields option = fields.add(section);
        option.set("OPTION_VALUE", choice.value);
        option.set("OPTION_LABEL", choice.label);
        option.show_if(choice.value == chosen, "OPTION_SELECTED");
    }
}

void show_filter(pages::Fields& fields, const Shown& shown) {
    pages::Fields filter = fields.add("FILTER");
    filter.set("ACTION", shown.path);
    filter.set("F_QUERY", value_of(shown, "q"));
    filter.set("F_TAG", value_of(shown, "tag"));
    filter.set("F_LANGUAGE", value_of(shown, "language"));
    const std::string visibility = value_of(shown, "visibility"), sort = value_of(shown, "sort");
    if (shown.whose == ListOf::caller) {
        pages::Fields field = filter.add("VISIBILITIES");
        show_choices(field, "VISIBILITY", visibility,
                     {{"", "Any"}, {"public", "Public"}, {"unlisted", "Unlisted"}, {"private", "Private"}});
    }
    if (shown.whose == ListOf::everybody) {
        show_choices(filter, "SORT", sort,
                     {{"", "Newest first"}, {"oldest", "Oldest first"}, {"views", "Most viewed"}});
    } else {
        show_choices(filter, "SORT", sort, {{"", "Newest first"}, {"oldest", "Oldest first"}});
    }
}

/// How many there are, where that can be told.
Awaitable<std::string> total_text(Exchange& exchange, const Shown& shown, const Part& part) {
    const auto counted = [](std::int64_t count) {
        return pages::count_text(static_cast<std::size_t>(count), "snippet", "snippets");
    };
    if (!part.newer && !part.older) co_return counted(static_cast<std::int64_t>(part.page.snippets.size()));
    const bool filtered = has_filters(shown.parameters) || !value_of(shown, "visibility").empty();
    if (filtered || shown.whose == ListOf::account) co_return std::string{};
    // Who walks through all there is, page by page, need not be told on each.
    if (shown.whose == ListOf::everybody && part.newer) co_return std::string{};
    const std::int64_t count = co_await use_cases::count(exchange, shown.owner_id);
    co_return count <= use_cases::kCountedMax ? counted(count) : fmt::format("more than {} snippets", count - 1);
}

/// All of the list but what differs between the pages.
Awaitable<std::optional<Error>> show_list(Exchange& exchange, pages::Fields& fields, const Shown& shown) {
    const Result<Part> part = co_await read_part(exchange, shown);
    if (!part) co_return part.error();
    const bool filtered = has_filters(shown.parameters) || !value_of(shown, "visibility").empty();
    const bool is_empty = part->page.snippets.empty();
    if (is_empty && !filtered) fields.show("EMPTY");
    if (is_empty && filtered) {
        pages::Fields nothing = fields.add("NOTHING_FOUND");
        const std::string language = value_of(shown, "language");
        const bool known = language.empty() || model::language_named(language);
        if (known) nothing.show("HINT");
        if (!known) nothing.add("UNKNOWN_LANGUAGE", "UNKNOWN_NAME", language);
    }
    if (!is_empty || filtered) show_filter(fields, shown);
    show_part(fields, shown, *part);
    if (is_empty) co_return std::nullopt;
    const std::string total = co_await total_text(exchange, shown, *part);
    if (!total.empty()) fields.add("TOTAL", "TOTAL_TEXT", total);
    co_return std::nullopt;
}

/// What a person has chosen and does not go together is not an error.
std::string without_sort_of_search(std::string parameters) {
    const bool searches = !http::find_parameter(parameters, "q").value.empty();
    if (!searches || http::find_parameter(parameters, "sort").value != "views") return parameters;
    const std::size_t at = parameters.find("sort=views");
    if (at != parameters.npos) parameters.erase(at, sizeof "sort=views" - 1);
    return without_empty_parameters(parameters);
}

}  // namespace

Answer my_snippets_page(Exchange& exchange) {
    const std::string& username = exchange.caller.account->username;
    const Shown shown{"/me", without_empty_parameters(exchange.request.query), exchange.caller.account->id,
                      ListOf::caller};
    pages::Fields fields;
    std::optional<Error> wrong = co_await show_list(exchange, fields, shown);
    if (wrong) co_return *std::move(wrong);
    fields.set("ACCOUNT_NAME", username);
    fields.set("FEED_URL", fmt::format("/users/{}/feed.atom", username));
    pages::Layout layout = unlisted_layout("me", "My snippets", "me.js");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("me", fields));
}

Answer explore_page(Exchange& exchange) {
    const Shown shown{"/explore", without_sort_of_search(without_empty_parameters(exchange.request.query)), "",
                      ListOf::everybody};
    pages::Fields fields;
    std::optional<Error> wrong = co_await show_list(exchange, fields, shown);
    if (wrong) co_return *std::move(wrong);
    const bool by_views = value_of(shown, "sort") == "views";
    fields.set("HEADING", "Explore");
    fields.set("LEAD", by_views ? fmt::format("The most viewed of the newest {}", store::kMostViewedOf)
                                : std::string{"What was shared with everybody"});
    fields.show("OF_ALL");
    fields.set("ALL_URL", shown.path);
    pages::Layout layout = unlisted_layout("explore", "Explore");
    layout.description = "Recent public snippets, newest first.";
    layout.indexed = true;
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("explore", fields));
}

Answer account_snippets_page(Exchange& exchange) {
    Result<model::Account> account = co_await find_account(exchange, exchange.parameters.front());
    if (!account) co_return account.error();
    const Shown shown{"/users/" + account->username, without_empty_parameters(exchange.request.query), account->id,
                      ListOf::account};
    pages::Fields fields;
    std::optional<Error> wrong = co_await show_list(exchange, fields, shown);
    if (wrong) co_return *std::move(wrong);
    fields.set("HEADING", account->username);
    fields.set("LEAD", "What this account has shared with everybody");
    fields.add("FEED", "FEED_URL", shown.path + "/feed.atom");
    fields.set("ALL_URL", shown.path);
    pages::Layout layout = unlisted_layout("explore", account->username);
    layout.description = fmt::format("Public snippets of {}.", account->username);
    layout.indexed = true;
    layout.feed_url = shown.path + "/feed.atom";
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
