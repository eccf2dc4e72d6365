#include "auth/passwords.hpp"

#include "base/precis.hpp"
#include "base/secret.hpp"

#include <array>
#include <new>
#include <optional>

#include <sodium.h>

namespace snippetd::auth {

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

Passwords::Passwords(unsigned threads)
    : threads_{threads, kWaitingMax, "too many passwords are being checked"},
      nobody_{hash_now(base::random_secret())} {}

base::Awaitable<std::string> Passwords::hash(std::string password) {
    auto work = [password = std::move(password)] { return hash_now(password); };
    return threads_.run(std::move(work));
}

base::Awaitable<Passwords::Match> Passwords::verify(std::string hash, std::string password) {
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
    return threads_.run(std::move(work));
}

}  // namespace snippetd::auth
