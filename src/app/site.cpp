#include "app/site.hpp"

#include "app/freed_memory.hpp"
#include "application/application.hpp"
#include "application/routes.hpp"
#include "base/log.hpp"
#include "openapi/documentation.hpp"
#include "pages/page_renderer.hpp"

#include <algorithm>
#include <iterator>
#include <thread>
#include <utility>

#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <sys/resource.h>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kLastFlushPatience{2500};
constexpr base::Milliseconds kIdlePoll{20};
constexpr unsigned kThreadsOfAPoolMax = 2;
constexpr base::Admission::Options kPagesQueue{.most = 256};
constexpr std::size_t kTextsWaitingMax = 1024;
constexpr std::size_t kArchivesWaitingMax = 256;  // a piece of each, some milliseconds
constexpr std::size_t kDescriptorsBesidesConnections = 512;

use_cases::Options use_case_options(const settings::Settings& settings) {
    use_cases::Options options;
    options.public_url = settings.public_url;
    options.body_bytes_max = settings.max_body;
    options.anonymous = settings.anonymous;
    options.signup = settings.signup;
    options.views = settings.views;
    options.policies = limiter::policies_by_name(settings.rate_policies);
    options.overrides = settings.rate_overrides;
    for (limiter::Override& one : options.overrides) one.policy = limiter::in_units(one.policy);
    limiter::sort_overrides(options.overrides);
    options.some_accounts_differ = std::any_of(options.overrides.begin(), options.overrides.end(),
                                               [](const limiter::Override& one) { return !one.who.range.has_value(); });
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
void warn_of_small_cache(const settings::Settings& settings) {
    constexpr std::uint64_t kSnippetsMin = 4;
    if (!settings.cache || settings.cache_near_size == 0) return;
    if (settings.cache_near_size / kSnippetsMin >= settings.max_body) return;
    log::warn("the near cache is smaller than four of the largest snippets: large ones may not be kept there",
              {{"cache_near_size", static_cast<long long>(settings.cache_near_size)},
               {"max_body", static_cast<long long>(settings.max_body)}});
}

http::ServerOptions server_options(const settings::Settings& settings) {
    http::ServerOptions options;
    options.header_timeout = settings.header_timeout;
    options.pace = {settings.body_timeout, settings.min_rate};
    options.linger_timeout = settings.linger_timeout;
    options.idle_timeout = settings.idle_timeout;
    options.connections_max = allow_connections(settings.max_connections);
    // In JSON a byte may become six (`\u0001`), and the other members want some room.
    options.request_body_bytes_max = settings.max_body * 6 + 64 * 1024;
    options.memory_bytes_max = settings.memory_max;
    options.trusted_proxies = settings.trusted_proxies;
    options.secure = settings.public_url.starts_with("https://");
    return options;
}

auth::Identities::Lookup look_up_in(store::Accounts& accounts) {
    return [&accounts](auth::SecretKind kind, std::string hash, base::Deadline deadline) {
        return kind == auth::SecretKind::token ? accounts.find_token(std::move(hash), deadline)
                                               : accounts.find_session(std::move(hash), deadline);
    };
}

}  // namespace

/// A worker's server, and what it asks: it shares nothing with the others on the way of a request.
class Site::Front {
  public:
    Front(Site& site, const base::Executor& loop)
        : live_{site.live_bound_},
          pages_{loop,
                 site.page_threads_,
                 site.documents_,
                 site.memory_.near / 8 * 3,
                 site.shared_pages_.get(),
                 site.foundation_.metrics()},
          coded_texts_{loop, site.page_threads_, site.memory_.near / 8},
          application_{services(site, loop), site.requests_},
          server_{loop.context(), application_, site.server_options_, site.server_limits_, site.foundation_.metrics()} {
        site.caches_.of(loop).follow_counts(
            [this](std::string_view id, std::int64_t count) { live_.publish(id, count); });
    }

    http::Server& server() { return server_; }

