#include "app/serve.hpp"

#include "app/assemble.hpp"
#include "app/coherence.hpp"
#include "app/jobs.hpp"
#include "app/redis_watch.hpp"
#include "app/view_jobs.hpp"
#include "app/webhook.hpp"
#include "app/worker.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <csignal>
#include <thread>
#include <unordered_map>

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kLastFlushPatience{2500};
constexpr base::Milliseconds kShutdownMax{9500};  // from the signal to the exit
constexpr base::Milliseconds kDrainPoll{20};
constexpr base::Milliseconds kRedisPatience{1000};
constexpr std::size_t kPagesWaitingMax = 256;
constexpr std::size_t kTextsWaitingMax = 1024;
constexpr std::size_t kArchivesWaitingMax = 256;  // a piece of each, some milliseconds
constexpr std::size_t kDescriptorsBesidesConnections = 512;

/// An outage of Redis must not open the door to password guessing, nor shut everybody out.
limiter::OnFailure on_failure(const std::string& policy, RateLimitOnFailure setting) {
    if (policy == "login" || policy == "signup") return limiter::OnFailure::local;
    switch (setting) {
        case RateLimitOnFailure::local: return limiter::OnFailure::local;
        case RateLimitOnFailure::closed: return limiter::OnFailure::closed;
        case RateLimitOnFailure::open: break;
    }
    return limiter::OnFailure::open;
}

use_cases::Options api_options(const Settings& settings) {
    use_cases::Options options;
    options.public_url = settings.public_url;
    options.body_bytes_max = settings.max_body;
    options.anonymous = settings.anonymous;
    options.signup = settings.signup;
    options.views = settings.views == ViewsMode::async  ? use_cases::ViewsMode::async
                    : settings.views == ViewsMode::sync ? use_cases::ViewsMode::sync
                                                        : use_cases::ViewsMode::off;
    for (const RatePolicy& policy : settings.rate_policies) {
        options.policies[policy.name] = {policy.name, policy.quota, policy.window, policy.enabled,
                                         on_failure(policy.name, settings.rate_limit_on_failure)};
    }
    return options;
}

/// As many connections as are asked for, or as the system allows.
std::size_t allow_connections(std::size_t wanted) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed = wanted + kDescriptorsBesidesConnections;
    limit.rlim_cur = std::min(std::max(limit.rlim_cur, needed), limit.rlim_max);
    setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= needed) return wanted;
    const std::size_t possible = limit.rlim_cur > 2 * kDescriptorsBesidesConnections
                                     ? limit.rlim_cur - kDescriptorsBesidesConnections
                                     : limit.rlim_cur / 2;
    log::warn("the limit of open files allows fewer connections",
              {{"wanted", static_cast<long long>(wanted)}, {"possible", static_cast<long long>(possible)}});
    return possible;
}

/// A text may take half of the near cache, and with what comes with it more than the other half is not needed.
void warn_of_small_cache(const Settings& settings) {
    constexpr std::uint64_t kSnippetsMin = 4;
    if (!settings.cache || settings.cache_near_size == 0) return;
    if (settings.cache_near_size / kSnippetsMin >= settings.max_body) return;
    log::warn("the near cache is smaller than four of the largest snippets: large ones may not be kept there",
              {{"cache_near_size", static_cast<long long>(settings.cache_near_size)},
               {"max_body", static_cast<long long>(settings.max_body)}});
}

http::ServerOptions server_options(const Settings& settings) {
    http::ServerOptions options;
    options.header_timeout = settings.header_timeout;
    options.pace = {settings.body_timeout, settings.min_rate};
    options.linger_timeout = settings.linger_timeout;
    options.idle_timeout = settings.idle_timeout;
    options.connections_max = allow_connections(settings.max_connections);
    // In JSON a byte may become six (`\u0001`), and the other members want some room.
    options.request_body_bytes_max = settings.max_body * 6 + 64 * 1024;
    options.trusted_proxies = settings.trusted_proxies;
    options.secure = settings.public_url.starts_with("https://");
    return options;
}

/// Null when no webhook is set.
std::unique_ptr<Webhook> start_webhook(const Settings& settings, base::Alerts& alerts) {
    if (settings.alert_webhook.empty()) return nullptr;
    auto webhook = std::make_unique<Webhook>(settings.alert_webhook);
    alerts.on_change([&webhook = *webhook](const base::Alerts::Change& change) { webhook.send(change); });
    return webhook;
}

/// SIGTERM and SIGINT, caught from the moment this is made.
class EndSignals {
  public:
    EndSignals() { std::signal(SIGPIPE, SIG_IGN); }

