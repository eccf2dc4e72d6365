#pragma once

#include "model/snippet.hpp"
#include "store/snippets.hpp"
#include "use_cases/call.hpp"

#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

/// Lists of snippets, newest first, a page at a time, without bodies.
namespace snippetd::use_cases {

struct Page {
    std::vector<model::Snippet> snippets;
    std::optional<store::Position> next;  ///< where the next page goes on; nothing on the last one
};

/// Of a snippet in a list, what its text begins with and its size in bytes. What burns after reading has none: who
/// has not read it must not, and who has made it might forget that this would burn it.
using Beginnings = std::unordered_map<std::string, store::Beginning>;

/// Where a list goes on behind it.
store::Position position_of(const model::Snippet& snippet);

/// The caller's own, who has an account.
Awaitable<Page> list_mine(Call& call, store::ListQuery query);
/// What the account has made public and is there for more than one reader: what its feed and its gists are.
Awaitable<Page> list_published(Call& call, std::string account_id, store::ListQuery query);
/// By id, as they were when the list was: of what has been edited since there is none.
Awaitable<Beginnings> beginnings_of(Call& call, const Page& page);
/// How many snippets the account has, or how many all have made public when it is empty: counted to kCountedMax.
Awaitable<std::int64_t> count(Call& call, std::string account_id);
inline constexpr std::int64_t kCountedMax = 1000;
/// What all accounts have made public.
Awaitable<Page> explore(Call& call, store::ListQuery query);

}  // namespace snippetd::use_cases
