#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

/// For the *_fuzzer.cpp beside this: one for each parser of ours, or of a library, that strangers' text reaches.
/// libFuzzer makes the texts; a fuzzer says what must hold for each.
namespace snippetd::fuzz {

inline std::string_view text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, as a crash does, so that the text is kept.
inline void need(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "does not hold: %s\n", what);
    std::abort();
}

}  // namespace snippetd::fuzz
