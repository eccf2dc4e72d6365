#include "auth/passwords.hpp"

#include "base/error.hpp"
#include "base/secret.hpp"

#include <array>
#include <atomic>
#include <new>
#include <type_traits>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <sodium.h>

namespace snippetd::auth {

namespace asio = boost::asio;

namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19 * 1024 * 1024;

std::string hash_now(const std::string& password) {
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str(out.data(), password.data(), password.size(), kPasses, kMemoryBytes) != 0)
        throw std::bad_alloc{};
    return out.data();
}

}  // namespace

struct Passwords::Pool {
    explicit Pool(unsigned count) : threads{count} {}

    /// Runs `work` on a thread of the pool and gives its result to the coroutine that waits.
    template <class F>
    base::Awaitable<std::invoke_result_t<F&>> run(F work) {
        using T = std::invoke_result_t<F&>;
        if (closed) throw base::Unavailable{"the service is shutting down"};
        if (waiting.fetch_add(1) >= kWaitingMax) {
            waiting.fetch_sub(1);
            throw base::Unavailable{"too many passwords are being checked"};
        }
        auto initiate = [this, &work](auto handler) {
            auto executor = asio::get_associated_executor(handler);
            auto guard = asio::make_work_guard(executor);
            asio::post(threads, [this, work = std::move(work), handler = std::move(handler), executor,
                                 guard = std::move(guard)]() mutable {
                std::exception_ptr error;
                T result{};
                try {
                    result = work();
                } catch (...) {
                    error = std::current_exception();
                }
                waiting.fetch_sub(1);
                asio::post(executor, [handler = std::move(handler), error, result = std::move(result)]() mutable {
                    handler(error, std::move(result));
                });
            });
        };
        co_return co_await asio::async_initiate<const asio::use_awaitable_t<base::Executor>,
                                                void(std::exception_ptr, T)>(initiate, base::use_awaitable);
    }

    std::atomic<bool> closed{false};
    std::atomic<std::size_t> waiting{0};
    asio::thread_pool threads;
};

Passwords::Passwords(unsigned threads)
    : pool_{std::make_unique<Pool>(threads)}, nobody_{hash_now(base::random_secret())} {}

Passwords::~Passwords() {
    close();
}

void Passwords::close() {
    pool_->closed = true;
    pool_->threads.join();
}

base::Awaitable<std::string> Passwords::hash(std::string password) {
    auto work = [password = std::move(password)] { return hash_now(password); };
    return pool_->run(std::move(work));
}

base::Awaitable<bool> Passwords::verify(std::string hash, std::string password) {
    auto work = [hash = std::move(hash), password = std::move(password)] {
        return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
    };
    return pool_->run(std::move(work));
}

}  // namespace snippetd::auth
