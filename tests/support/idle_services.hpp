#pragma once

#include "application/routes.hpp"
#include "exchange/exchange.hpp"
#include "openapi/documentation.hpp"
#include "support/run.hpp"

#include <stdexcept>

namespace snippetd::test {

/// A store for use cases that must not touch it.
class UntouchedStore : public store::Store {
  public:
    using Deadline = base::Deadline;
    template <class T>
    using Awaitable = base::Awaitable<T>;

    Awaitable<bool> create_account(model::Account, std::string, Deadline) override { touched(); }
    Awaitable<std::optional<store::StoredAccount>> find_account(std::string, Deadline) override { touched(); }
    Awaitable<bool> clear_account(std::string, std::string, int, Deadline) override { touched(); }
    Awaitable<std::vector<std::string>> list_owned_ids(std::string, base::UnixMillis, int, Deadline) override {
        touched();
    }
    Awaitable<void> delete_owned(std::string, std::vector<std::string>, Deadline) override { touched(); }
    Awaitable<bool> delete_account(std::string, Deadline) override { touched(); }
    Awaitable<std::optional<store::PasswordChanged>> set_password(store::PasswordChange, Deadline) override {
        touched();
    }
    Awaitable<bool> replace_password_hash(std::string, std::string, std::string, Deadline) override { touched(); }
    Awaitable<bool> create_session(std::string, std::string, std::string, base::Milliseconds, Deadline) override {
        touched();
    }
    Awaitable<bool> delete_session(std::string, Deadline) override { touched(); }
    Awaitable<std::optional<model::Bearer>> find_session(std::string, Deadline) override { touched(); }
    Awaitable<std::optional<model::ApiToken>> create_token(model::ApiToken, store::TokenMaker, std::string,
                                                           Deadline) override {
        touched();
    }
    Awaitable<std::vector<model::ApiToken>> list_tokens(std::string, Deadline) override { touched(); }
    Awaitable<bool> delete_token(std::string, std::string, Deadline) override { touched(); }
    Awaitable<void> delete_tokens(std::string, Deadline) override { touched(); }
    Awaitable<std::optional<model::Bearer>> find_token(std::string, Deadline) override { touched(); }
    Awaitable<store::CreateResult> create_snippet(model::Snippet, std::optional<store::IdempotencyRecord>,
                                                  Deadline) override {
        touched();
    }
    Awaitable<std::optional<store::CreateResult>> find_replay(store::IdempotencyRecord, Deadline) override {
        touched();
    }
    Awaitable<store::Loaded> load_snippet(std::string, Deadline) override { touched(); }
    Awaitable<bool> update_snippet(model::Snippet, Deadline) override { touched(); }
    Awaitable<bool> delete_snippet(std::string, std::optional<std::int64_t>, Deadline) override { touched(); }
    Awaitable<std::optional<model::Snippet>> burn_snippet(std::string, Deadline) override { touched(); }
    Awaitable<std::vector<model::Snippet>> list_owned(std::string, store::ListQuery, Deadline) override { touched(); }
    Awaitable<std::vector<model::Snippet>> list_public(store::ListQuery, Deadline) override { touched(); }
    Awaitable<std::vector<store::Beginning>> load_beginnings(std::vector<std::string>, Deadline) override { touched(); }
    Awaitable<std::int64_t> count_listed(std::string, std::int64_t, Deadline) override { touched(); }
    Awaitable<std::vector<model::Revision>> list_revisions(std::string, std::int64_t, int, Deadline) override {
        touched();
    }
    Awaitable<std::optional<model::Revision>> find_revision(std::string, std::int64_t, Deadline) override { touched(); }
    Awaitable<model::NumbersById> apply_views(std::string, model::NumbersById, store::ViewFlushes, Deadline) override {
        touched();
    }
    Awaitable<std::int64_t> last_flush_applied(std::string, Deadline) override { touched(); }
    Awaitable<std::vector<model::ViewHour>> view_hours(std::string, base::UnixMillis, Deadline) override { touched(); }
    Awaitable<model::Undelivered> list_undelivered(base::Milliseconds, int, Deadline) override { touched(); }
    Awaitable<void> forget_delivered(model::NumbersById, model::CacheServer, Deadline) override { touched(); }
    Awaitable<void> set_cache_server(std::string, model::CacheServer, Deadline) override { touched(); }
    Awaitable<store::Indexed> index_some(Deadline) override { touched(); }
    bool may_have_unindexed() const override { touched(); }
    std::int64_t written_since() const override { touched(); }
    Awaitable<store::Purged> purge(int, Deadline) override { touched(); }
    Awaitable<void> ping(Deadline) override { touched(); }
    Awaitable<base::UnixMillis> now(Deadline) override { touched(); }
    std::optional<base::UnixMillis> estimated_now() const override { touched(); }
    void close() override {}

