#include "conventions/handlers.hpp"
#include "exchange/link.hpp"
#include "http/entity_tag.hpp"
#include "pages/assets.hpp"
#include "pages/terminal_output.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace snippetd::conventions {

using namespace exchange;

/// For terminals, which programs and people write to alike: the text in colours, and nothing that acts upon one.
Answer read_ansi(Exchange& exchange) {
    Opening opening;
    Result<Opened> opened = co_await open_link(exchange, exchange.parameters.front(), std::move(opening));
    if (!opened) co_return opened.error();
    if (opened->asked) co_return *std::move(opened->asked);
    const std::shared_ptr<const model::Snippet> snippet = opened->snippet;
    pages::PageRenderer& renderer = exchange.worker.pages;
    const std::vector<highlight::Run> colours = co_await renderer.find_colours(snippet, exchange.deadline);
    // Colours that were late are there the next time.
    const std::string representation = (colours.empty() ? "ansi-plain-" : "ansi-") + pages::pages_build();
    http::Response response = respond_with_link(*opened, exchange.request, representation, "text/plain; charset=utf-8");
    if (response.status != 200) co_return response;
    const auto work = [snippet, colours] { return pages::ansi_text(snippet->body, snippet->language, colours); };
    try {
        response.body = co_await renderer.threads().run(work, exchange.deadline);
    } catch (const base::Unavailable&) {
        if (!opened->burned) throw;
        response.body = work();  // nobody can ask again
    }
    co_return response;
}

}  // namespace snippetd::conventions
