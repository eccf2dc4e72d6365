#include "sql/pool.hpp"

#include "base/fail_point.hpp"
#include "base/jitter.hpp"
#include "base/log.hpp"
#include "base/thread_priority.hpp"
#include "base/unreachable.hpp"

#include <algorithm>
#include <system_error>

#include <pthread.h>
#include <soci/soci.h>

namespace snippetd::sql {

namespace {

constexpr base::Milliseconds kWatchInterval{25};
constexpr base::Milliseconds kIdleCheck{1000};
constexpr base::Milliseconds kBackoffMin{50};
constexpr base::Milliseconds kBackoffMax{1000};
// How long a connection is kept for a cancellation that is under way. Later it might hit the next statement.
constexpr base::Milliseconds kCancelPatience{1000};

/// So that many instances do not knock all at once.
base::Milliseconds with_jitter(base::Milliseconds backoff) {
    return base::random_between(backoff / 2, backoff);
}

std::exception_ptr unavailable(const std::string& reason) {
    return std::make_exception_ptr(base::Unavailable{reason});
}

bool is_full(const Failure& failure) {
    return failure.trouble == Trouble::disk_full || failure.code == "53100";  // disk_full, of PostgreSQL
}

std::exception_ptr unreachable() {
    return std::make_exception_ptr(base::Unreachable{"no connection to the database"});
}

base::Admission::Options admission_of(const Pool::Options& options) {
    base::Admission::Options admission;
    admission.target = options.queueing_target;
    // A transaction must be able to become as large as it may, or it never shows what it can do.
    admission.least = std::max<std::size_t>({2 * options.threads, options.batch_max, options.queue_least});
    admission.most = options.queue_max;
    admission.least = std::min(admission.least, admission.most);
    return admission;
}

/// What begins and ends a transaction, and a job in it: sent so often that each is prepared once.
enum class Step { begin, begin_job, undo_job, end_job, undo, commit };

constexpr const char* text_of(Step step) {
    switch (step) {
        case Step::begin: return "begin immediate";
        case Step::begin_job: return "savepoint job";
        case Step::undo_job: return "rollback to job";
        case Step::end_job: return "release job";
        case Step::undo: return "rollback";
        case Step::commit: break;
    }
    return "commit";
}

template <Step step>
struct PreparedStep {
    PreparedStep(Connection& connection, const std::string& text) : statement{(connection.session().prepare << text)} {}
    soci::statement statement;
};

template <Step step>
void take(Connection& connection) {
    connection.prepared<PreparedStep<step>>(text_of(step)).statement.execute(true);
}

std::exception_ptr too_many() {
    return unavailable("too many requests wait for the database");
}

}  // namespace

Pool::Pool(Options options) : options_{std::move(options)}, queue_{admission_of(options_), options_.meter} {
    for (unsigned i = 0; i < options_.threads; ++i) {
        slots_.push_back(std::make_unique<Slot>());
        slots_.back()->connection = options_.make_connection();
    }
    for (auto& slot : slots_) slot->thread = std::thread{[this, &slot = *slot] { serve(slot); }};
    watchdog_ = std::thread{[this] { watch(); }};
}

Pool::~Pool() {
    close();
}

void Pool::refuse() {
    std::vector<std::shared_ptr<Job>> refused;
    {
        const std::lock_guard lock{mutex_};
        if (stopping_) return;
        stopping_ = true;
        refused = queue_.take_all();
        for (auto& slot : slots_) slot->work_ready.notify_one();
    }
    state_changed_.notify_all();
    for (auto& job : refused) job->fail(unavailable("the service is shutting down"));
}

void Pool::close() {
    refuse();
    if (!watchdog_.joinable()) return;
    // The watchdog goes last: it is what frees a thread from a statement that never ends.
    for (auto& slot : slots_) slot->thread.join();
    watchdog_.join();
    for (const auto& cancellation : abandoned_) {
        // It waits in libpq for a server that is silent, and holds nothing but a socket: connect() and recv() are where
        // a thread may be ended (pthreads(7)).
        pthread_cancel(cancellation->thread.native_handle());
        cancellation->thread.join();
    }
    abandoned_.clear();
    // Ending a prepared statement asks the server, and nobody is left to cut off one that does not answer.
    for (auto& slot : slots_) slot->connection->hang_up();
}

std::string Pool::last_error() const {
    const std::lock_guard lock{mutex_};
    return last_error_;
}

bool Pool::wait_until_connected(base::Milliseconds timeout) {
    std::unique_lock lock{mutex_};
    return state_changed_.wait_for(lock, timeout, [this] { return up() || stopping_; }) && up();
}

void Pool::submit(std::shared_ptr<Job> job, base::Deadline deadline) {
    job->deadline = deadline;
    std::exception_ptr refusal;
    {
        const std::lock_guard lock{mutex_};
        if (stopping_) {
            refusal = unavailable("the service is shutting down");
        } else if (down_) {
            refusal = unreachable();
        } else {
            const base::SteadyTime now = base::steady_now();
            if (job->always_waits) {
                queue_.push_always(std::move(job), deadline.party, now);
            } else if (auto refused = queue_.push(std::move(job), deadline.party, now)) {
                job = std::move(refused->item);
                refusal = too_many();
            }
            call_one();
        }
    }
    if (refusal) job->fail(refusal);
}

/// Has an idle thread look into the queue; when none is idle, one of the busy ones will. The mutex is held.
void Pool::call_one() {
    if (idle_.empty()) return;
    Slot& slot = *idle_.back();
    idle_.pop_back();
    slot.called = true;
    slot.work_ready.notify_one();
}

/// Until there may be work, or `kIdleCheck` has passed: a thread that only looks after its connection keeps its place
/// among the idle ones.
void Pool::wait_for_work(Slot& slot, std::unique_lock<std::mutex>& lock) {
    if (!queue_.empty()) return;
    slot.work_ready.wait_for(lock, kIdleCheck, [this, &slot] { return stopping_ || slot.called; });
}

void Pool::serve(Slot& slot) {
    if (options_.steps_back) base::step_back();
    bool connected = false;
    base::Milliseconds backoff = kBackoffMin;
    std::unique_lock lock{mutex_};
    while (!stopping_) {
        if (!connected) {
            lock.unlock();
            connected = connect(slot);
            lock.lock();
            if (connected) {
                backoff = kBackoffMin;
                slot.called = false;
                idle_.push_back(&slot);
            } else {
                state_changed_.wait_for(lock, with_jitter(backoff), [this] { return stopping_; });
                backoff = std::min(backoff * 2, kBackoffMax);
            }
            continue;
        }
        wait_for_work(slot, lock);
        std::vector<std::shared_ptr<Job>> jobs;
        if (!stopping_) {
            // A dead connection is noticed here, before a job is lost on it.
            lock.unlock();
            const bool alive = slot.connection->alive();
            if (!alive) disconnected(slot, connected);
            lock.lock();
            if (!alive) continue;
        }
        const base::SteadyTime now = base::steady_now();
        std::vector<std::shared_ptr<Job>> late;
        while (!queue_.empty() && jobs.size() < options_.batch_max) {
            std::shared_ptr<Job> job = *queue_.pop(now);
            (job->deadline > now ? jobs : late).push_back(std::move(job));
        }
        if (!late.empty()) {
            lock.unlock();
            for (auto& job : late) job->fail(unavailable("the database does not answer in time"));
            lock.lock();
        }
        if (jobs.empty()) {
            // Called in vain: another was faster.
            if (std::exchange(slot.called, false)) idle_.push_back(&slot);
            continue;
        }
        std::erase(idle_, &slot);
        slot.called = false;
        slot.running = jobs;
        slot.interrupted = false;
        lock.unlock();
        run_batch(slot, jobs);
        const base::SteadyTime::duration each = (base::steady_now() - now) / static_cast<std::int64_t>(jobs.size());
        account(jobs, each);
        bool lost = std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return job->connection_lost; });
        if (!finish(slot)) lost = true;
        if (std::any_of(jobs.begin(), jobs.end(), [](const auto& job) { return !job->answered(); }))
            missed_in_a_row_ = 0;
        if (lost) {
            repeat(jobs);
            disconnected(slot, connected);
        }
        lock.lock();
        for (const auto& job : jobs) queue_.spent(job->deadline.party, each);
        queue_.done(jobs.size());
        // Before the answers: whoever they wake up and has another job finds this thread, not one that has to be woken.
        if (!lost) idle_.push_back(&slot);
        for (auto& job : jobs) {
            lock.unlock();
            job->answer();
            lock.lock();
        }
    }
    if (connected) --connected_;
}

