#pragma once

#include "model/snippet.hpp"
#include "store/receipt.hpp"
#include "use_cases/access.hpp"
#include "use_cases/call.hpp"
#include "use_cases/idempotency.hpp"
#include "use_cases/snippet_input.hpp"

#include <functional>
#include <optional>
#include <string>

/// What is done to one snippet. After each that changes something nobody on this instance is served an older state, and
/// the other instances have been told; so too when it is not known whether the store has done it (base::Unavailable).
namespace snippetd::use_cases {

struct Created {
    store::Receipt receipt;
    bool replayed = false;  ///< by an earlier request with the same key
};

/// Makes a snippet of the caller's. `link_base` begins the links in the answer. 401 where that needs an account.
Awaitable<Result<Created>> create(Call& call, SnippetInput input, std::string link_base,
                                  std::optional<Repeatable> repeatable);
/// 401 when whoever asks may not create anything; else nothing. To be asked before a long text is taken apart.
std::optional<Error> refuse_anonymous(const Call& call);

/// Makes a copy that belongs to the caller. `condition` is of the source.
Awaitable<Result<Created>> fork(Call& call, std::string id, Condition condition, std::string link_base,
                                std::optional<Repeatable> repeatable);

/// What is to be changed in a snippet, which it is as it is now. May be called again, with a later version.
using Changes = std::function<Awaitable<Result<SnippetInput>>(const model::Snippet&)>;

/// Changes it, upon whatever version it has by then; the snippet as it is afterwards. What changes nothing makes no new
/// version.
Awaitable<Result<model::Snippet>> edit(Call& call, std::string id, SnippetInput input, Condition condition);
/// The same, when what is to be changed depends on what is there.
Awaitable<Result<model::Snippet>> edit_upon(Call& call, std::string id, Changes changes, Condition condition);

/// Deletes it for good. With a condition, an edit that comes in between is not deleted along: 412.
Awaitable<Result<void>> remove(Call& call, std::string id, Condition condition);

}  // namespace snippetd::use_cases