    void wait() {
        signals_.async_wait([](boost::system::error_code, int signal) {
            log::info("shutting down", {{"signal", signal == SIGTERM ? "SIGTERM" : "SIGINT"}});
        });
        context_.run();
    }

  private:
    asio::io_context context_{1};
    asio::signal_set signals_{context_, SIGTERM, SIGINT};
};

/// An address that is listened on: nobody else can have it any more, and who connects waits.
struct Listening {
    std::string url;
    std::vector<http::Acceptor> acceptors;  ///< one for each worker
};

std::vector<Listening> listen(const Settings& settings, const WorkerList& workers) {
    std::vector<asio::io_context*> contexts;
    for (const auto& worker : workers) contexts.push_back(&worker->context());
    std::vector<Listening> all;
    for (const Listen& listen : settings.listen) {
        std::uint16_t port = listen.port;
        std::vector<http::Acceptor> acceptors = http::listen_everywhere(contexts, listen.host, port);
        const bool v6 = listen.host.find(':') != listen.host.npos;
        all.push_back(
            {fmt::format("http://{}:{}", v6 ? "[" + listen.host + "]" : listen.host, port), std::move(acceptors)});
    }
    return all;
}

void accept(std::vector<Listening> all, WorkerList& workers) {
    for (Listening& listening : all) {
        for (std::size_t i = 0; i < workers.size(); ++i) {
            auto acceptor = std::make_shared<http::Acceptor>(std::move(listening.acceptors[i]));
            workers[i]->post([&server = workers[i]->server(), acceptor] { server.accept_from(std::move(*acceptor)); });
        }
        log::info("listening on " + listening.url);
    }
}

/// So that the first requests of all are counted there. Without Redis the service starts all the same.
void wait_for_redis(const redis::Clients& redis, const Coherence* coherence) {
    const base::Deadline deadline = base::deadline_in(kRedisPatience);
    const auto ready = [&] { return redis.all_up() && (!coherence || coherence->trusts_redis()); };
    while (!ready() && base::steady_now() < deadline) std::this_thread::sleep_for(kDrainPoll);
}

void wait_until_idle(WorkerList& workers, base::Deadline deadline) {
    const auto idle = [&workers] {
        std::vector<std::future<bool>> answers;
        for (const auto& worker : workers) {
            auto answer = std::make_shared<std::promise<bool>>();
            answers.push_back(answer->get_future());
            worker->post([&server = worker->server(), answer] { answer->set_value(server.idle()); });
        }
        return std::all_of(answers.begin(), answers.end(), [](std::future<bool>& answer) { return answer.get(); });
    };
    while (!idle() && base::steady_now() < deadline) std::this_thread::sleep_for(kDrainPoll);
}

/// Gate, then drain: no new work, then the end of what is under way, then the end of what takes too long.
void drain(WorkerList& workers, base::Milliseconds patience) {
    const base::Deadline deadline = base::deadline_in(patience);
    for (const auto& worker : workers) worker->post([&server = worker->server()] { server.drain(); });
    wait_until_idle(workers, deadline);
    for (const auto& worker : workers) worker->post([&server = worker->server()] { server.cut(); });
}

}  // namespace

