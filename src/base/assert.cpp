#include "base/assert.hpp"

#include "base/log.hpp"

#include <cstdlib>

namespace snippetd::base {

void fail_assertion(std::string_view condition, std::string_view names, std::initializer_list<Seen> values,
                    const char* file, int line) {
    std::string seen;
    for (const Seen& value : values) seen += (seen.empty() ? "" : ", ") + value.text;
    const std::string place = std::string{file} + ":" + std::to_string(line);
    log::write_now(log::Level::error, "an assertion does not hold",
                   {{"condition", condition}, {"saw", names}, {"values", seen}, {"place", place}});
    std::abort();
}

}  // namespace snippetd::base
