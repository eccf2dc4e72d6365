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

bool wants_colours(const Invocation& invocation, const Terminal& terminal) {
    if (invocation.json || invocation.raw || invocation.colours == Colours::never) return false;
    if (invocation.colours == Colours::always) return true;
    return (invocation.output.empty() || invocation.output == "-") && terminal.wants_colours();
}

}  // namespace

ExitCode get(Context& context) {
    const Invocation& invocation = context.invocation();
    return context.for_each(invocation.operands, [&](const std::string& operand) {
        const SnippetLink link = parse_link(operand);
        Service service = context.service_of(link);
        const bool in_colours = wants_colours(invocation, context.terminal());
        Call call{.method = "GET",
                  .path = "/s/" + link.id +
                          (invocation.json ? ""
                           : in_colours    ? "/ansi"
                                           : "/raw"),
                  .fields = context.edit_fields(service, link.id),
                  .body = {},
                  .repeat = Repeat::always,
                  .progress = {}};
        call.fields.emplace_back("Accept", invocation.json ? "application/json" : "text/plain");
        Answer answer = service.call(call);
        if (in_colours && answer.response.status == 404) {
            // There is no such snippet, or the server is older than its colours.
            call.path = "/s/" + link.id + "/raw";
            answer = service.call(call);
        }
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
        if (in_colours) return context.terminal().show_in_styles(text);
        if (invocation.raw) return context.terminal().print(text);
        context.terminal().show(text);
    });
}

}  // namespace snippetd::cli