/// Takes those of `jobs` out that are to be done again, and puts them before what waits. The connection is lost.
void Pool::repeat(std::vector<std::shared_ptr<Job>>& jobs) {
    const base::SteadyTime now = base::steady_now();
    const std::lock_guard lock{mutex_};
    std::erase_if(jobs, [this, now](const std::shared_ptr<Job>& job) {
        const bool again = job->connection_lost && (options_.only_reads || job->had_no_effect) &&
                           job->repetitions < options_.threads && !job->answered() && job->deadline > now && !stopping_;
        if (!again) return false;
        ++job->repetitions;
        job->connection_lost = job->had_no_effect = false;
        job->error = nullptr;
        queue_.push_front(job, job->deadline.party, now);
        return true;
    });
}

bool Pool::connect(Slot& slot) {
    try {
        slot.connection->connect();
    } catch (const std::exception& error) {
        const std::lock_guard lock{mutex_};
        last_error_ = error.what();
        options_.on_failed_attempt(last_error_);
        return false;
    }
    {
        const std::lock_guard lock{mutex_};
        last_error_.clear();
        ++connected_;
        if (down_.exchange(false)) options_.on_change(true);
        if (connected_.load() == static_cast<int>(options_.threads)) options_.on_complete();
    }
    state_changed_.notify_all();
    return true;
}

