#pragma once

namespace snippetd::test {

/// Whether this is built with a sanitizer that makes everything several times as slow. What is arithmetic alone, on one
/// thread, and goes on for a simulated day, shows such a sanitizer all that it has in its first hours.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace snippetd::test
