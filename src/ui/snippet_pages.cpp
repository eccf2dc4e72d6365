#include "base/numbers.hpp"
#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/page.hpp"
#include "model/view_history.hpp"
#include "pages/documents.hpp"
#include "pages/qr.hpp"
#include "pages/read_page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"
#include "use_cases/revisions.hpp"
#include "use_cases/statistics.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

/// What is to be read once is called by nothing of what it says.
std::string name_of(const model::Snippet& snippet) {
    return pages::title_text(snippet.title, snippet.burn_after_reading ? std::string_view{} : snippet.body);
}

}  // namespace

Answer delete_page(Exchange& exchange) {
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    pages::Fields fields;
    fields.set("HEADING", "Delete this snippet?");
    fields.set("TEXT", fmt::format("“{}” goes for good, with its revisions and its count. Its link stops working.",
                                   name_of(*snippet)));
    fields.set("ACTION", fmt::format("/s/{}/delete", snippet->id));
    fields.set("BUTTON", "Delete");
    fields.show("DANGER");
    fields.add("CANCEL", "CANCEL_URL", fmt::format("/s/{}", snippet->id));
    pages::Layout layout = unlisted_layout("confirm", "Delete a snippet");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("confirm", fields));
}

Answer delete_from_form(Exchange& exchange) {
    Condition condition = condition_of(exchange);
    const Result<void> removed =
        co_await use_cases::remove(exchange, exchange.parameters.front(), std::move(condition));
    if (!removed) co_return removed.error();
    co_return see_other(exchange.caller.account ? "/me" : "/");
}

Answer fork_page(Exchange& exchange) {
    const std::string& id = exchange.parameters.front();
    const Result<model::Snippet> snippet = co_await use_cases::load_snippet(exchange, id);
    if (!snippet) co_return snippet.error();
    if (!use_cases::may_read(exchange.caller, *snippet)) co_return error(ErrorKind::not_found);
    pages::Fields fields;
    fields.set("HEADING", "Fork this snippet?");
    fields.set("TEXT", "The copy is yours: to change, to share, to delete.");
    fields.set("ACTION", fmt::format("/s/{}/fork", id));
    fields.set("BUTTON", "Fork");
    fields.show("CALM");
    fields.add("CANCEL", "CANCEL_URL", fmt::format("/s/{}", id));
    pages::Layout layout = unlisted_layout("confirm", "Fork a snippet");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("confirm", fields));
}

Answer fork_from_form(Exchange& exchange) {
    const Result<use_cases::Created> forked = co_await fork_as_asked(exchange);
    if (!forked) co_return forked.error();
    co_return see_other("/s/" + forked->receipt.snippet.id);
}

Answer qr_code(Exchange& exchange) {
    const std::string& id = exchange.parameters.front();
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    http::Response response;
    // It says no more than the address that it was asked at, so it need not know whether that leads anywhere.
    response.fields =
        "Content-Type: image/svg+xml\r\nCache-Control: public, max-age=86400\r\n"
        "Content-Security-Policy: default-src 'none'\r\n";
    response.body = pages::qr_svg(fmt::format("{}/s/{}", exchange.base_url(), id));
    co_return response;
}

