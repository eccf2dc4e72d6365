#pragma once

#include "base/completion.hpp"
#include "base/fair_queue.hpp"
#include "sql/pool.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace snippetd::sql {

/// Makes few statements of many single look-ups: what is asked for while statements are under way waits for the next
/// one, which takes all that waits. A thread of the pool takes its batch at the last moment, when it has a connection,
/// so a batch is as large as it can be without anybody having waited for it.
///
/// One statement runs at a time as long as that is enough, since each further connection costs the database more than
/// it brings (docs/decisions/0010-gathered-reads.md). Another one starts when a whole batch waits, or when what runs
/// has been running for `patience`: so neither a disk that is waited for nor a connection that hangs holds up the rest.
///
/// Every `run` is answered by its deadline: with a result, or with Unavailable. May be used from any thread. Outlives
/// the pool's threads: `Pool::close` comes first.
template <class Key, class Result>
class Gatherer {
  public:
    struct Options {
        std::size_t batch_max = 64;
        unsigned running_max = 4;                   ///< statements at a time
        base::Milliseconds patience{20};            ///< after which a statement is not expected to end soon
        std::size_t waiting_max = 16384;            ///< beyond that `run` throws Unavailable at once
        base::Milliseconds queueing_target{10};     ///< see `base::Admission`
        std::shared_ptr<base::QueueMeter> meter{};  ///< null: nobody looks
        base::Work work = base::Work::read;         ///< what they are among the pool's other jobs
    };
    /// The results in the order of the keys. Called by threads of the pool, several at a time.
    using Work = std::function<std::vector<Result>(Connection&, const std::vector<Key>&)>;

    Gatherer(Pool& pool, Options options, Work work)
        : pool_{pool}, options_{options}, work_{std::move(work)}, waiting_{admission_of(options_), options_.meter} {}
    Gatherer(const Gatherer&) = delete;
    Gatherer& operator=(const Gatherer&) = delete;

    base::Awaitable<Result> run(Key key, base::Deadline deadline) {
        return base::completed_by<Result>(
            [this, key = std::move(key), deadline](base::Completion<Result> done) mutable {
                add({std::move(key), deadline, std::move(done)});
            });
    }

  private:
    struct Waiting {
        Key key;
        base::Deadline deadline;
        base::Completion<Result> done;
    };
    using Batch = std::vector<Waiting>;

    class BatchJob : public Pool::Job {
      public:
        explicit BatchJob(Gatherer& gatherer) : gatherer_{gatherer} {
            always_waits = true;  // there are `running_max` of them
        }

        void execute(Connection& connection) override {
            const std::vector<Key> keys = gatherer_.fill(*this);
            callers_ = static_cast<unsigned>(keys.size());
            if (keys.empty()) return;
            const base::SteadyTime begin = base::steady_now();
            results_ = gatherer_.work_(connection, keys);
            took_ = base::steady_now() - begin;
        }

        unsigned callers() const override { return callers_; }

      private:
        friend class Gatherer;

        void deliver() override { gatherer_.land(*this); }
        void deliver_failure(std::exception_ptr why) override { gatherer_.fail(*this, std::move(why)); }

        Gatherer& gatherer_;
        Batch batch_;                       ///< guarded by the gatherer's mutex
        std::atomic<unsigned> callers_{1};  ///< read by the watchdog
        std::vector<Result> results_;
        base::SteadyTime::duration took_{};
    };

    static base::Admission::Options admission_of(const Options& options) {
        base::Admission::Options admission;
        admission.target = options.queueing_target;
        admission.least = std::min(options.running_max * options.batch_max, options.waiting_max);
        admission.most = options.waiting_max;
        return admission;
    }

    void add(Waiting waiting) {
        const base::Party party = waiting.deadline.party;
        std::unique_lock lock{mutex_};
        auto refused = waiting_.push(std::move(waiting), party, base::steady_now());
        start(lock);
        if (!refused) return;
        refused->item.done.reject(std::make_exception_ptr(base::Unavailable{"too many wait for the database"}));
    }

