#include "context.hpp"
#include "files.hpp"
#include "text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace {

std::string_view wanted_lines(const SnippetLink& link, std::string_view body) {
    if (link.first_line == 0) return body;
    const std::optional<std::string_view> lines = lines_of(body, link.first_line, link.last_line);
    if (!lines) throw Failure{ExitCode::bad_input, fmt::format("the snippet has no line {}", link.first_line)};
    return *lines;
}

}  // namespace

ExitCode get(Context& context) {
    const Invocation& invocation = context.invocation();
    return context.for_each(invocation.operands, [&](const std::string& operand) {
        const SnippetLink link = parse_link(operand);
        Service service = context.service_of(link);
        Call call{.method = "GET",
                  .path = "/s/" + link.id + (invocation.json ? "" : "/raw"),
                  .fields = context.edit_fields(service, link.id),
                  .body = {},
                  .repeat = Repeat::always,
                  .progress = {}};
        call.fields.emplace_back("Accept", invocation.json ? "application/json" : "text/plain");
        const Answer answer = service.call(call);
        if (answer.response.status == 410 && answer.perhaps_done_before) {
            throw Failure{ExitCode::not_found,
                          "it is gone (410): it may have been for one reader, and the answer to an "
                          "earlier attempt was lost"};
        }
        if (!answer.ok()) throw service.failure_of(call, answer.response);
        std::string text;
        if (invocation.json) {
            text = json_line(service.object_of(call, answer.response)) + '\n';
        } else {
            text = wanted_lines(link, answer.response.body);
        }
        if (!invocation.output.empty() && invocation.output != "-") return write_output(invocation.output, text);
        if (invocation.raw) return context.terminal().print(text);
        context.terminal().show(text);
    });
}

}  // namespace snippetd::cli
