#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>

#include <hiredis/hiredis.h>

namespace snippetd::test {

/// A Redis server of this process alone, on a free port of 127.0.0.1, that keeps nothing on disk.
class PrivateRedis {
  public:
    PrivateRedis() : port_{free_port()} {
        server_ = start_child({"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(port_), "--save", "",
                               "--appendonly", "no", "--dir", folder_.path()},
                              folder_.file("log"));
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (!answers()) {
            if (std::chrono::steady_clock::now() > end) {
                stop();
                throw std::runtime_error{"Redis does not start"};
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{10});
        }
    }
    ~PrivateRedis() { stop(); }
    PrivateRedis(const PrivateRedis&) = delete;
    PrivateRedis& operator=(const PrivateRedis&) = delete;

    int port() const { return port_; }

    /// An integer reply, -1 for any other.
    long long call(const std::string& command) const {
        const Answer answer = ask(command);
        return answer && answer->type == REDIS_REPLY_INTEGER ? answer->integer : -1;
    }
    /// A string reply, empty for any other.
    std::string text(const std::string& command) const {
        const Answer answer = ask(command);
        return answer && answer->type == REDIS_REPLY_STRING ? std::string{answer->str, answer->len} : std::string{};
    }

    void pause() const { kill(server_, SIGSTOP); }
    void resume() const { kill(server_, SIGCONT); }

  private:
    using Session = std::unique_ptr<redisContext, decltype(&redisFree)>;
    using Answer = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

    Answer ask(const std::string& command) const {
        const Session session{redisConnect("127.0.0.1", port_), redisFree};
        if (!session || session->err) return {nullptr, freeReplyObject};
        return {static_cast<redisReply*>(redisCommand(session.get(), command.c_str())), freeReplyObject};
    }
    bool answers() const { return call("DBSIZE") >= 0; }

    void stop() const {
        kill(server_, SIGKILL);
        waitpid(server_, nullptr, 0);
    }

    TemporaryFolder folder_;
    int port_;
    pid_t server_ = 0;
};

}  // namespace snippetd::test
