#include "pages/libgit2.hpp"

#include <stdexcept>

#include <git2.h>

namespace snippetd::pages {

void need_libgit2() {
    static const int ready = git_libgit2_init();
    if (ready < 0) throw std::runtime_error{"libgit2 does not start"};
}

}  // namespace snippetd::pages
