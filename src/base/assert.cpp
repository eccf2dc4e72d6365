#include "base/assert.hpp"

#include "base/log.hpp"

#include <cstdlib>

namespace snippetd::base {

void fail_assertion(const Assertion& assertion, std::initializer_list<Seen> values) {
    std::string seen;
    for (const Seen& value : values) seen += (seen.empty() ? "" : ", ") + value.text;
    const std::string place = std::string{assertion.file} + ":" + std::to_string(assertion.line);
    log::write_now(log::Level::error, "an assertion does not hold",
                   {{"condition", assertion.condition}, {"saw", assertion.names}, {"values", seen}, {"place", place}});
    std::abort();
}

}  // namespace snippetd::base
