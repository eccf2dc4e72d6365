#include "context.hpp"
#include "text.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kPageMax = 100;  // what the server gives at once

std::string query(const Invocation& invocation, std::size_t limit, const std::string& cursor) {
    std::string path = fmt::format("/snippets?limit={}", limit);
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) path += fmt::format("&{}={}", name, percent_encoded(value));
    };
    add("q", invocation.search);
    add("tag", invocation.tag);
    add("language", invocation.language.value_or(""));
    add("cursor", cursor);
    return path;
}

std::string age_of(const json::object& snippet) {
    const auto created = parse_rfc3339(text_in(snippet, "created_at"));
    if (!created) return "?";
    return format_age(std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) - *created);
}

/// A row of the table, cut at the terminal's edge; or a line of tab-separated values, whose meaning never changes.
std::string row(const Terminal& terminal, const json::object& snippet) {
    const auto member = [&](const char* name) { return printable(text_in(snippet, name)); };
    const std::int64_t views = number_in(snippet, "view_count");
    if (!terminal.out_is_terminal()) {
        return fmt::format("{}\t{}\t{}\t{}\t{}\t{}", member("id"), member("created_at"), member("visibility"), views,
                           member("language"), member("title"));
    }
    const std::string whole = fmt::format("{:<12}  {:>4}  {:<8}  {:>7}  {:<12}  {}", member("id"), age_of(snippet),
                                          member("visibility"), views, member("language"), member("title"));
    return shorten(whole, static_cast<std::size_t>(terminal.columns()));
}

}  // namespace

ExitCode list(Context& context) {
    const Invocation& invocation = context.invocation();
    const Terminal& terminal = context.terminal();
    Service service = context.service();
    std::size_t left = invocation.limit == 0 ? SIZE_MAX : invocation.limit;
    std::string cursor;
    bool first = true;
    do {
        const Call call{.method = "GET",
                        .path = query(invocation, std::min(left, kPageMax), cursor),
                        .fields = {},
                        .body = {},
                        .repeat = Repeat::always,
                        .progress = {}};
        const json::object page = service.object_of(call, service.call_or_fail(call).response);
        const json::value* items = page.if_contains("items");
        if (!items || !items->is_array()) {
            throw Failure{ExitCode::other, fmt::format("{} does not answer as snippetd does: is --server right?",
                                                       service.server().base())};
        }
        if (first && terminal.out_is_terminal() && !invocation.json && !items->get_array().empty()) {
            terminal.print_line(fmt::format("{:<12}  {:>4}  {:<8}  {:>7}  {:<12}  {}", "ID", "AGE", "SEEN BY", "VIEWS",
                                            "LANGUAGE", "TITLE"));
        }
        first = false;
        std::string text;
        for (const json::value& item : items->get_array()) {
            if (left == 0 || !item.is_object()) break;
            text += (invocation.json ? json_line(item) : row(terminal, item.get_object())) + '\n';
            --left;
        }
        terminal.print(text);
        cursor = items->get_array().empty() ? "" : text_in(page, "next_cursor");
    } while (!cursor.empty() && left > 0);
    if (!cursor.empty() && terminal.out_is_terminal()) terminal.tell("there are more; -n 0 lists them all");
    return ExitCode::ok;
}

}  // namespace snippetd::cli
