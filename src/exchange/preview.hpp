#pragma once

#include "exchange/exchange.hpp"

#include <string>

namespace snippetd::exchange {

/// What the page of a snippet in Markdown would show of `text`: HTML, made as that is. 422 when it is no text that a
/// snippet can have, or too much to be rendered. Nothing is kept. Throws base::Unavailable when it takes too long.
Awaitable<Result<std::string>> render_preview(Exchange& exchange, std::string text);

}  // namespace snippetd::exchange
