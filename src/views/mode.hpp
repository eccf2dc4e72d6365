#pragma once

namespace snippetd::views {

/// How a read becomes a count.
enum class Mode {
    async,  ///< off the request path, in batches
    sync,   ///< each in the request that it is of, to measure what that costs
    off,
};

}  // namespace snippetd::views
