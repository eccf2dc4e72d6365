#pragma once

namespace snippetd::cli {

/// The whole program but for the process around it. Returns what it exits with.
int run(int argc, const char* const* argv);

}  // namespace snippetd::cli
