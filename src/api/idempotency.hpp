#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"

#include <optional>
#include <string>

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gives the same
/// response, for a day.
///
/// The record keeps what the answer was made of, not the answer: what people wrote (title, tags, body) comes again with
/// the repeated request. What does not, an edit token and the words of a fork, is sealed under a key derived from the
/// idempotency key, which the store never sees. So a stolen database opens nothing, and nothing of a snippet that was
/// burned or deleted can be read in it.
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
                                     bool with_words);
/// The receipt that `response` was made of; the words are those of `asked` when the record holds none. Throws when it
/// cannot be read.
Receipt read_record(const std::string& response, const std::string& key, model::Snippet asked);

}  // namespace snippetd::api
