#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::base {

inline constexpr std::size_t kOpaqueStringBytesMax = 8 * 1024;

/// A password as it is compared (RFC 8265 section 4.2, OpaqueString): every space is U+0020, and the rest is in
/// normalisation form C, so that it does not matter how a keyboard composes its letters. Nothing when `text` is not
/// UTF-8, has control characters, or more than `kOpaqueStringBytesMax` bytes. Unlike the RFC it takes characters that
/// are not assigned yet: which those are depends on the library's age.
std::optional<std::string> opaque_string(std::string_view text);

}  // namespace snippetd::base
