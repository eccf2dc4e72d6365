#pragma once

#include "app/caches.hpp"
#include "app/foundation.hpp"
#include "app/jobs.hpp"
#include "app/loop.hpp"
#include "app/overload_watch.hpp"
#include "app/service_manager.hpp"
#include "auth/identities.hpp"
#include "auth/passwords.hpp"
#include "base/thread_pool.hpp"
#include "base/workers.hpp"
#include "exchange/exchange.hpp"
#include "http/server.hpp"
#include "pages/documents.hpp"
#include "pages/page_cache.hpp"
#include "use_cases/texts.hpp"
#include "views/live.hpp"
#include "views/recorder.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace snippetd::app {

/// A process that serves: it owns everything, in the order of its life. What stands further down uses what stands
/// above, and goes first.
class Site {
  public:
    /// Makes everything and takes the addresses, so that who connects waits. Throws std::runtime_error, with what to
    /// tell the user, when that cannot be. `settings` outlive this.
    explicit Site(const settings::Settings& settings);
    /// `stop` first, when it has been started.
    ~Site();

    /// Starts all loops and, when the other instances can be reached or a moment has passed, accepts.
    void start();
    /// Gate, then drain: no new work, then the end of what is under way, for as long as the settings say, then the end
    /// of what takes too long. Then the views go to the store.
    void drain(base::Deadline end_by);
    /// Ends everything that is left.
    void stop(base::Deadline end_by);

  private:
    class Front;

    /// How the memory of the settings is dealt out, in bytes.
    struct Memory {
        explicit Memory(const settings::Settings& settings);
        std::size_t shared;  ///< of what the workers share; 0 with a single one
        std::size_t near;    ///< of each worker's own
    };

    /// An address that is listened on: nobody else can have it any more.
    struct Listening {
        std::string url;
        std::vector<http::Acceptor> acceptors;  ///< one for each worker
    };

    std::vector<Listening> listen() const;
    void accept();
    void add_jobs();
    ViewEnds view_ends();
    void wait_until_idle(base::Deadline deadline);
    void flush_views(base::Milliseconds patience);
    void close_what_blocks();

    Foundation foundation_;
    const settings::Settings& settings_;

    // One for all workers.
    const use_cases::Options options_;
    const http::ServerOptions server_options_;
    const std::shared_ptr<base::QueueMeter> requests_ = foundation_.queues().make("requests");
    base::ThreadPool archive_threads_;
    auth::Passwords passwords_;
    base::ThreadPool page_threads_;
    base::ThreadPool text_threads_;
    use_cases::Texts texts_;
    pages::Documents documents_;
    views::LiveCounts::Bound live_bound_;  ///< the rest is for readers
    const std::shared_ptr<http::ServerLimits> server_limits_;
    const std::function<exchange::RedisState()> redis_state_;
    const Memory memory_;
    const std::unique_ptr<pages::SharedPages> shared_pages_;  ///< null with a single worker
    const std::unique_ptr<cache::Source> source_;

    // One for each of them.
    Loops loops_;
    base::PerWorker<Link> links_;
    Caches caches_;
    base::PerWorker<auth::Identities> identities_;
    base::PerWorker<views::Recorder> recorders_;
    base::PerWorker<Front> fronts_;

    std::vector<Listening> listening_;  ///< until `accept`
    const ServiceManager manager_;
    OverloadWatch overload_watch_;
    Jobs jobs_;
};

}  // namespace snippetd::app
