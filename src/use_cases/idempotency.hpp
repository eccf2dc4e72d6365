#pragma once

#include "use_cases/call.hpp"

#include <string>
#include <string_view>

/// A create that may be repeated and has one effect: the same key with the same input gives the same result, for a day
/// (draft-ietf-httpapi-idempotency-key-header). store/receipt.hpp says what is kept of it.
namespace snippetd::use_cases {

struct Repeatable {
    std::string key;
    std::string client;     ///< who has nothing to do with others' keys: an account's id or an address
    std::string target;     ///< what else two requests have in common that are the same: `POST /snippets`
    std::string_view sent;  ///< the request's bytes, by which release 0.1 knew it
    /// Hash of what was asked, where the input differs from one repetition to the next; else empty.
    std::string asked{};
};

/// The record of this request, without a response. `fingerprint`: of what it asks.
store::IdempotencyRecord record_of(const Caller& caller, const Repeatable& repeatable, std::string_view fingerprint);

/// The same with the fingerprint that release 0.1 gave it: for a record that is younger than the upgrade, and has
/// another one than `record_of` makes.
store::IdempotencyRecord as_of_0_1(store::IdempotencyRecord record, const Repeatable& repeatable);

}  // namespace snippetd::use_cases
