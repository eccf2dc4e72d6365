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

/// Times and counts; with bars on a terminal.
std::string table(const Terminal& terminal, const json::object& answer) {
    const json::value* points = answer.if_contains("points");
    if (!points || !points->is_array()) return {};
    const std::int64_t most = most_views(points->get_array());
    std::string text;
    for (const json::value& point : points->get_array()) {
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
        context.terminal().print(table(context.terminal(), answer));
        context.terminal().tell(fmt::format("{} views in all", number_in(answer, "view_count")));
    });
}

}  // namespace snippetd::cli