  private:
    [[noreturn]] static void touched() { throw std::logic_error{"the store is not to be touched"}; }
};

/// A cache likewise.
class UntouchedCache : public cache::Cache {
  public:
    std::shared_ptr<const cache::Entry> find_near(std::string_view, base::SteadyTime) override { touched(); }
    base::Awaitable<cache::Read> read(std::string, base::Deadline) override { touched(); }
    base::Awaitable<std::shared_ptr<const cache::Entry>> complete(std::shared_ptr<const cache::Entry>,
                                                                  base::Deadline) override {
        touched();
    }
    base::Awaitable<void> invalidate(std::string, std::int64_t) override { touched(); }
    void update_count(std::string_view, std::int64_t) override { touched(); }

  private:
    [[noreturn]] static void touched() { throw std::logic_error{"the cache is not to be touched"}; }
};

/// What an exchange::Exchange needs, with a limiter of the test's, and a store and a cache if it has any.
struct IdleServices {
    explicit IdleServices(limiter::Limiter& limiter_) : limiter{limiter_} {}
    IdleServices(limiter::Limiter& limiter_, store::Store& store_, cache::Cache& cache_)
        : limiter{limiter_}, store{store_}, cache{cache_} {}

    exchange::Exchange exchange() { return {request, services, {}, base::deadline_in(std::chrono::hours{1})}; }

    limiter::Limiter& limiter;
    use_cases::Options options;
    base::Metrics metrics;
    UntouchedStore untouched_store{};
    UntouchedCache untouched_cache{};
    store::Store& store = untouched_store;
    cache::Cache& cache = untouched_cache;
    views::Tally tally{metrics};
    views::Recorder recorder{tally};
    base::PerWorker<auth::Identities> all_identities;
    auth::Identities identities{{}, all_identities};
    base::ThreadPool threads{1, base::Admission::at_any_time(1), "nothing is done on threads here"};
    auth::Passwords passwords{1};
    boost::asio::io_context context;
    use_cases::Texts texts{threads, metrics};
    base::QueueMeters queues{metrics};
    pages::Documents documents{1, metrics, queues};
    pages::PageRenderer pages{context.get_executor(), threads, documents, 0, nullptr, metrics};
    exchange::CodedTexts coded_texts{context.get_executor(), threads, 0};
    views::LiveCounts::Bound live_bound{1};
    views::LiveCounts live{live_bound};
    http::Request request;
    std::function<exchange::RedisState()> redis_state = [] { return exchange::RedisState::ok; };
    openapi::Documentation documentation{application::routes()};
    exchange::Services services{use_cases::Services{.options = options,
                                                    .store = store,
                                                    .limiter = limiter,
                                                    .cache = cache,
                                                    .identities = identities,
                                                    .passwords = passwords,
                                                    .texts = texts,
                                                    .views = recorder},
                                exchange::FaceServices{.archive_threads = threads,
                                                       .metrics = metrics,
                                                       .costs = queues.costs(),
                                                       .pages = pages,
                                                       .coded_texts = coded_texts,
                                                       .live = live,
                                                       .redis_state = redis_state,
                                                       .documentation = documentation}};
};

}  // namespace snippetd::test
