#pragma once

#include "model/snippet.hpp"
#include "store/snippets.hpp"
#include "use_cases/call.hpp"

#include <optional>
#include <string>
#include <vector>

/// Lists of snippets, newest first, a page at a time, without bodies.
namespace snippetd::use_cases {

struct Page {
    std::vector<model::Snippet> snippets;
    std::optional<store::Position> next;  ///< where the next page goes on; nothing on the last one
};

/// The caller's own, who has an account.
Awaitable<Page> list_mine(Call& call, store::ListQuery query);
/// What the account has made public and is there for more than one reader: what its feed and its gists are.
Awaitable<Page> list_published(Call& call, std::string account_id, store::ListQuery query);
/// What all accounts have made public.
Awaitable<Page> explore(Call& call, store::ListQuery query);

}  // namespace snippetd::use_cases
