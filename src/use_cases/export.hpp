#pragma once

#include "model/account.hpp"
#include "model/snippet.hpp"
#include "store/snippets.hpp"
#include "use_cases/call.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace snippetd::use_cases {

/// All snippets of an account, with their old versions, piece by piece. What is created meanwhile may be missing and
/// what is deleted is; every snippet is as it was in the moment when its turn came. It outlives the call: each step has
/// a deadline of its own, and as a whole it takes as long as the reader takes.
class AccountExport {
  public:
    struct OldVersion {
        std::string id;  ///< of the snippet
        model::Revision revision;
    };
    /// A snippet is followed by its old versions.
    using Item = std::variant<model::Snippet, OldVersion>;

    /// Of the caller's account.
    explicit AccountExport(const Call& call)
        : store_{call.services.store}, party_{call.deadline.party}, account_{*call.caller.account} {}

    const model::Account& account() const { return account_; }

    /// Before the answer begins, so that a store that is away is a 503 and not a torn archive.
    Awaitable<void> begin() { return list(); }
    /// Some more, in memory at most kBytesAtOnce of text and a snippet; empty when that was all. Throws
    /// base::Unavailable when the store is away.
    Awaitable<std::vector<Item>> next();
    /// Has `next`, which may be under way, give what it has.
    void cancel() { cancelled_ = true; }

  private:
    static constexpr std::size_t kBytesAtOnce = 256 * 1024;
    // What an item counts for beside its body, so that many small ones do not become one large piece.
    static constexpr std::size_t kOverhead = 1024;

    /// Lists the next page, unless the last one has not been read yet.
    Awaitable<void> list();
    Awaitable<std::optional<Item>> read_listed();
    /// Adds to what is left to be read the next versions before that one.
    Awaitable<void> list_old_versions(std::string id, std::int64_t before);
    Awaitable<std::optional<Item>> read_old_version();

    store::Snippets& store_;
    const base::Party party_;
    model::Account account_;
    std::deque<store::Position> listed_;  ///< not read yet
    std::deque<std::pair<std::string, std::int64_t>>
        old_versions_;  ///< of the snippet that was read last; ids, versions
    std::optional<store::Position> last_;
    bool all_listed_ = false;
    bool cancelled_ = false;
};

}  // namespace snippetd::use_cases
