#include "base/secret.hpp"
#include "model/guess.hpp"
#include "use_cases/snippets.hpp"

#include <algorithm>
#include <atomic>
#include <utility>

namespace snippetd::use_cases {

namespace {

constexpr std::size_t kIdCharacters = 12;  // 71 random bits

/// The time of a new snippet: `now`, or the next millisecond that no other has had from this process, so that lists
/// show in the order of their making what was made within one. When so many are made that this would run ahead of the
/// clock by more than kAheadMax, some have the same.
base::UnixMillis distinct_time(base::UnixMillis now) {
    constexpr base::UnixMillis kAheadMax = 100;
    static std::atomic<base::UnixMillis> last{0};
    base::UnixMillis before = last.load();
    base::UnixMillis time = 0;
    do {
        time = std::max(now, std::min(before + 1, now + kAheadMax));
    } while (!last.compare_exchange_weak(before, time));
    return time;
}

/// A new snippet of the caller, with everything but what the input says.
Awaitable<model::Snippet> new_snippet(Call& call) {
    model::Snippet snippet;
    snippet.id = base::random_alphanumeric(kIdCharacters);
    const base::UnixMillis now = co_await call.services.store.now(call.deadline);
    snippet.created_at = snippet.updated_at = distinct_time(now);
    if (call.caller.account) {
        snippet.owner_id = call.caller.account->id;
        snippet.owner_name = call.caller.account->username;
    }
    co_return snippet;
}

/// What the key's record says, when it is not of this request by its fingerprint.
Awaitable<store::CreateResult> find_reused(Call& call, store::IdempotencyRecord record, const Repeatable& repeatable) {
    record = as_of_0_1(std::move(record), repeatable);
    std::optional<store::CreateResult> found =
        co_await call.services.store.find_replay(std::move(record), call.deadline);
    co_return std::move(found).value_or(store::CreateResult{store::CreateResult::Outcome::key_reused, {}});
}

/// Writes it, or finds that this has been done before. `record` is of the request, without a response. `stored_words`:
/// whether the record keeps what people wrote, because the request does not have it.
Awaitable<Result<Created>> store_new(Call& call, store::Receipt receipt, std::optional<Repeatable> repeatable,
                                     std::optional<store::IdempotencyRecord> record, bool stored_words) {
    if (record) {
        auto work = [&] { return store::write_record(repeatable->key, receipt, stored_words); };
        const std::size_t bytes = stored_words ? receipt.snippet.body.size() : 0;
        record->response =
            co_await call.services.texts.by_size(Text::request, bytes, call.deadline.party, std::move(work));
    }
    store::CreateResult result = co_await call.services.store.create_snippet(receipt.snippet, record, call.deadline);
    if (result.outcome == store::CreateResult::Outcome::key_reused) {
        result = co_await find_reused(call, *std::move(record), *repeatable);
    }
    switch (result.outcome) {
        case store::CreateResult::Outcome::created: co_return Created{std::move(receipt), false};
        case store::CreateResult::Outcome::replayed:
            co_return Created{store::read_record(result.response, repeatable->key, std::move(receipt.snippet)), true};
        case store::CreateResult::Outcome::key_reused: co_return error(ErrorKind::idempotency_key_reused);
        case store::CreateResult::Outcome::owner_gone:
            call.caller.rejected = true;
            co_return unauthenticated(call.caller);
        case store::CreateResult::Outcome::in_progress: break;
    }
    co_return error(ErrorKind::idempotency_in_progress);
}

/// What a create says that has been checked, with its language, and its record.
struct Checked {
    SnippetInput input;
    bool language_chosen = true;
    std::optional<store::IdempotencyRecord> record;
};

Result<Checked> check_new(const Call& call, SnippetInput input, const std::optional<Repeatable>& repeatable) {
    std::optional<Error> wrong = check(input, call.services.options.body_bytes_max, Purpose::create);
    if (wrong) return *std::move(wrong);
    const bool language_chosen = input.language.has_value();
    Checked checked{std::move(input), language_chosen, std::nullopt};
    if (repeatable) {
        const std::string asked = repeatable->asked.empty() ? fingerprint_of(checked.input) : repeatable->asked;
        checked.record = record_of(call.caller, *repeatable, asked);
    }
    if (!language_chosen) {
        checked.input.language = model::guess_language(checked.input.title.value_or(""), *checked.input.body);
    }
    return checked;
}

/// `snippet` with what the input says.
std::optional<Error> apply(SnippetInput input, model::Snippet& snippet) {
    snippet.body = *std::move(input.body);
    snippet.title = std::move(input.title).value_or("");
    snippet.language = std::move(input.language).value_or("");
    snippet.visibility = input.visibility.value_or(model::Visibility::unlisted);
    snippet.tags = std::move(input.tags).value_or(std::vector<std::string>{});
    snippet.burn_after_reading = input.burn_after_reading.value_or(false);
    return set_expiry(input, snippet.created_at, snippet);
}

}  // namespace

std::optional<Error> refuse_anonymous(const Call& call) {
    if (!call.caller.account && !call.services.options.anonymous) return unauthenticated(call.caller);
    return std::nullopt;
}

Awaitable<Result<Created>> create(Call& call, SnippetInput input, std::string link_base,
                                  std::optional<Repeatable> repeatable) {
    if (std::optional<Error> refused = refuse_anonymous(call)) co_return *std::move(refused);
    const std::size_t bytes = input.body ? input.body->size() : 0;
    auto work = [&] { return check_new(call, std::move(input), repeatable); };
    Result<Checked> checked =
        co_await call.services.texts.by_size(Text::request, bytes, call.deadline.party, std::move(work));
    if (!checked) co_return checked.error();

    store::Receipt receipt;
    receipt.base = std::move(link_base);
    receipt.snippet = co_await new_snippet(call);
    receipt.snippet.language_chosen = checked->language_chosen;
    if (std::optional<Error> wrong = apply(std::move(checked->input), receipt.snippet)) co_return *std::move(wrong);
    if (!call.caller.account) {
        if (receipt.snippet.visibility == model::Visibility::private_) {
            co_return invalid_field("visibility", "private needs an account: nobody else could read it");
        }
        receipt.edit_token = base::random_secret(auth::kEditTokenPrefix);
        receipt.snippet.edit_token_hash = auth::hash_secret(auth::SecretKind::edit, receipt.edit_token);
    }
    co_return co_await store_new(call, std::move(receipt), std::move(repeatable), std::move(checked->record), false);
}

namespace {

/// The answer that a fork had, which does not depend on what has become of the source. Nothing when there was none.
Awaitable<std::optional<Result<Created>>> replay_fork(Call& call, const Repeatable& repeatable,
                                                      store::IdempotencyRecord record) {
    std::optional<store::CreateResult> found = co_await call.services.store.find_replay(record, call.deadline);
    if (!found) co_return std::nullopt;
    if (found->outcome == store::CreateResult::Outcome::key_reused) {
        found = co_await find_reused(call, std::move(record), repeatable);
    }
    if (found->outcome == store::CreateResult::Outcome::key_reused) {
        co_return Result<Created>{error(ErrorKind::idempotency_key_reused)};
    }
    co_return Result<Created>{Created{store::read_record(found->response, repeatable.key, {}), true}};
}

}  // namespace

Awaitable<Result<Created>> fork(Call& call, std::string id, Condition condition, std::string link_base,
                                std::optional<Repeatable> repeatable) {
    std::optional<store::IdempotencyRecord> record;
    if (repeatable) {
        record = record_of(call.caller, *repeatable, fingerprint_of(SnippetInput{}));
        std::optional<Result<Created>> replay = co_await replay_fork(call, *repeatable, *record);
        if (replay) co_return *std::move(replay);
    }
    Result<model::Snippet> source = co_await load_snippet(call, std::move(id));
    if (!source) co_return source.error();
    if (!may_read(call.caller, *source)) co_return error(ErrorKind::not_found);
    if (condition && !condition(*source)) co_return error(ErrorKind::precondition_failed);
    if (source->burn_after_reading && !owns(call.caller, *source)) {
        co_return error(ErrorKind::forbidden, "A snippet that burns after reading cannot be forked.");
    }

    store::Receipt receipt;
    receipt.base = std::move(link_base);
    model::Snippet& copy = receipt.snippet;
    copy = co_await new_snippet(call);
    copy.body = std::move(source->body);
    copy.title = std::move(source->title);
    copy.language = std::move(source->language);
    copy.language_chosen = source->language_chosen;
    copy.tags = std::move(source->tags);
    copy.visibility = source->visibility;
    copy.forked_from = source->id;
    co_return co_await store_new(call, std::move(receipt), std::move(repeatable), std::move(record), true);
}

}  // namespace snippetd::use_cases
