#include "app/serve.hpp"

#include "app/service_manager.hpp"
#include "app/site.hpp"
#include "base/log.hpp"

#include <csignal>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

namespace snippetd::app {

namespace asio = boost::asio;

namespace {

constexpr base::Milliseconds kShutdownMax{9500};  // from the signal to the exit
constexpr base::Milliseconds kLastRoundPatience{2500};

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

}  // namespace

void serve(const settings::Settings& settings) {
    EndSignals end;
    Site site{settings};
    site.start();
    end.wait();
    const base::Deadline end_by = base::deadline_in(kShutdownMax);
    site.drain(end_by);
    site.stop(end_by);
    log::info("stopped");
}

void work(const settings::Settings& settings) {
    EndSignals end;
    Foundation foundation{settings, Role::work};
    Caches no_caches;
    Jobs jobs{foundation.fleet(), foundation.tally()};
    jobs.add_reaper(foundation.store(), settings.reaper_interval);
    jobs.add_indexer(foundation.store(), {settings.index_after, settings.index_after}, foundation.metrics());
    foundation.fleet().add_shared_view_job(jobs);
    foundation.fleet().start(jobs, no_caches);
    const ServiceManager manager;
    if (manager.wants_watchdog()) jobs.add(manager.keep_reassuring([]() -> base::Awaitable<void> { co_return; }));
    jobs.start();
    log::info("working");
    manager.tell("READY=1");
    end.wait();
    manager.tell("STOPPING=1");
    jobs.views().finish(kLastRoundPatience);
    foundation.store().close();
    foundation.fleet().stop();
    jobs.stop();
    log::info("stopped");
}

}  // namespace snippetd::app
