#pragma once

#include "model/snippet.hpp"

#include <string>

/// What an idempotency record keeps of an answer: what the answer was made of. What people wrote (title, tags, body)
/// comes again with the repeated request. What does not, an edit token and the words of a fork, is sealed under a key
/// derived from the idempotency key, which the store never sees. So a stolen database opens nothing, and nothing of a
/// snippet that was burned or deleted can be read in it.
namespace snippetd::store {

/// What a create was answered with.
struct Receipt {
    model::Snippet snippet;
    std::string base;        ///< of the link
    std::string edit_token;  ///< empty but for anonymous creators
};

/// What the record keeps of the answer. `with_words`: because the request does not bring them along.
std::string write_record(const std::string& key, const Receipt& receipt, bool with_words);
/// The receipt that `response` was made of; the words are those of `asked` when the record holds none. Throws when it
/// cannot be read.
Receipt read_record(const std::string& response, const std::string& key, model::Snippet asked);

}  // namespace snippetd::store
