#include "base/assert.hpp"

#include "base/log.hpp"

#include <cstdlib>
#include <string_view>

namespace snippetd::base {

void fail_assertion(const char* file, int line, const char* condition, const std::string& saw) {
    std::string_view path = file;
    if (const std::size_t at = path.rfind("/src/"); at != path.npos) path.remove_prefix(at + 1);
    log::error("an assertion failed",
               {{"at", fmt::format("{}:{}", path, line)}, {"assertion", condition}, {"saw", saw}});
    log::stop();
    std::abort();
}

}  // namespace snippetd::base
