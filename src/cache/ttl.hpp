#pragma once

#include "base/clock.hpp"
#include "model/loaded.hpp"

namespace snippetd::cache {

/// What is not there is kept for so long, so that a scan of random ids does not reach the store.
inline constexpr base::Milliseconds kNegativeTtl{5000};

/// How long what has been loaded may be kept: 0 for what may not be cached, else `ttl`, up to 10 % more or less, so
/// that what was filled together does not expire together, and never past the snippet's own expiry, as the clock says
/// by which it was loaded.
base::Milliseconds ttl_for(const model::Loaded& loaded, base::Milliseconds ttl);

}  // namespace snippetd::cache
