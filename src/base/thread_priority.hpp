#pragma once

namespace snippetd::base {

/// Lets the calling thread, and the processes that it starts, step back behind the workers' loops when there are not
/// enough cores for all (nice(2); on Linux it holds for a thread): what takes long waits, what is quick does not.
void step_back();

}  // namespace snippetd::base
