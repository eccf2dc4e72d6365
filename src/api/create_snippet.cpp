#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/idempotency.hpp"
#include "api/input.hpp"
#include "api/snippet_json.hpp"
#include "base/secret.hpp"
#include "model/languages.hpp"

#include <boost/json.hpp>

namespace snippetd::api {

namespace {

constexpr std::size_t kIdCharacters = 12;  // 71 random bits

Awaitable<http::Response> created(Exchange& exchange, const Receipt& receipt, bool replayed) {
    auto work = [&receipt] {
        return http::json_response(201, snippet_json(receipt.snippet, receipt.base, Body::shown, receipt.edit_token));
    };
    http::Response response =
        co_await exchange.services.texts.by_size(Text::answer, receipt.snippet.body.size(), std::move(work));
    response.add("Location", "/s/" + receipt.snippet.id);
    response.add("ETag", json_etag(receipt.snippet, receipt.base));
    if (replayed) response.add("Idempotency-Replayed", "true");
    co_return response;
}

/// A new snippet of the caller, with everything but what the input says.
Awaitable<model::Snippet> new_snippet(Exchange& exchange) {
    model::Snippet snippet;
    snippet.id = base::random_alphanumeric(kIdCharacters);
    snippet.created_at = snippet.updated_at = co_await exchange.services.store.now(exchange.deadline);
    if (exchange.caller.account) {
        snippet.owner_id = exchange.caller.account->id;
        snippet.owner_name = exchange.caller.account->username;
    }
    co_return snippet;
}

/// A request that is to have an effect once.
struct Once {
    std::string key;
    std::string asked;
};

/// Writes it, or finds that this has been done before. `stored_words`: whether the record keeps what people wrote,
/// because the request does not have it.
Answer store_new(Exchange& exchange, Receipt receipt, std::optional<Once> once, bool stored_words) {
    std::optional<store::IdempotencyRecord> record;
    if (once) {
        auto work = [&] {
            store::IdempotencyRecord made = record_of(exchange, once->key, once->asked);
            made.response = write_record(once->key, receipt, stored_words);
            return made;
        };
        const std::size_t bytes = receipt.snippet.body.size();
        record = co_await exchange.services.texts.by_size(Text::request, bytes, std::move(work));
    }
    store::CreateResult result =
        co_await exchange.services.store.create_snippet(receipt.snippet, record, exchange.deadline);
    switch (result.outcome) {
        case store::CreateResult::Outcome::created: co_return co_await created(exchange, receipt, false);
        case store::CreateResult::Outcome::replayed: {
            const Receipt first = read_record(result.response, once->key, std::move(receipt.snippet));
            co_return co_await created(exchange, first, true);
        }
        case store::CreateResult::Outcome::key_reused: co_return error(ErrorKind::idempotency_key_reused);
        case store::CreateResult::Outcome::owner_gone:
            exchange.caller.rejected = true;
            co_return unauthenticated(exchange.caller);
        case store::CreateResult::Outcome::in_progress: break;
    }
    co_return error(ErrorKind::idempotency_in_progress);
}

/// The answer that a fork had, which does not depend on what has become of the source. Nothing when there was none.
Awaitable<std::optional<Result<http::Response>>> replay_fork(Exchange& exchange, const Once& once) {
    store::IdempotencyRecord record = record_of(exchange, once.key, once.asked);
    const std::optional<store::CreateResult> found =
        co_await exchange.services.store.find_replay(std::move(record), exchange.deadline);
    if (!found) co_return std::nullopt;
    if (found->outcome == store::CreateResult::Outcome::key_reused) co_return error(ErrorKind::idempotency_key_reused);
    const Receipt first = read_record(found->response, once.key, {});
    co_return co_await created(exchange, first, true);
}

}  // namespace

Answer create_snippet(Exchange& exchange) {
    const Caller& caller = exchange.caller;
    if (!caller.account && !exchange.services.options.anonymous) co_return unauthenticated(caller);
    Result<std::optional<std::string>> key = idempotency_key(exchange.request);
    if (!key) co_return key.error();
    Result<SnippetInput> input = co_await take_snippet_input(exchange, true);
    if (!input) co_return input.error();

    Receipt receipt;
    receipt.base = exchange.base_url();
    model::Snippet& snippet = receipt.snippet;
    snippet = co_await new_snippet(exchange);
    snippet.body = *std::move(input->body);
    snippet.title = std::move(input->title).value_or("");
    snippet.language =
        input->language ? *input->language : std::string{model::guess_language(snippet.title, snippet.body)};
    snippet.visibility = input->visibility.value_or(model::Visibility::unlisted);
    snippet.tags = std::move(input->tags).value_or(std::vector<std::string>{});
    snippet.burn_after_reading = input->burn_after_reading.value_or(false);
    if (const auto expires_in_s = input->expires_in_s.value_or(std::nullopt)) {
        snippet.expires_at = snippet.created_at + *expires_in_s * 1000;
    }
    if (!caller.account) {
        if (snippet.visibility == model::Visibility::private_) {
            co_return invalid_field("visibility", "private needs an account: nobody else could read it");
        }
        receipt.edit_token = base::random_secret(auth::kEditTokenPrefix);
        snippet.edit_token_hash = auth::hash_secret(auth::SecretKind::edit, receipt.edit_token);
    }
    std::optional<Once> once;
    if (*key) once = Once{**key, exchange.asked.empty() ? input->asked : exchange.asked};
    co_return co_await store_new(exchange, std::move(receipt), std::move(once), false);
}

Answer fork_snippet(Exchange& exchange) {
    Result<std::optional<std::string>> key = idempotency_key(exchange.request);
    if (!key) co_return key.error();
    if (exchange.request.has_body) {
        Result<boost::json::object> object = parse_object(exchange.request);
        if (!object) co_return object.error();
        if (std::optional<Error> wrong = Members{*object}.finish()) co_return *std::move(wrong);
    }
    std::optional<Once> once;
    if (*key) {
        once = Once{**key, hash_of_json(boost::json::object{})};
        std::optional<Result<http::Response>> replay = co_await replay_fork(exchange, *once);
        if (replay) co_return *std::move(replay);
    }
    Result<model::Snippet> source = co_await load_snippet(exchange, exchange.parameters.front());
    if (!source) co_return source.error();
    if (!may_read(exchange.caller, *source)) co_return error(ErrorKind::not_found);
    if (std::optional<Error> stale = refuse_stale(exchange, *source)) co_return *std::move(stale);
    if (source->burn_after_reading && !owns(exchange.caller, *source)) {
        co_return error(ErrorKind::forbidden, "A snippet that burns after reading cannot be forked.");
    }

    Receipt receipt;
    receipt.base = exchange.base_url();
    model::Snippet& fork = receipt.snippet;
    fork = co_await new_snippet(exchange);
    fork.body = std::move(source->body);
    fork.title = std::move(source->title);
    fork.language = std::move(source->language);
    fork.tags = std::move(source->tags);
    fork.visibility = source->visibility;
    fork.forked_from = source->id;
    co_return co_await store_new(exchange, std::move(receipt), std::move(once), true);
}

}  // namespace snippetd::api
