#pragma once

namespace snippetd::pages {

/// Starts libgit2, for as long as the program runs. Throws std::runtime_error. Thread-safe.
void need_libgit2();

}  // namespace snippetd::pages
