#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

/// Text eight bytes at a time.
namespace snippetd::base {

inline constexpr std::size_t kWordBytes = 8;
inline constexpr std::uint64_t kOnes = 0x0101010101010101;   ///< one in each byte
inline constexpr std::uint64_t kHighs = 0x8080808080808080;  ///< the highest bit of each

inline std::uint64_t word_at(const char* text) {
    std::uint64_t word;
    std::memcpy(&word, text, kWordBytes);
    return word;
}

}  // namespace snippetd::base
