#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/page.hpp"
#include "model/view_history.hpp"
#include "pages/qr.hpp"
#include "pages/read_page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"
#include "ui/names.hpp"
#include "use_cases/statistics.hpp"

#include <algorithm>
#include <span>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

Answer made_page(Exchange& exchange) {
    const Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    if (!snippet->burn_after_reading) co_return see_other("/s/" + snippet->id);
    pages::Fields fields;
    fields.set("ID", snippet->id);
    fields.set("URL", fmt::format("{}/s/{}", exchange.base_url(), snippet->id));
    fields.show_if(snippet->owner_name.empty(), "ANONYMOUS");
    pages::Layout layout = unlisted_layout("made", "Your link is ready");
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("made", fields));
}

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

Answer stats_page(Exchange& exchange) {
    const bool hours = http::find_parameter(exchange.request.query, "by").value == "hour";
    const Result<use_cases::Statistics> statistics = co_await use_cases::read_statistics(
        exchange, exchange.parameters.front(), hours ? model::ViewBucket::hour : model::ViewBucket::day);
    if (!statistics) co_return statistics.error();
    const model::Snippet& snippet = statistics->snippet;
    const std::span<const model::ViewPoint> points =
        model::since(statistics->points, hours ? model::ViewBucket::hour : model::ViewBucket::day, snippet.created_at);
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
