#pragma once

#include "base/error.hpp"

namespace snippetd::base {

/// No connection to the backend stands, and none can be had: it is away, and not merely slow.
class Unreachable : public Unavailable {
  public:
    using Unavailable::Unavailable;
};

}  // namespace snippetd::base
