#pragma once

#include "model/snippet.hpp"

#include <memory>
#include <string>

namespace snippetd::model {

/// What is known of an id.
struct Loaded {
    enum class State {
        found,
        missing,  ///< never existed, or was deleted
        gone,     ///< burned, or expired and removed
    };
    State state = State::missing;
    /// When found, else null. It may have expired, which is for the caller to see.
    std::shared_ptr<const Snippet> snippet;
    /// When missing: the account that may know of a private one that is gone. Empty for none.
    std::string gone_for{};
    /// When found in the store: its clock then, by which the snippet expires. 0 when a cache says it.
    base::UnixMillis as_of = 0;

    bool expired() const { return snippet && snippet->expired(as_of); }
};

}  // namespace snippetd::model
