#pragma once

#include "base/clock.hpp"

#include <optional>
#include <string>

namespace snippetd::model {

struct Account {
    std::string id;
    std::string username;  ///< lower case
    base::UnixMillis created_at = 0;
};

/// An account, and what opened it.
struct Bearer : Account {
    std::string token_id;  ///< of an API token; empty for a session
};

/// An API token as its owner sees it; the secret itself is stored nowhere.
struct ApiToken {
    std::string id;
    std::string name;
    base::UnixMillis created_at = 0;
    std::optional<base::UnixMillis> expires_at;
};

}  // namespace snippetd::model
