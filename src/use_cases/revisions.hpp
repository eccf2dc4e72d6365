#pragma once

#include "model/snippet.hpp"
#include "use_cases/call.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// Old versions, and who may see which: what was private when it was current stays between the owner and the service,
/// also when the snippet is public now. 404 for a snippet whose current version the caller may not see.
namespace snippetd::use_cases {

struct Revisions {
    model::Snippet snippet;
    std::vector<model::Revision> items;       ///< newest first, without bodies; the current one leads
    std::optional<std::int64_t> next_before;  ///< for the ones that follow; nothing when there are none
};

/// Which versions of a snippet: of those before `before`, or of all, the newest.
struct RevisionsWanted {
    std::optional<std::int64_t> before;
    int limit = 1000;  ///< so many are looked at; fewer may be for the caller
};

/// Those that the caller may see.
Awaitable<Result<Revisions>> list_revisions(Call& call, std::string id, RevisionsWanted wanted);

/// One version with its body, the current one included; 404 when there is none, or not for the caller.
Awaitable<Result<model::Revision>> read_revision(Call& call, std::string id, std::int64_t version);
/// The same of a snippet that `list_revisions` has given.
Awaitable<Result<model::Revision>> read_revision(Call& call, const model::Snippet& snippet, std::int64_t version);

}  // namespace snippetd::use_cases
