#include "auth/passwords.hpp"

#include "base/precis.hpp"
#include "base/secret.hpp"

#include <array>
#include <new>
#include <optional>
#include <utility>

#include <sodium.h>

namespace snippetd::auth {

namespace {

constexpr unsigned long long kPasses = 2;
constexpr std::size_t kMemoryBytes = 19 * 1024 * 1024;
// Some ten of them: people wait for a log-in.
constexpr base::Admission::Options kQueue{
    .target = base::Milliseconds{250}, .burst = base::Milliseconds{1000}, .least = 8, .most = Passwords::kWaitingMax};

std::string hash_now(const std::string& password) {
    std::array<char, crypto_pwhash_STRBYTES> out{};
    if (crypto_pwhash_str(out.data(), password.data(), password.size(), kPasses, kMemoryBytes) != 0)
        throw std::bad_alloc{};
    return out.data();
}

}  // namespace

Passwords::Passwords(unsigned threads, std::shared_ptr<base::QueueMeter> meter)
    : threads_{threads, kQueue, "too many passwords are being checked", std::move(meter)},
      nobody_{hash_now(base::random_secret())} {}

base::Awaitable<std::string> Passwords::hash(std::string password, base::Party party) {
    auto work = [password = std::move(password)] { return hash_now(password); };
    return threads_.run(std::move(work), party);
}

base::Awaitable<Passwords::Match> Passwords::verify(std::string hash, std::string password, base::Party party) {
    auto work = [hash = std::move(hash), password = std::move(password)] {
        const auto fits = [&hash](const std::string& text) {
            return crypto_pwhash_str_verify(hash.c_str(), text.data(), text.size()) == 0;
        };
        const std::optional<std::string> prepared = base::opaque_string(password);
        if (prepared && fits(*prepared)) return Match::full;
        // How many attempts there are depends on what was typed alone.
        if (prepared != password && fits(password)) return Match::as_typed;
        return Match::none;
    };
    return threads_.run(std::move(work), party);
}

}  // namespace snippetd::auth