void serve(const Settings& settings) {
    EndSignals end;
    base::Metrics metrics;
    base::Alerts alerts{metrics};
    const auto webhook = start_webhook(settings, alerts);
    Backends backends = assemble(settings, Role::serve, metrics, alerts);

    const use_cases::Options options = api_options(settings);
    base::ThreadPool archive_threads{1, kArchivesWaitingMax, "too many archives are being made"};
    auth::Passwords passwords{std::min(settings.threads, 2U)};
    base::ThreadPool page_threads{std::min(settings.threads, 2U), kPagesWaitingMax, "too many pages are rendered"};
    base::ThreadPool text_threads{std::min(settings.threads, 2U), kTextsWaitingMax, "too many large texts at a time"};
    use_cases::Texts texts{text_threads, metrics};
    pages::Documents documents{std::min(settings.threads, 2U), metrics};
    views::LiveCounts::Bound live_bound;
    live_bound.listeners_max = settings.max_connections / 4 * 3;  // the rest is for readers
    views::Tally tally{metrics};
    base::Workers group;
    // Half for what the workers share, half for their own copies of what is hot; a single worker has all of it.
    const std::size_t shared_bytes = settings.threads > 1 ? settings.cache_near_size / 2 : 0;
    const auto caches = std::make_shared<cache::LocalCache::Group>(group, shared_bytes);
    // Half as much for pages, dealt out in the same way.
    const auto shared_pages = shared_bytes > 0 ? std::make_unique<pages::SharedPages>(shared_bytes / 2) : nullptr;
    warn_of_small_cache(settings);
    std::unique_ptr<Coherence> coherence;
    if (backends.redis) {
        coherence = std::make_unique<Coherence>(*backends.redis, *backends.store, settings.cache_ttl, caches, alerts);
    }
    std::unique_ptr<RedisWatch> watch;
    if (backends.redis) watch = std::make_unique<RedisWatch>(*backends.redis, alerts);
    const Shared shared{options,
                        *backends.store,
                        backends.redis.get(),
                        coherence ? &coherence->redis_cache() : nullptr,
                        *backends.limiter,
                        archive_threads,
                        passwords,
                        metrics,
                        tally,
                        [redis = backends.redis.get(), coherence = coherence.get()] {
                            return !redis || (redis->all_up() && !coherence->disagrees());
                        },
                        [watch = watch.get()] { return watch && watch->evicts(); },
                        caches,
                        std::make_shared<auth::Identities::Group>(auth::Identities::Group{group, {}}),
                        std::make_shared<http::ServerLimits>(),
                        page_threads,
                        shared_pages.get(),
                        texts,
                        documents,
                        live_bound};
    const cache::LocalCache::Options cache_options{
        settings.cache, (settings.cache_near_size - shared_bytes) / settings.threads, coherence == nullptr};
    const http::ServerOptions http_options = server_options(settings);
    WorkerList workers;
    for (unsigned i = 0; i < settings.threads; ++i) {
        workers.push_back(std::make_unique<Worker>(shared, cache_options, settings.cache_ttl, http_options));
        group.add(workers.back()->context().get_executor());
    }
    std::vector<Listening> listening = listen(settings, workers);

    Jobs jobs{backends.redis.get()};
    const ViewSite views{settings, *backends.store, backends.redis.get(), shared.redis_cache, caches, tally};
    if (watch) jobs.start_watch(*watch);
    if (settings.jobs) jobs.start_reaper(*backends.store, settings.reaper_interval);
    if (settings.views == ViewsMode::async) start_own_view_jobs(jobs, views, workers);
    if (settings.jobs && backends.redis) start_shared_view_job(jobs, views);
    for (const auto& worker : workers) worker->start();
    if (coherence) coherence->start();
    if (backends.redis) wait_for_redis(*backends.redis, coherence.get());
    accept(std::move(listening), workers);

    end.wait();
    const base::Deadline end_by = base::deadline_in(kShutdownMax);
    drain(workers, settings.shutdown_timeout);
    const auto left = std::chrono::duration_cast<base::Milliseconds>(end_by - base::steady_now());
    jobs.flush_views(std::min(kLastFlushPatience, left));
    const auto views_lost = static_cast<long long>(tally.recorded.value() - tally.dropped.value() - tally.handed_on);
    if (views_lost > 0) log::error("views may be lost: nobody has taken them at the end", {{"views", views_lost}});
    // What blocks is closed while the loops still run, so that everything that waits for it gets an answer and unwinds.
    archive_threads.close();
    passwords.close();
    documents.close();
    page_threads.close();
    text_threads.close();
    backends.store->close();
    for (const auto& worker : workers) worker->stop_redis();
    wait_until_idle(workers, end_by);
    if (coherence) coherence->stop();
    jobs.stop();
    for (const auto& worker : workers) worker->stop();
    log::info("stopped");
}

void work(const Settings& settings) {
    EndSignals end;
    base::Metrics metrics;
    base::Alerts alerts{metrics};
    const auto webhook = start_webhook(settings, alerts);
    Backends backends = assemble(settings, Role::work, metrics, alerts);
    views::Tally tally{metrics};
    base::Workers no_workers;
    const auto no_caches = std::make_shared<cache::LocalCache::Group>(no_workers, 0);
    std::unique_ptr<Coherence> coherence;
    std::unique_ptr<RedisWatch> watch;
    if (backends.redis) watch = std::make_unique<RedisWatch>(*backends.redis, alerts);
    Jobs jobs{backends.redis.get()};
    if (watch) jobs.start_watch(*watch);
    jobs.start_reaper(*backends.store, settings.reaper_interval);
    if (backends.redis) {
        coherence =
            std::make_unique<Coherence>(*backends.redis, *backends.store, settings.cache_ttl, no_caches, alerts);
        coherence->start();
        start_shared_view_job(
            jobs, {settings, *backends.store, backends.redis.get(), &coherence->redis_cache(), no_caches, tally});
    }
    log::info("working");
    end.wait();
    jobs.flush_views(kLastFlushPatience);
    backends.store->close();
    if (coherence) coherence->stop();
    jobs.stop();
    log::info("stopped");
}

}  // namespace snippetd::app
