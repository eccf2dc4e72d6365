#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

/// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): the same key with the same request gives the same
/// response, for a day. Two requests are the same when method and path are, and what they ask: the JSON that they are
/// or have been translated into, however that is written.
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

/// Hash of what a JSON document says: equal for two that differ in the order of members, white space and escapes alone
/// (what RFC 8785 calls canonical, but that members are ordered by the bytes of their names).
std::string hash_of_json(const boost::json::value& document);

/// The record of this request, without a response; `asked` is the `hash_of_json` of what it asks.
store::IdempotencyRecord record_of(const Exchange& exchange, const std::string& key, std::string_view asked);
/// What the record keeps of the answer. `with_words`: because the request does not bring them along.
std::string write_record(const std::string& key, const Receipt& receipt, bool with_words);
/// The receipt that `response` was made of; the words are those of `asked` when the record holds none. Throws when it
/// cannot be read.
Receipt read_record(const std::string& response, const std::string& key, model::Snippet asked);

}  // namespace snippetd::api