    /// Starts a statement when one is due. Unlocks.
    void start(std::unique_lock<std::mutex>& lock) {
        const base::SteadyTime now = base::steady_now();
        const bool needed =
            running_ == 0 || waiting_.size() >= running_ * options_.batch_max || now - started_ >= options_.patience;
        if (waiting_.empty() || running_ >= options_.running_max || !needed) {
            lock.unlock();
            return;
        }
        ++running_;
        started_ = now;
        // The statement is everybody's, and late when the first of them is.
        base::SteadyTime first = base::SteadyTime::max();
        waiting_.for_each([&first](const Waiting& one) { first = std::min(first, one.deadline.at); });
        const base::Deadline deadline{first, {0, options_.work, base::Standing::service}};
        lock.unlock();
        pool_.submit(std::make_shared<BatchJob>(*this), deadline);
    }

    /// Gives the job its batch, and its keys to the caller; none when the job has been given up meanwhile.
    std::vector<Key> fill(BatchJob& job) {
        std::vector<Key> keys;
        Batch late;
        {
            const std::lock_guard lock{mutex_};
            if (job.answered()) return keys;
            for (const Waiting& waiting : job.batch_) keys.push_back(waiting.key);  // of one that is done again
            const base::SteadyTime now = base::steady_now();
            while (!waiting_.empty() && job.batch_.size() < options_.batch_max) {
                Waiting next = *waiting_.pop(now);
                if (next.deadline <= now) {
                    late.push_back(std::move(next));
                } else {
                    keys.push_back(next.key);
                    job.batch_.push_back(std::move(next));
                }
            }
        }
        for (Waiting& waiting : late) {
            waiting.done.reject(std::make_exception_ptr(base::Unavailable{"the database does not answer in time"}));
        }
        return keys;
    }

    void land(BatchJob& job) {
        std::unique_lock lock{mutex_};
        Batch batch = std::move(job.batch_);
        --running_;
        waiting_.done(batch.size());
        start(lock);  // before the answers, so that the connection is not idle meanwhile
        account(batch, job.took_);
        for (auto& [executor, answers] : by_executor(std::move(batch), std::move(job.results_))) {
            boost::asio::post(executor, [answers = std::move(answers), error = job.error]() mutable {
                for (auto& [done, result] : answers) {
                    if (error) {
                        done.reject_here(error);
                    } else {
                        done.resolve_here(std::move(*result));
                    }
                }
            });
        }
    }

    /// Each has cost its client its part of the statement.
    void account(const Batch& batch, base::SteadyTime::duration took) const {
        if (!options_.meter || batch.empty()) return;
        const auto part = took / static_cast<std::int64_t>(batch.size());
        auto spending = options_.meter->spending();
        for (const Waiting& one : batch) spending.add(one.deadline.party, part);
    }

    using Answers = std::vector<std::pair<base::Completion<Result>, std::optional<Result>>>;

    /// What is for one worker is told it at once: then its answers go out, and its next questions come, in one turn of
    /// its loop.
    static std::vector<std::pair<base::Executor, Answers>> by_executor(Batch batch, std::vector<Result> results) {
        std::vector<std::pair<base::Executor, Answers>> grouped;
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const base::Executor executor = batch[i].done.executor();
            auto group = std::find_if(grouped.begin(), grouped.end(),
                                      [&executor](const auto& one) { return one.first == executor; });
            if (group == grouped.end()) group = grouped.insert(grouped.end(), {executor, Answers{}});
            std::optional<Result> result;
            if (i < results.size()) result = std::move(results[i]);
            group->second.emplace_back(std::move(batch[i].done), std::move(result));
        }
        return grouped;
    }

    /// The job is late, or the pool refuses it: then the pool refuses all that wait.
    void fail(BatchJob& job, std::exception_ptr why) {
        const base::SteadyTime now = base::steady_now();
        const bool late = job.deadline <= now;
        std::unique_lock lock{mutex_};
        Batch failed = std::move(job.batch_);
        job.batch_.clear();
        for (Waiting& waiting : waiting_.take_if([&](const Waiting& one) { return !late || one.deadline <= now; })) {
            failed.push_back(std::move(waiting));
        }
        --running_;
        start(lock);
        for (Waiting& waiting : failed) waiting.done.reject(why);
    }

    Pool& pool_;
    Options options_;
    Work work_;
    std::mutex mutex_;
    base::FairQueue<Waiting> waiting_;  ///< guarded by mutex_
    base::SteadyTime started_;          ///< guarded by mutex_; when the last job was submitted
    unsigned running_ = 0;              ///< guarded by mutex_; jobs that have been submitted and not been answered
};

}  // namespace snippetd::sql