namespace {

std::optional<std::int64_t> version_parameter(const http::Request& request, std::string_view name) {
    const http::Parameter parameter = http::find_parameter(request.query, name);
    const auto version = base::parse_number<std::int64_t>(parameter.value);
    return version && *version >= 1 ? version : std::nullopt;
}

void show_change(pages::Fields& fields, std::string_view name, std::string_view from, std::string_view to) {
    if (from == to) return;
    pages::Fields change = fields.add("CHANGE");
    change.set("CHANGE_NAME", name);
    change.set("CHANGE_FROM", from.empty() ? "none" : from);
    change.set("CHANGE_TO", to.empty() ? "none" : to);
}

/// What has changed between the texts of two versions that the caller may see, compared or, mostly, as it was compared
/// before. Null when one of the versions is gone meanwhile.
Awaitable<std::shared_ptr<const pages::Document>> compare(Exchange& exchange, const model::Snippet& snippet,
                                                          std::int64_t from, std::int64_t to, bool split) {
    pages::Documents& documents = exchange.worker.pages.documents();
    std::string key = fmt::format("difference {} {} {} {}", snippet.id, from, to, split);
    std::shared_ptr<const pages::Document> known = documents.find(key);
    if (known) co_return known;
    Result<model::Revision> before = co_await use_cases::read_revision(exchange, snippet, from);
    Result<model::Revision> after = co_await use_cases::read_revision(exchange, snippet, to);
    if (!before || !after) co_return nullptr;
    const auto texts =
        std::make_shared<const std::pair<std::string, std::string>>(std::move(before->body), std::move(after->body));
    pages::DocumentRequest request;
    request.kind = split ? pages::DocumentKind::diff_split : pages::DocumentKind::diff_inline;
    request.owner = texts;
    request.first = texts->first;
    request.second = texts->second;
    request.time_max = pages::kDiffTimeMax;
    co_return co_await documents.make(std::move(key), std::move(request), exchange.deadline);
}

void show_text_changes(pages::Fields& shown, const pages::Document& changes) {
    if (changes.outcome != pages::DocumentOutcome::made) {
        shown.show("TOO_DIFFERENT");
        return;
    }
    pages::Fields counts = shown.add("COUNTS");
    counts.set("ADDED", std::to_string(changes.added));
    counts.set("REMOVED", std::to_string(changes.removed));
    if (changes.html.empty()) {
        shown.show("SAME");
    } else {
        shown.add("TEXT", "DIFF_HTML", changes.html);
    }
    shown.show_if(changes.cut, "CUT");
}

/// The changes between two of the versions that the caller may see.
Awaitable<std::optional<Error>> show_diff(Exchange& exchange, const model::Snippet& snippet,
                                          const std::vector<model::Revision>& revisions, std::int64_t from,
                                          std::int64_t to, pages::Fields& fields) {
    const auto find = [&revisions](std::int64_t version) {
        return std::find_if(revisions.begin(), revisions.end(),
                            [version](const model::Revision& revision) { return revision.version == version; });
    };
    const auto before = find(from), after = find(to);
    if (before == revisions.end() || after == revisions.end()) co_return error(ErrorKind::not_found);
    const bool split = http::find_parameter(exchange.request.query, "view").value == "split";
    const std::shared_ptr<const pages::Document> changes = co_await compare(exchange, snippet, from, to, split);
    if (!changes) co_return error(ErrorKind::not_found);
    pages::Fields shown = fields.add("DIFF");
    show_change(shown, "Title", before->title, after->title);
    show_change(shown, "Language", before->language, after->language);
    show_change(shown, "Visibility", model::to_text(before->visibility), model::to_text(after->visibility));
    shown.set("DIFF_FROM", std::to_string(from));
    shown.set("DIFF_TO", std::to_string(to));
    const std::string url = fmt::format("/s/{}/revisions?from={}&to={}", snippet.id, from, to);
    shown.set("INLINE_URL", url);
    shown.set("SPLIT_URL", url + "&view=split");
    shown.show(split ? "SPLIT" : "INLINE");
    show_text_changes(shown, *changes);
    co_return std::nullopt;
}

void show_revision(pages::Fields& fields, const std::string& id, const model::Revision& revision, bool current,
                   std::optional<std::int64_t> earlier) {
    pages::Fields shown = fields.add("REVISION");
    shown.set("REVISION_VERSION", std::to_string(revision.version));
    shown.set("REVISION_CREATED_ISO", base::format_rfc3339(revision.created_at));
    shown.set("REVISION_CREATED_TEXT", pages::time_text(revision.created_at));
    shown.show_if(current, "IS_CURRENT");
    if (!earlier) return;
    shown.add("DIFF_LINK", "DIFF_URL", fmt::format("/s/{}/revisions?from={}&to={}", id, *earlier, revision.version));
}

}  // namespace

Answer revisions_page(Exchange& exchange) {
    const Result<use_cases::Revisions> revisions =
        co_await use_cases::list_revisions(exchange, exchange.parameters.front());
    if (!revisions) co_return revisions.error();
    const model::Snippet& snippet = revisions->snippet;
    const std::vector<model::Revision>& items = revisions->items;
    pages::Fields fields;
    fields.set("ID", snippet.id);
    fields.set("TITLE_TEXT", name_of(snippet));
    for (std::size_t i = 0; i < items.size(); ++i) {
        const std::optional<std::int64_t> earlier =
            i + 1 < items.size() ? std::optional{items[i + 1].version} : std::nullopt;
        show_revision(fields, snippet.id, items[i], i == 0, earlier);
    }
    const std::optional<std::int64_t> from = version_parameter(exchange.request, "from");
    const std::optional<std::int64_t> to = version_parameter(exchange.request, "to");
    if (from && to) {
        std::optional<Error> wrong = co_await show_diff(exchange, snippet, items, *from, *to, fields);
        if (wrong) co_return *std::move(wrong);
    }
    pages::Layout layout = unlisted_layout("revisions", "Revisions of " + name_of(snippet));
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("revisions", fields));
}

Answer stats_page(Exchange& exchange) {
    const bool hours = http::find_parameter(exchange.request.query, "by").value == "hour";
    const Result<use_cases::Statistics> statistics = co_await use_cases::read_statistics(
        exchange, exchange.parameters.front(), hours ? model::ViewBucket::hour : model::ViewBucket::day);
    if (!statistics) co_return statistics.error();
    const model::Snippet& snippet = statistics->snippet;
    const std::vector<model::ViewPoint>& points = statistics->points;
    const bool viewed = std::any_of(points.begin(), points.end(), [](const auto& point) { return point.views > 0; });
    pages::Fields fields;
    fields.set("ID", snippet.id);
    fields.set("TITLE_TEXT", name_of(snippet));
    fields.set("VIEWS", std::to_string(snippet.view_count));
    fields.show(hours ? "HOURS_SELECTED" : "DAYS_SELECTED");
    pages::Fields body = fields.add(viewed ? "TABLE" : "EMPTY");
    for (const model::ViewPoint& point : points) {
        if (!viewed) break;
        pages::Fields row = body.add("POINT");
        const std::string time = pages::time_text(point.start_ms);
        row.set("POINT_ISO", base::format_rfc3339(point.start_ms));
        row.set("POINT_TEXT", hours ? time : time.substr(0, time.find(',')));
        row.set("POINT_VIEWS", std::to_string(point.views));
    }
    pages::Layout layout = unlisted_layout("stats", "Statistics of " + name_of(snippet), "stats.js");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("stats", fields));
}

}  // namespace snippetd::ui