  private:
    exchange::Services services(Site& site, const base::Executor& loop) {
        return {use_cases::Services{.options = site.options_,
                                    .store = site.foundation_.store(),
                                    .limiter = site.foundation_.fleet().limiter(),
                                    .cache = site.caches_.of(loop),
                                    .identities = site.identities_.of(loop),
                                    .passwords = site.passwords_,
                                    .texts = site.texts_,
                                    .views = site.recorders_.of(loop)},
                exchange::FaceServices{.archive_threads = site.archive_threads_,
                                       .metrics = site.foundation_.metrics(),
                                       .costs = site.foundation_.queues().costs(),
                                       .pages = pages_,
                                       .coded_texts = coded_texts_,
                                       .live = live_,
                                       .redis_state = site.redis_state_,
                                       .documentation = documentation_}};
    }

    views::LiveCounts live_;
    pages::PageRenderer pages_;
    exchange::CodedTexts coded_texts_;
    openapi::Documentation documentation_{application::routes()};
    application::Application application_;
    http::Server server_;
};

/// Half for what the workers share, half for their own copies of what is hot; a single worker has all of it.
Site::Memory::Memory(const settings::Settings& settings)
    : shared{settings.threads > 1 ? settings.cache_near_size / 2 : 0},
      near{(settings.cache_near_size - shared) / settings.threads} {}

Site::Site(const settings::Settings& settings)
    : foundation_{settings, Role::serve},
      settings_{settings},
      options_{use_case_options(settings)},
      server_options_{server_options(settings)},
      archive_threads_{1, base::Admission::at_any_time(kArchivesWaitingMax), "too many archives are being made",
                       foundation_.queues().make("archives")},
      passwords_{std::min(settings.threads, kThreadsOfAPoolMax), foundation_.queues().make("passwords")},
      page_threads_{std::min(settings.threads, kThreadsOfAPoolMax), kPagesQueue, "too many pages are rendered",
                    foundation_.queues().make("pages")},
      text_threads_{std::min(settings.threads, kThreadsOfAPoolMax), base::Admission::at_any_time(kTextsWaitingMax),
                    "too many large texts at a time", foundation_.queues().make("texts")},
      texts_{text_threads_, foundation_.metrics()},
      documents_{std::min(settings.threads, kThreadsOfAPoolMax), foundation_.metrics(), foundation_.queues()},
      live_bound_{settings.max_connections / 4 * 3},
      server_limits_{std::make_shared<http::ServerLimits>(server_options_, foundation_.metrics())},
      redis_state_{[&fleet = foundation_.fleet()] { return fleet.redis_state(); }},
      memory_{settings},
      shared_pages_{memory_.shared > 0 ? std::make_unique<pages::SharedPages>(memory_.shared / 2) : nullptr},
      source_{foundation_.fleet().make_source(texts_)},
      loops_{settings.threads, foundation_.metrics()},
      links_{loops_.workers(),
             [this](const base::Executor& loop, const auto&) { return foundation_.fleet().link_worker(loop); }},
      caches_{loops_.workers(), memory_.shared,
              cache::LocalCache::Options{
                  .enabled = settings.cache, .near_bytes = memory_.near, .alone = foundation_.fleet().is_alone()},
              *source_, foundation_.metrics()},
      identities_{loops_.workers(),
                  [this](const base::Executor&, const base::PerWorker<auth::Identities>& all) {
                      return std::make_unique<auth::Identities>(look_up_in(foundation_.store()), all);
                  }},
      recorders_{loops_.workers(),
                 [this](const base::Executor&, const auto&) {
                     return std::make_unique<views::Recorder>(foundation_.tally());
                 }},
      fronts_{loops_.workers(),
              [this](const base::Executor& loop, const auto&) { return std::make_unique<Front>(*this, loop); }},
      listening_{listen()},
      overload_watch_{foundation_.queues(), foundation_.alerts()},
      jobs_{foundation_.fleet(), foundation_.tally()} {
    warn_of_small_cache(settings);
    foundation_.queues().show_costs(settings.metrics_clients);
    add_jobs();
}

Site::~Site() = default;

