#include "use_cases/idempotency.hpp"

#include "base/secret.hpp"

#include <fmt/format.h>

namespace snippetd::use_cases {

store::IdempotencyRecord record_of(const Caller& caller, const Repeatable& repeatable, std::string_view fingerprint) {
    store::IdempotencyRecord record;
    record.id = base::hash_for("snippetd/idempotency-key", repeatable.client + '\n' + repeatable.key);
    record.fingerprint =
        base::hash_for("snippetd/request-asked", fmt::format("{}\n{}", repeatable.target, fingerprint));
    if (caller.account) record.account_id = caller.account->id;
    return record;
}

store::IdempotencyRecord as_of_0_1(store::IdempotencyRecord record, const Repeatable& repeatable) {
    record.fingerprint = base::hash_for("snippetd/request", fmt::format("{}\n{}", repeatable.target, repeatable.sent));
    return record;
}

}  // namespace snippetd::use_cases
