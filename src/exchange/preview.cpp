#include "exchange/preview.hpp"

#include "base/error.hpp"
#include "exchange/input.hpp"

#include <memory>
#include <utility>

namespace snippetd::exchange {

namespace {

std::string_view why_not(pages::DocumentOutcome outcome) {
    switch (outcome) {
        case pages::DocumentOutcome::too_slow: return "is too much to be rendered: it takes too long";
        case pages::DocumentOutcome::too_large: return "is too much to be rendered: it takes too much room";
        default: return "cannot be rendered";
    }
}

}  // namespace

Awaitable<Result<std::string>> render_preview(Exchange& exchange, std::string text) {
    const std::size_t bytes = text.size();
    const std::uint64_t bytes_max = exchange.services.options.body_bytes_max;
    SnippetInput input;
    input.body = std::move(text);
    auto check = [&input, bytes_max] { return use_cases::check(input, bytes_max, Purpose::create); };
    std::optional<Error> wrong =
        co_await exchange.services.texts.by_size(Text::request, bytes, exchange.deadline.party, std::move(check));
    if (wrong) co_return *std::move(wrong);
    auto snippet = std::make_shared<model::Snippet>();
    snippet->language = "markdown";
    snippet->body = *std::move(input.body);
    const std::shared_ptr<const pages::Document> document =
        co_await exchange.worker.pages.find_document(std::move(snippet), false, exchange.deadline);
    if (!document) throw base::Unavailable{"a preview takes too long"};
    if (document->outcome != pages::DocumentOutcome::made) {
        co_return invalid_field("body", std::string{why_not(document->outcome)});
    }
    co_return document->html;
}

}  // namespace snippetd::exchange
