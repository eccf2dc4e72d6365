#pragma once

#include "auth/identities.hpp"
#include "auth/passwords.hpp"
#include "base/awaitable.hpp"
#include "base/error.hpp"
#include "cache/cache.hpp"
#include "limiter/limiter.hpp"
#include "limiter/overrides.hpp"
#include "limiter/policies.hpp"
#include "model/account.hpp"
#include "store/store.hpp"
#include "use_cases/texts.hpp"
#include "views/mode.hpp"
#include "views/recorder.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What the service does, without a word of how it is asked: from typed input to typed results. Whoever asks, by JSON,
/// a form or another service's interface, makes a Call, and every rule is met here.
namespace snippetd::use_cases {

using base::Awaitable;
using base::Error;
using base::ErrorKind;
using base::Result;

using ViewsMode = views::Mode;

/// What the settings say to the use cases, and to those who ask for them.
struct Options {
    std::string public_url;  ///< without a trailing slash; empty: as each request says
    std::uint64_t body_bytes_max = 1024 * 1024;
    bool anonymous = true;
    bool signup = true;
    ViewsMode views = ViewsMode::async;
    /// By name; all of limiter::kPolicyNames are there, and `address`.
    limiter::Policies policies = limiter::policies_by_name(limiter::default_policies());
    std::vector<limiter::Override> overrides;  ///< as limiter::sort_overrides has them
    bool some_accounts_differ = false;         ///< whether any of these is for an account or a token
};

/// What they work with. The references outlive it.
struct Services {
    const Options& options;
    store::Store& store;
    limiter::Limiter& limiter;
    cache::Cache& cache;
    auth::Identities& identities;
    auth::Passwords& passwords;
    Texts& texts;
    views::Recorder& views;
};

/// Who asks.
struct Caller {
    std::optional<model::Account> account;
    /// What gave the account; empty without one.
    std::string_view secret;
    auth::SecretKind secret_kind = auth::SecretKind::session;
    std::string token_id;         ///< of the API token that gave the account; empty without one
    std::string_view edit_token;  ///< of an anonymous snippet; empty when none was sent
    bool by_cookie = false;       ///< the account or the edit token comes from a cookie
    bool rejected = false;        ///< a session or token was sent that opens nothing
};

/// What the limiter said of a call that it let in, or not.
struct Charged {
    const limiter::Policy* policy = nullptr;  ///< one of the options'
    std::uint32_t remaining = 0;
    std::int64_t reset_s = 0;
};

/// One thing that somebody wants to be done.
struct Call {
    const Services& services;
    base::Deadline deadline;
    Caller caller{};
    /// Whether search engines may list what it is about; known when that has been loaded.
    bool listable = false;
    std::optional<Charged> charged{};  ///< nothing while no limit applies, or the limiter could not tell
};

inline Error error(ErrorKind kind, std::string detail = {}) {
    return Error{kind, std::move(detail), {}, 0};
}
inline Error invalid_field(std::string name, std::string why) {
    return Error{ErrorKind::invalid, "Some values are not allowed.", {{std::move(name), std::move(why)}}, 0};
}

}  // namespace snippetd::use_cases