std::vector<Site::Listening> Site::listen() const {
    std::vector<Listening> all;
    for (const settings::Listen& listen : settings_.listen) {
        std::uint16_t port = listen.port;
        std::vector<http::Acceptor> acceptors = http::listen_everywhere(loops_.contexts(), listen.host, port);
        const bool v6 = listen.host.find(':') != listen.host.npos;
        all.push_back(
            {fmt::format("http://{}:{}", v6 ? "[" + listen.host + "]" : listen.host, port), std::move(acceptors)});
    }
    return all;
}

ViewEnds Site::view_ends() {
    ViewEnds ends;
    ends.collect = [this]() -> base::Awaitable<model::NumbersById> {
        std::function<model::NumbersById(views::Recorder&)> take = [](views::Recorder& recorder) {
            return recorder.take();
        };
        model::NumbersById all;
        for (model::NumbersById& counts : co_await recorders_.gather(take)) {
            std::move(counts.begin(), counts.end(), std::back_inserter(all));
        }
        co_return all;
    };
    ends.publish = [this](model::NumbersById totals) { return caches_.publish(std::move(totals)); };
    return ends;
}

void Site::add_jobs() {
    jobs_.add(overload_watch_.run());
    if (manager_.wants_watchdog()) {
        // All workers' loops go round, and the one of the jobs with them.
        jobs_.add(manager_.keep_reassuring([this] { return fronts_.on_each([](Front&) {}); }));
    }
    jobs_.add(give_back_freed_memory());
    if (settings_.jobs) {
        jobs_.add_reaper(foundation_.store(), settings_.reaper_interval);
        // What others have written they index themselves, unless they have ended.
        jobs_.add_indexer(foundation_.store(), {settings_.index_after, std::chrono::minutes{1}}, foundation_.metrics());
    }
    if (settings_.views == views::Mode::async) foundation_.fleet().add_own_view_jobs(jobs_, view_ends());
    if (settings_.jobs) foundation_.fleet().add_shared_view_job(jobs_);
}

void Site::start() {
    links_.post_to_each([](Link& link) { link.start(); });
    loops_.start();
    foundation_.fleet().start(jobs_, caches_);
    jobs_.start();
    foundation_.fleet().wait_for_others();
    accept();
    manager_.tell("READY=1");
}

void Site::accept() {
    for (Listening& listening : listening_) {
        for (http::Acceptor& acceptor : listening.acceptors) {
            const base::Executor loop = acceptor.get_executor();
            auto given = std::make_shared<http::Acceptor>(std::move(acceptor));
            asio::post(loop, [&server = fronts_.of(loop).server(), given] { server.accept_from(std::move(*given)); });
        }
        log::info("listening on " + listening.url);
    }
    listening_.clear();
}

void Site::wait_until_idle(base::Deadline deadline) {
    const auto idle = [](Front& front) { return front.server().idle(); };
    while (!fronts_.all_of(idle) && base::steady_now() < deadline) std::this_thread::sleep_for(kIdlePoll);
}

void Site::drain(base::Deadline end_by) {
    manager_.tell("STOPPING=1");
    fronts_.post_to_each([](Front& front) { front.server().drain(); });
    wait_until_idle(base::deadline_in(settings_.shutdown_timeout));
    fronts_.post_to_each([](Front& front) { front.server().cut(); });
    const auto left = std::chrono::duration_cast<base::Milliseconds>(end_by - base::steady_now());
    flush_views(std::min(kLastFlushPatience, left));
}

void Site::flush_views(base::Milliseconds patience) {
    jobs_.views().finish(patience);
    const views::Tally& tally = foundation_.tally();
    const auto views_lost = static_cast<long long>(tally.recorded.value() - tally.dropped.value() - tally.handed_on);
    if (views_lost > 0) log::error("views may be lost: nobody has taken them at the end", {{"views", views_lost}});
}

/// While the loops still run, so that everything that waits for it gets an answer and unwinds.
void Site::close_what_blocks() {
    archive_threads_.close();
    passwords_.close();
    documents_.close();
    page_threads_.close();
    text_threads_.close();
    foundation_.store().close();
    links_.post_to_each([](Link& link) { link.stop(); });
}

void Site::stop(base::Deadline end_by) {
    close_what_blocks();
    wait_until_idle(end_by);
    foundation_.fleet().stop();
    jobs_.stop();
    loops_.stop();
}

}  // namespace snippetd::app
