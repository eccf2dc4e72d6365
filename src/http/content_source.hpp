#pragma once

#include "base/awaitable.hpp"

#include <string>

namespace snippetd::http {

/// Content that is made while it is sent: its length is not known when the header goes. The connection asks for the
/// next piece when the reader has taken the last one, so a slow reader holds one piece and no more.
class ContentSource {
  public:
    virtual ~ContentSource() = default;

    /// The next piece; empty at the end. What it throws cuts the connection, so that nobody takes a part for the
    /// whole. On the connection's own thread, one call at a time; the source sees to it that no call waits for ever.
    virtual base::Awaitable<std::string> next() = 0;
    /// The reader is gone, or the service ends: a `next` that waits returns soon, with anything. On the same thread.
    virtual void cancel() = 0;
    /// Whether it goes on until somebody cancels it: then the service does so as soon as it begins to shut down.
    virtual bool endless() const { return false; }
};

}  // namespace snippetd::http
