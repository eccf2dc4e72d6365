#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace snippetd::base {

/// Points at which a test has the process die, or a step fail, as a fault would have it: each before and after a step
/// that leaves the process. So "whichever step it is" is tried by trying every one. Inert unless a test has set
/// kVariable.
class FailPoints {
  public:
    /// The environment's variable with the name of a file.
    static constexpr const char* kVariable = "SNIPPETD_TEST_FAIL_POINTS";

    /// From now on does once what the file says, `GROUP N die` or `GROUP N fail`: at the N-th point of the group that
    /// is passed since the file has been there. The file is renamed to `FILE.hit` then. Before anything passes a point.
    static void obey(std::string file);

    /// Null, or what the step fails with (base::Unavailable); `die` ends the process as `kill -9` does. Thread-safe.
    static std::exception_ptr pass(std::string_view group) {
        if (!obeyed_) return nullptr;
        return pass_obeyed(group);
    }
    /// The same; throws what the step fails with.
    static void pass_or_throw(std::string_view group) {
        if (const std::exception_ptr failure = pass(group)) std::rethrow_exception(failure);
    }

  private:
    static std::exception_ptr pass_obeyed(std::string_view group);

    static inline bool obeyed_ = false;
};

}  // namespace snippetd::base
