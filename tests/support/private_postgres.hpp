#pragma once

#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace snippetd::test {

/// A PostgreSQL cluster of this process alone, in a temporary folder, on a free port of 127.0.0.1 and without
/// passwords. It ends with the object, and with the process however that ends.
class PrivatePostgres {
  public:
    PrivatePostgres() : bin_{binary_folder()}, port_{free_port()} {
        if (geteuid() == 0) {
            // PostgreSQL refuses to run as root.
            const passwd* owner = getpwnam("postgres");
            if (!owner) throw std::runtime_error{"there is no user `postgres` to run PostgreSQL as"};
            as_owner_ = {"runuser", "-u", "postgres", "--"};
            if (chown(folder_.path().c_str(), owner->pw_uid, owner->pw_gid) != 0) {
                throw std::runtime_error{"cannot give the folder to the user `postgres`"};
            }
        }
        const pid_t initdb = start_process({bin_ / "initdb", "-D", data(), "-U", "snippetd", "--auth=trust", "-E",
                                            "UTF8", "--locale=C.UTF-8", "--no-sync"});
        if (wait_for_child(initdb) != 0) throw std::runtime_error{"initdb failed:\n" + log()};
        server_ = start_process({bin_ / "postgres", "-D", data(), "-p", std::to_string(port_), "-h", "127.0.0.1", "-k",
                                 folder_.path(), "-c", "fsync=off", "-c", "max_connections=100"});
        wait_until_ready();
    }
    ~PrivatePostgres() { stop(); }
    PrivatePostgres(const PrivatePostgres&) = delete;
    PrivatePostgres& operator=(const PrivatePostgres&) = delete;

    std::string url(const std::string& database) const {
        return fmt::format("postgres://snippetd@127.0.0.1:{}/{}", port_, database);
    }

    /// The URL of a database that is new and has the tables of the database `from`.
    std::string create_database(const std::string& from = "template1") {
        const std::string name = fmt::format("test_{}", ++databases_);
        execute(fmt::format("create database {} template {}", name, from));
        return url(name);
    }

    void execute(const std::string& statement) const {
        const Session session{PQconnectdb(url("postgres").c_str()), PQfinish};
        const std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(session.get(), statement.c_str()), PQclear};
        if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) throw std::runtime_error{PQerrorMessage(session.get())};
    }

  private:
    using Session = std::unique_ptr<PGconn, decltype(&PQfinish)>;

    /// The folder of the newest server that is installed.
    static std::filesystem::path binary_folder() {
        std::filesystem::path newest;
        int newest_version = 0;
        std::error_code absent;
        for (const auto& entry : std::filesystem::directory_iterator{"/usr/lib/postgresql", absent}) {
            const std::string name = entry.path().filename();
            int version = 0;
            std::from_chars(name.data(), name.data() + name.size(), version);
            if (version <= newest_version || !std::filesystem::exists(entry.path() / "bin" / "initdb")) continue;
            newest_version = version;
            newest = entry.path() / "bin";
        }
        if (newest.empty()) throw std::runtime_error{"no PostgreSQL server is installed in /usr/lib/postgresql"};
        return newest;
    }

    std::string data() const { return folder_.file("data"); }

    pid_t start_process(std::vector<std::string> command) {
        command.insert(command.begin(), as_owner_.begin(), as_owner_.end());
        return start_child(std::move(command), logs_.file("log"));
    }

    void wait_until_ready() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
        while (true) {
            const Session session{PQconnectdb(url("postgres").c_str()), PQfinish};
            if (PQstatus(session.get()) == CONNECTION_OK) return;
            if (std::chrono::steady_clock::now() > end) {
                stop();
                throw std::runtime_error{"PostgreSQL does not start:\n" + log()};
            }
            std::this_thread::sleep_for(std::chrono::milliseconds{20});
        }
    }

    /// The postmaster's own process, which is a child of runuser's when that is used.
    pid_t postmaster() const {
        std::ifstream file{folder_.path() / "data" / "postmaster.pid"};
        pid_t pid = 0;
        return file >> pid ? pid : server_;
    }

    void stop() {
        if (server_ == 0) return;
        kill(postmaster(), SIGQUIT);  // immediately: nobody needs the data any more
        waitpid(std::exchange(server_, 0), nullptr, 0);
    }

    std::string log() const {
        std::ifstream file{logs_.file("log")};
        return {std::istreambuf_iterator<char>{file}, {}};
    }

    TemporaryFolder folder_;
    TemporaryFolder logs_;
    std::filesystem::path bin_;
    int port_;
    std::vector<std::string> as_owner_;
    pid_t server_ = 0;
    int databases_ = 0;
};

}  // namespace snippetd::test
