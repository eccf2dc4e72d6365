#pragma once

#include "sql/connection.hpp"
#include "support/gate.hpp"

#include <atomic>
#include <exception>
#include <functional>
#include <stdexcept>

#include <soci/soci.h>

namespace snippetd::test {

/// What the fakes of one test have in common: the database, so to say.
struct Database {
    std::atomic<bool> reachable{true};
    std::atomic<int> connects{0};
    std::atomic<int> deaths{0};  ///< connections opened before the last death are dead
    std::atomic<int> interrupts{0};
    std::atomic<int> cancellations{0};
    std::atomic<bool> cancels{false};  ///< whether a statement can be cancelled
    std::atomic<int> used_dead{0};
};

struct Lost : std::runtime_error {
    Lost() : std::runtime_error{"the connection is lost"} {}
};

struct LostWithoutEffect : Lost {};

class FakeConnection : public sql::Connection {
  public:
    FakeConnection(Database& database, sql::StatementCounters& counters)
        : sql::Connection{counters}, database_{database} {}

    bool alive() override { return born_ == database_.deaths; }
    void interrupt() override {
        ++database_.interrupts;
        interrupted_.open();
    }
    std::function<void()> canceller() override {
        if (!database_.cancels) return {};
        return [this] {
            ++database_.cancellations;
            interrupted_.open();
        };
    }
    bool is_lost(const std::exception& error) override { return dynamic_cast<const Lost*>(&error) != nullptr; }
    bool had_no_effect(const std::exception& error) override {
        return dynamic_cast<const LostWithoutEffect*>(&error) != nullptr;
    }
    void execute_script(const std::string&) override {}

    /// A statement that the database answers.
    int statement() {
        if (!alive()) ++database_.used_dead;
        return 42;
    }
    /// One that it answers when it is told to give it up.
    int cancelled_statement() {
        interrupted_.pass();
        throw std::runtime_error{"cancelled"};
    }
    /// One that it never answers.
    [[noreturn]] void stuck_statement() {
        interrupted_.pass();
        throw Lost{};
    }

  private:
    void open(soci::session&) override {
        if (!database_.reachable) throw std::runtime_error{"nobody listens there"};
        born_ = database_.deaths;
        ++database_.connects;
    }

    Database& database_;
    int born_ = 0;
    Gate interrupted_;
};

inline FakeConnection& fake(sql::Connection& connection) {
    return static_cast<FakeConnection&>(connection);
}

}  // namespace snippetd::test
