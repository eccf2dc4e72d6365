#pragma once

#include "base/awaitable.hpp"

#include <cstddef>

namespace snippetd::app {

/// What the allocator may keep of memory that was freed; beyond it, it goes back to the system.
inline constexpr std::size_t kFreedBytesKept = 32 * 1024 * 1024;

/// Gives back, once a second, what was freed and is more than that: large texts and refused uploads leave holes behind
/// that add up to more than all that is held (gperftools' tcmalloc returns them slowly). For good, on any loop but a
/// worker's, since it takes some milliseconds. Does nothing with another allocator.
base::Awaitable<void> give_back_freed_memory();

}  // namespace snippetd::app