void Pool::disconnected(Slot& slot, bool& connected) {
    connected = false;
    const std::lock_guard lock{mutex_};
    std::erase(idle_, &slot);
    if (--connected_ == 0) lost_at_ = base::steady_now();
    if (!queue_.empty()) call_one();  // another thread may have a live connection for what waits
}

/// What waits for a connection has waited in vain. The mutex is held.
void Pool::give_up_reconnecting(base::SteadyTime now, std::vector<std::shared_ptr<Job>>& refused) {
    if (up() || down_ || now < lost_at_ + options_.reconnect_patience) return;
    down_ = true;
    options_.on_change(false);
    std::vector<std::shared_ptr<Job>> waiting = queue_.take_all();
    refused.insert(refused.end(), waiting.begin(), waiting.end());
}

/// Asks the database to give up what the slot runs. The mutex is held.
void Pool::cancel(Slot& slot) {
    auto ask = slot.connection->canceller();
    if (!ask) return;
    const auto cancellation = std::make_shared<Cancellation>();
    try {
        cancellation->thread = std::thread{[&made = *cancellation, ask = std::move(ask)] {
            ask();
            const std::lock_guard lock{made.mutex};
            made.made = true;
            made.changed.notify_all();
        }};
    } catch (const std::system_error& error) {
        log::warn("a statement is not cancelled", {{"pool", options_.name}, {"reason", error.what()}});
        return;
    }
    slot.cancellation = cancellation;
}

/// What the slot ran is over: it is neither cancelled nor cut from now on. False when a cancellation is still under
/// way, so that the connection is not good for another statement.
bool Pool::finish(Slot& slot) {
    std::shared_ptr<Cancellation> cancellation;
    {
        const std::lock_guard lock{mutex_};
        slot.running.clear();
        cancellation.swap(slot.cancellation);
    }
    if (!cancellation) return true;
    const auto is_made = [](Cancellation& one, base::Milliseconds patience) {
        std::unique_lock lock{one.mutex};
        return one.changed.wait_for(lock, patience, [&one] { return one.made; });
    };
    const bool made = is_made(*cancellation, kCancelPatience);
    const std::lock_guard lock{mutex_};
    abandoned_.push_back(std::move(cancellation));
    std::erase_if(abandoned_, [&](const auto& one) {
        if (!is_made(*one, base::Milliseconds{0})) return false;
        one->thread.join();
        return true;
    });
    return made;
}

