#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"

#include <optional>
#include <string>

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gives the same
/// response, for a day.
///
/// The record keeps what the answer was made of, not the answer: the body of a snippet comes again with the repeated
/// request, and an edit token is kept only sealed under a key derived from the idempotency key, which the store never
/// sees. So a stolen database opens nothing, and bodies are not stored twice.
namespace snippetd::api {

/// 422 when the header is not 1 to 255 visible ASCII characters; nothing when it is absent.
Result<std::optional<std::string>> idempotency_key(const http::Request& request);

/// What a create was answered with.
struct Receipt {
    model::Snippet snippet;
    std::string base;        ///< of the link
    std::string edit_token;  ///< empty but for anonymous creators
};

store::IdempotencyRecord make_record(const Exchange& exchange, const std::string& key, const Receipt& receipt,
                                     bool with_body);
/// The receipt that `response` was made of; `body` is used when the record holds none. Throws when it cannot be read.
Receipt read_record(const std::string& response, const std::string& key, std::string body);

}  // namespace snippetd::api
