#pragma once

#include "base/clock.hpp"
#include "model/numbers_by_id.hpp"

#include <cstdint>
#include <string>

namespace snippetd::model {

/// Which Redis server all instances of one database agree to keep their caches in, as the database tells.
struct CacheServer {
    std::string run_id;            ///< of the server; empty: none
    std::int64_t epoch = 0;        ///< one more with each other server; 0 before the first
    base::UnixMillis seen_at = 0;  ///< when an instance that is connected to it has said so, by the database's clock
    base::Milliseconds unseen{0};  ///< how long ago that was; negative after that clock was set back
};

/// What is in the outbox, and who is to be told.
struct Undelivered {
    NumbersById floors;  ///< lowest versions; an id may come again
    CacheServer in_force;
};

}  // namespace snippetd::model
