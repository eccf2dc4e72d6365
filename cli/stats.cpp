#include "context.hpp"
#include "text.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

constexpr int kBarCharacters = 40;

std::int64_t most_views(const json::array& points) {
    std::int64_t most = 1;
    for (const json::value& point : points) {
        if (point.is_object()) most = std::max(most, number_in(point.get_object(), "views"));
    }
    return most;
}

/// Without those that ended before the snippet was made. Times of the service are compared as texts.
json::array since(const json::array& points, std::string_view created_at) {
    std::size_t first = 0;
    while (first + 1 < points.size() && points[first + 1].is_object() &&
           text_in(points[first + 1].get_object(), "time") <= created_at) {
        ++first;
    }
    return json::array(points.begin() + static_cast<std::ptrdiff_t>(first), points.end());
}

/// Times and counts; with bars on a terminal.
std::string table(const Terminal& terminal, const json::object& answer, std::string_view created_at) {
    const json::value* points = answer.if_contains("points");
    if (!points || !points->is_array()) return {};
    const json::array shown = since(points->get_array(), created_at);
    const std::int64_t most = most_views(shown);
    std::string text;
    for (const json::value& point : shown) {
        if (!point.is_object()) continue;
        const std::string time = printable(text_in(point.get_object(), "time"));
        const std::int64_t views = number_in(point.get_object(), "views");
        if (!terminal.out_is_terminal()) {
            text += fmt::format("{}\t{}\n", time, views);
            continue;
        }
        std::string bar;
        for (std::int64_t i = 0; i < views * kBarCharacters / most; ++i) bar += "▇";
        text += fmt::format("{}  {:>7}  {}\n", time.substr(0, 16), views, bar);
    }
    return text;
}

}  // namespace

ExitCode stats(Context& context) {
    const Invocation& invocation = context.invocation();
    return context.for_each(invocation.operands, [&](const std::string& operand) {
        const SnippetLink link = parse_link(operand);
        Service service = context.service_of(link);
        const Call call{.method = "GET",
                        .path = fmt::format("/snippets/{}/stats?by={}", link.id, invocation.by),
                        .fields = context.edit_fields(service, link.id),
                        .body = {},
                        .repeat = Repeat::always,
                        .progress = {}};
        const json::object answer = service.object_of(call, service.call_or_fail(call).response);
        if (invocation.json) return context.terminal().print_line(json_line(answer));
        const Call whole{.method = "GET",
                         .path = fmt::format("/snippets/{}", link.id),
                         .fields = context.edit_fields(service, link.id),
                         .body = {},
                         .repeat = Repeat::always,
                         .progress = {}};
        const json::object snippet = service.object_of(whole, service.call_or_fail(whole).response);
        context.terminal().print(table(context.terminal(), answer, text_in(snippet, "created_at")));
        context.terminal().tell(fmt::format("{} views in all", number_in(answer, "view_count")));
    });
}

}  // namespace snippetd::cli
