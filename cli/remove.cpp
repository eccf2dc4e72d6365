#include "context.hpp"
#include "text.hpp"

#include <fmt/format.h>

namespace snippetd::cli {

ExitCode remove(Context& context) {
    return context.for_each(context.invocation().operands, [&](const std::string& operand) {
        const SnippetLink link = parse_link(operand);
        Service service = context.service_of(link);
        const Call call{.method = "DELETE",
                        .path = "/snippets/" + link.id,
                        .fields = context.edit_fields(service, link.id),
                        .body = {},
                        .repeat = Repeat::always,
                        .progress = {}};
        const Answer answer = service.call(call);
        const bool absent = answer.response.status == 404 || answer.response.status == 410;
        if (!answer.ok() && !(absent && answer.perhaps_done_before)) throw service.failure_of(call, answer.response);
        EditTokens{}.forget(service.server().base(), link.id);
        context.terminal().tell(fmt::format("{} is deleted", link.id));
    });
}

}  // namespace snippetd::cli
