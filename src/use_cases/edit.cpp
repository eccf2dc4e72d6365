#include "model/guess.hpp"
#include "model/languages.hpp"
#include "use_cases/snippets.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace snippetd::use_cases {

namespace {

// An edit that loses against another one is tried again upon the new version; beyond this many there is no end in
// sight.
constexpr int kAttemptsMax = 8;

/// `snippet` with what the input changes.
Result<bool> apply(const SnippetInput& input, model::Snippet& snippet, base::UnixMillis now) {
    bool changed = false;
    const auto set = [&changed](auto& target, const auto& value) {
        if (!value || target == *value) return;
        target = *value;
        changed = true;
    };
    const bool renamed = input.title && *input.title != snippet.title;
    const bool rewritten = input.body && *input.body != snippet.body;
    set(snippet.body, input.body);
    set(snippet.title, input.title);
    set(snippet.language, input.language);
    if (input.language || input.guesses_language) {
        set(snippet.language_chosen, std::optional{input.language.has_value()});
    }
    if (input.guesses_language || (!snippet.language_chosen && (renamed || rewritten))) {
        const std::string_view guessed = model::guess_language(snippet.title, snippet.body);
        // A text that tells less than before is in no other language for that.
        const bool tells = input.guesses_language || renamed || guessed != model::kPlainText;
        if (tells) set(snippet.language, std::optional{std::string{guessed}});
    }
    set(snippet.visibility, input.visibility);
    set(snippet.tags, input.tags);
    const std::optional<base::UnixMillis> expires_before = snippet.expires_at;
    if (std::optional<Error> wrong = set_expiry(input, now, snippet)) return *std::move(wrong);
    return changed || snippet.expires_at != expires_before;
}

/// After the commit, before the answer. `floor`: the version below which nobody may be served it any more. A write
/// whose outcome is not known is taken for committed. False when it did not apply.
template <class Write>
Awaitable<bool> commit_and_invalidate(Call& call, std::string id, std::int64_t floor, const Write& write) {
    bool written = false;
    std::exception_ptr unknown;
    try {
        written = co_await write();
    } catch (const base::Unavailable&) {
        unknown = std::current_exception();
    }
    if (written || unknown) co_await call.services.cache.invalidate(std::move(id), floor);
    if (unknown) std::rethrow_exception(unknown);
    co_return written;
}

/// One that the caller may edit, and that is as it has to be.
Awaitable<Result<model::Snippet>> load_to_change(Call& call, const std::string& id, const Condition& condition) {
    Result<model::Snippet> snippet = co_await load_for_edit(call, id);
    if (snippet && condition && !condition(*snippet)) co_return error(ErrorKind::precondition_failed);
    co_return snippet;
}

/// What the change came to; nothing when another one was faster.
Awaitable<std::optional<Result<model::Snippet>>> try_edit(Call& call, const SnippetInput& input,
                                                          model::Snippet snippet) {
    if (input.visibility == model::Visibility::private_ && snippet.owner_id.empty()) {
        co_return Result<model::Snippet>{
            invalid_field("visibility", "private needs an account: nobody else could read it")};
    }
    const base::UnixMillis now = co_await call.services.store.now(call.deadline);
    auto work = [&] { return apply(input, snippet, now); };
    const std::size_t bytes = std::max(snippet.body.size(), input.body ? input.body->size() : 0);
    const Result<bool> changed =
        co_await call.services.texts.by_size(Text::request, bytes, call.deadline.party, std::move(work));
    if (!changed) co_return Result<model::Snippet>{changed.error()};
    if (!*changed) co_return Result<model::Snippet>{std::move(snippet)};
    snippet.updated_at = std::max(now, snippet.updated_at + 1);
    const auto update = [&] { return call.services.store.update_snippet(snippet, call.deadline); };
    const bool written = co_await commit_and_invalidate(call, snippet.id, snippet.version + 1, update);
    if (!written) co_return std::nullopt;
    ++snippet.version;
    co_return Result<model::Snippet>{std::move(snippet)};
}

Awaitable<std::optional<Error>> check_edit(Call& call, SnippetInput& input) {
    const std::uint64_t body_bytes_max = call.services.options.body_bytes_max;
    const std::size_t bytes = input.body ? input.body->size() : 0;
    auto work = [&input, body_bytes_max] { return check(input, body_bytes_max, Purpose::edit); };
    co_return co_await call.services.texts.by_size(Text::request, bytes, call.deadline.party, std::move(work));
}

Error too_busy() {
    return error(ErrorKind::conflict, "Others are editing this snippet right now; try again.");
}

}  // namespace

Awaitable<Result<model::Snippet>> edit(Call& call, std::string id, SnippetInput input, Condition condition) {
    if (std::optional<Error> refused = refuse_nobody(call.caller)) co_return *std::move(refused);
    std::optional<Error> wrong = co_await check_edit(call, input);
    if (wrong) co_return *std::move(wrong);
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        Result<model::Snippet> snippet = co_await load_to_change(call, id, condition);
        if (!snippet) co_return snippet.error();
        std::optional<Result<model::Snippet>> edited = co_await try_edit(call, input, *std::move(snippet));
        if (edited) co_return *std::move(edited);
    }
    co_return too_busy();
}

Awaitable<Result<model::Snippet>> edit_upon(Call& call, std::string id, Changes changes, Condition condition) {
    if (std::optional<Error> refused = refuse_nobody(call.caller)) co_return *std::move(refused);
    for (int attempt = 0; attempt < kAttemptsMax; ++attempt) {
        Result<model::Snippet> snippet = co_await load_to_change(call, id, condition);
        if (!snippet) co_return snippet.error();
        Result<SnippetInput> input = co_await changes(*snippet);
        if (!input) co_return input.error();
        std::optional<Error> wrong = co_await check_edit(call, *input);
        if (wrong) co_return *std::move(wrong);
        std::optional<Result<model::Snippet>> edited = co_await try_edit(call, *input, *std::move(snippet));
        if (edited) co_return *std::move(edited);
    }
    co_return too_busy();
}

Awaitable<Result<void>> remove(Call& call, std::string id, Condition condition) {
    if (std::optional<Error> refused = refuse_nobody(call.caller)) co_return *std::move(refused);
    const Result<model::Snippet> snippet = co_await load_to_change(call, id, condition);
    if (!snippet) co_return snippet.error();
    const std::optional<std::int64_t> version = condition ? std::optional{snippet->version} : std::nullopt;
    const auto write = [&] { return call.services.store.delete_snippet(snippet->id, version, call.deadline); };
    const bool deleted = co_await commit_and_invalidate(call, snippet->id, model::kDeletedFloor, write);
    if (!deleted) co_return error(condition ? ErrorKind::precondition_failed : ErrorKind::not_found);
    co_return Result<void>{};
}

}  // namespace snippetd::use_cases