/// Each of `jobs` has cost its client its part of what they took together.
void Pool::account(const std::vector<std::shared_ptr<Job>>& jobs, base::SteadyTime::duration each) {
    if (!options_.meter) return;
    auto spending = options_.meter->spending();
    for (const auto& job : jobs) spending.add(job->deadline.party, each);
}

void Pool::run_batch(Slot& slot, std::vector<std::shared_ptr<Job>>& jobs) {
    if (options_.batch_max == 1) {
        run_one(*slot.connection, *jobs.front());
    } else {
        run_transaction(*slot.connection, jobs);
    }
    // Done, and the answer is lost.
    for (auto& job : jobs) {
        if (!job->error) job->error = base::FailPoints::pass(options_.name);
    }
}

void Pool::run_one(Connection& connection, Job& job) {
    job.error = base::FailPoints::pass(options_.name);
    if (job.error) return;
    try {
        job.execute(connection);
    } catch (const base::Unavailable&) {
        job.error = std::current_exception();
    } catch (const std::logic_error&) {
        job.error = std::current_exception();
    } catch (const std::exception& error) {
        failed(connection, job, error);
    }
}

void Pool::failed(Connection& connection, Job& job, const std::exception& error) {
    const Failure failure = connection.describe(error);
    log::error("a statement failed", {{"pool", options_.name},
                                      {"statement", failure.statement},
                                      {"code", failure.code},
                                      {"reason", failure.reason}});
    options_.on_failure(failure);
    job.error = is_full(failure) ? std::make_exception_ptr(base::StorageFull{"the database's disk is full"})
                                 : unavailable("a statement failed");
    job.connection_lost = connection.is_lost(error);
    job.had_no_effect = job.connection_lost && connection.had_no_effect(error);
    connection.forget_prepared();
}

void Pool::run_transaction(Connection& connection, std::vector<std::shared_ptr<Job>>& jobs) {
    try {
        connection.about_to("begin");
        take<Step::begin>(connection);
        for (auto& job : jobs) {
            // The transaction may have waited for a lock: whoever has been refused meanwhile must not be obeyed later.
            if (job->answered()) continue;
            if (jobs.size() == 1) {
                run_one(connection, *job);
                if (!job->error) break;
                connection.about_to("rollback");
                take<Step::undo>(connection);
                return;
            }
            take<Step::begin_job>(connection);
            run_one(connection, *job);
            if (job->error) take<Step::undo_job>(connection);
            take<Step::end_job>(connection);
        }
        connection.about_to("commit");
        take<Step::commit>(connection);
    } catch (const std::exception& error) {
        for (auto& job : jobs) failed(connection, *job, error);
        try {
            connection.session() << "rollback";
        } catch (const std::exception&) {
            // The failed commit or the loss of the file has ended the transaction already.
        }
    }
}

void Pool::watch() {
    std::unique_lock lock{mutex_};
    const auto all_idle = [this] {
        return std::all_of(slots_.begin(), slots_.end(), [](const auto& slot) { return slot->running.empty(); });
    };
    while (!stopping_ || !all_idle()) {
        state_changed_.wait_for(lock, kWatchInterval);
        const base::SteadyTime now = base::steady_now();
        std::vector<std::shared_ptr<Job>> late, lost;
        give_up_reconnecting(now, lost);
        for (auto& slot : slots_) {
            for (const auto& job : slot->running) {
                if (job->deadline <= now && !job->answered()) {
                    late.push_back(job);
                    missed_in_a_row_ += job->callers();
                } else if (job->answered() && !slot->cancellation) {
                    // Only now that nobody hears of it: a commit that is cancelled while it waits for a standby says
                    // that all is well.
                    cancel(*slot);
                }
                if (job->deadline + options_.stuck_grace <= now && !slot->interrupted) {
                    slot->interrupted = true;
                    slot->connection->interrupt();
                }
            }
        }
        for (auto& job : queue_.take_if([now](const auto& one) { return one->deadline <= now; })) {
            (up() ? late : lost).push_back(std::move(job));
        }
        if (late.empty() && lost.empty()) continue;
        lock.unlock();
        for (auto& job : late) job->fail(unavailable("the database does not answer in time"));
        for (auto& job : lost) job->fail(unreachable());
        lock.lock();
    }
}

}  // namespace snippetd::sql
