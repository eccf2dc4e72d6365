#pragma once

#include "sql/gatherer.hpp"
#include "store/snippets.hpp"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace snippetd::store {

/// Creates on PostgreSQL. Those that arrive while others are under way share one statement: one round trip, one commit,
/// one flush of the disk for all of them (docs/decisions/0050-gathered-creates.md). One that comes alone is written by
/// a statement of its own, and so is one that might make others fail or wait: with a large text, with a key that is
/// being written already, and each of a batch that was refused for what one of its rows says.
class PostgresCreates {
  public:
    /// A text above that does not ride along: a batch is made, sent and parsed at once.
    static constexpr std::size_t kGatheredBytesMax = 16 * 1024;

    /// `meter` may be null. `note` is called, by threads of the pool, after something may have been written.
    PostgresCreates(sql::Pool& pool, std::shared_ptr<base::QueueMeter> meter, std::function<void()> note);

    /// As Snippets::create_snippet.
    Awaitable<CreateResult> run(model::Snippet snippet, std::optional<IdempotencyRecord> record, Deadline deadline);

  private:
    struct NewRow {
        model::Snippet snippet;
        std::optional<IdempotencyRecord> record;
    };
    using Row = std::shared_ptr<const NewRow>;
    struct Made {
        CreateResult result;
        bool alone = false;  ///< nothing has been made: it is to be tried alone
    };
    /// The keys of a batch while it runs. Two batches in which the same key is would wait for each other.
    class Keys;

    CreateResult create_alone(sql::Connection& connection, const NewRow& row, base::Milliseconds patience) const;
    std::vector<Made> create_all(sql::Connection& connection, const std::vector<Row>& rows);

    sql::Pool& pool_;
    std::function<void()> note_;
    std::mutex mutex_;
    std::set<std::string> keys_;  ///< guarded by mutex_; of the batches that run
    sql::Gatherer<Row, Made> gathered_;
};

}  // namespace snippetd::store
