#pragma once

#include <string>

#include <fmt/format.h>

namespace snippetd::base {

/// Logs where it was, what should have been true and what was seen, and aborts.
[[noreturn]] void fail_assertion(const char* file, int line, const char* condition, const std::string& saw);

}  // namespace snippetd::base

/// Ends the process when `condition` is false, also as released: then the program is wrong, and to go on would be
/// worse than to begin again. What follows is formatted then only: what was seen.
#define SNIPPETD_ASSERT(condition, ...)                                                                   \
    do {                                                                                                  \
        if (!(condition)) [[unlikely]] {                                                                  \
            ::snippetd::base::fail_assertion(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
        }                                                                                                 \
    } while (false)
