#include "auth/identities.hpp"

#include "base/secret.hpp"

namespace snippetd::auth {

std::string hash_secret(SecretKind kind, std::string_view secret) {
    switch (kind) {
        case SecretKind::session: return base::hash_for("snippetd/session", secret);
        case SecretKind::host_session: return base::hash_for("snippetd/host-session", secret);
        case SecretKind::token: return base::hash_for("snippetd/token", secret);
        case SecretKind::edit: break;
    }
    return base::hash_for("snippetd/edit", secret);
}

base::Awaitable<std::optional<model::Bearer>> Identities::find(SecretKind kind, std::string_view secret,
                                                               base::Deadline deadline) {
    std::string hash = hash_secret(kind, secret);
    const auto still_holds = [now = base::steady_now()](const Known& known) { return known.until > now; };
    if (const auto known = known_.find_if(hash, still_holds)) co_return known->account;
    const std::uint64_t revocations = revocations_;
    std::optional<model::Bearer> account = co_await lookup_(kind, hash, deadline);
    // An answer that was under way while something was revoked may be about just that.
    if (account && revocations == revocations_) {
        known_.put(std::make_shared<const Known>(Known{std::move(hash), *account, base::steady_now() + kBelievedFor}));
    }
    co_return account;
}

base::Awaitable<void> Identities::forget(std::string hash) {
    std::function<void(Identities&)> forget_there = [hash](Identities& identities) {
        identities.known_.erase(hash);
        ++identities.revocations_;
    };
    co_await all_.on_each(forget_there);
}

base::Awaitable<void> Identities::forget_account(std::string account_id) {
    std::function<void(Identities&)> forget_there = [account_id](Identities& identities) {
        identities.known_.erase_all_if([&](const Known& known) { return known.account.id == account_id; });
        ++identities.revocations_;
    };
    co_await all_.on_each(forget_there);
}

}  // namespace snippetd::auth
