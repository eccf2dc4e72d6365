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
    const std::string key = std::to_string(revocations_) + " " + hash;
    const Flights::Place place = flights_.join(key, deadline);
    if (place.first) {
        co_await look_up(place.flight, kind, std::move(hash), deadline);
    } else {
        co_await flights_.wait(place.flight, deadline, "the database does not answer in time");
    }
    co_return place.flight->result();
}

base::Awaitable<void> Identities::look_up(Flights::Pointer flight, SecretKind kind, std::string hash,
                                          base::Deadline deadline) {
    const std::uint64_t revocations = revocations_;
    const base::SteadyTime asked = base::steady_now();
    try {
        std::optional<model::Bearer> account = co_await lookup_(kind, hash, deadline);
        // An answer that was under way while something was revoked may be about just that.
        if (account && revocations == revocations_) {
            known_.put(std::make_shared<const Known>(Known{std::move(hash), *account, asked + kBelievedFor}));
        }
        flights_.land(flight, std::move(account));
    } catch (const std::exception&) {
        flights_.fail(flight, std::current_exception());
    }
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
