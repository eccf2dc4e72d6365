#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"

#include <cstdint>
#include <optional>
#include <vector>

/// Old versions, and who may see which: what was private when it was current stays between the owner and the service.
namespace snippetd::api {

/// The snippet of the path's first parameter, for someone who may see at least its current version.
Awaitable<Result<model::Snippet>> load_visible(Exchange& exchange);

/// All versions that the caller may see, newest first, without bodies; the current one leads.
Awaitable<std::vector<model::Revision>> list_visible_revisions(Exchange& exchange, const model::Snippet& snippet);

/// One version with its body, the current one included; nothing when there is none, or not for the caller.
Awaitable<std::optional<model::Revision>> find_visible_revision(Exchange& exchange, const model::Snippet& snippet,
                                                                std::int64_t version);

}  // namespace snippetd::api
