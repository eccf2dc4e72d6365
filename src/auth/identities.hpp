#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/sieve_cache.hpp"
#include "base/single_flight.hpp"
#include "base/workers.hpp"
#include "model/account.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::auth {

/// Secrets by what they open. Each is stored as a hash made for its kind.
/// `session` and `host_session` differ by the cookie that carries them, and open the same.
enum class SecretKind { session, host_session, token, edit };

inline constexpr std::string_view kTokenPrefix = "snp_";
inline constexpr std::string_view kEditTokenPrefix = "sne_";

std::string hash_secret(SecretKind kind, std::string_view secret);

/// Whose session or token it is. One for each worker, used on its thread alone.
///
/// What the store said is believed for one second, and who asks meanwhile waits for the one look-up that is under way,
/// so a client in full flow costs one look-up a second and not one a request. A revocation is known at once to all
/// workers of the process that took it (`forget`), elsewhere within that second.
class Identities {
  public:
    static constexpr base::Milliseconds kBelievedFor{1000};
    /// For some 5000 of them.
    static constexpr std::size_t kBelievedBytesMax = 2 * 1024 * 1024;

    /// Asks the store for a hash of that kind.
    using Lookup =
        std::function<base::Awaitable<std::optional<model::Bearer>>(SecretKind kind, std::string hash, base::Deadline)>;

    /// `all` are those of all workers, and outlive this.
    Identities(Lookup lookup, const base::PerWorker<Identities>& all) : lookup_{std::move(lookup)}, all_{all} {}

    /// Nothing for a secret that is unknown, expired or revoked.
    base::Awaitable<std::optional<model::Bearer>> find(SecretKind kind, std::string_view secret,
                                                       base::Deadline deadline);
    /// To be awaited after the store has removed the secret and before that is acknowledged.
    base::Awaitable<void> forget(std::string hash);
    /// Likewise after it has removed sessions or tokens of an account, whichever they were. Those that are left are
    /// looked up again.
    base::Awaitable<void> forget_account(std::string account_id);

  private:
    struct Known {
        std::string hash;
        model::Bearer account;
        base::SteadyTime until;

        std::string_view cache_key() const { return hash; }
        std::size_t bytes() const {
            return sizeof(Known) + 160 + hash.size() + account.id.size() + account.username.size() +
                   account.token_id.size();
        }
    };
    Lookup lookup_;
    const base::PerWorker<Identities>& all_;
    /// By the secret's hash and the number of revocations: who asks after one does not wait for what began before it.
    using Flights = base::SingleFlight<std::optional<model::Bearer>>;
    base::Awaitable<void> look_up(Flights::Pointer flight, SecretKind kind, std::string hash, base::Deadline deadline);

    base::SieveCache<Known> known_{kBelievedBytesMax};
    Flights flights_;
    std::uint64_t revocations_ = 0;
};

}  // namespace snippetd::auth
