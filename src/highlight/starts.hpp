#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace snippetd::highlight {

/// A byte of a text as the beginnings of matches are told by: itself when it is ASCII, else one for all others, and one
/// for none, which is before the first and behind the last.
inline constexpr std::size_t kNotAscii = 128, kNoByte = 129, kKinds = 130;

inline std::size_t kind_of(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < kNotAscii ? byte : kNotAscii;
}

/// Whether the byte is the second or a later one of a character in UTF-8.
constexpr bool is_continuation(char c) {
    return static_cast<signed char>(c) < -0x40;
}

/// A set of these.
class Kinds {
  public:
    bool has(std::size_t kind) const { return (words_[kind / 64] >> kind % 64 & 1) != 0; }
    Kinds& add(std::size_t kind) {
        words_[kind / 64] |= std::uint64_t{1} << kind % 64;
        return *this;
    }
    Kinds& remove(std::size_t kind) {
        words_[kind / 64] &= ~(std::uint64_t{1} << kind % 64);
        return *this;
    }
    bool empty() const { return (words_[0] | words_[1] | words_[2]) == 0; }

    Kinds& operator|=(const Kinds& more) {
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] |= more.words_[i];
        return *this;
    }
    Kinds& operator&=(const Kinds& more) {
        for (std::size_t i = 0; i < words_.size(); ++i) words_[i] &= more.words_[i];
        return *this;
    }
    friend Kinds operator|(Kinds left, const Kinds& right) { return left |= right; }
    friend Kinds operator&(Kinds left, const Kinds& right) { return left &= right; }
    /// Those that are not in it.
    Kinds operator~() const {
        Kinds made;
        made.words_ = {~words_[0], ~words_[1], ~words_[2] & 3};
        return made;
    }
    /// Their classes, a bit for each.
    std::uint64_t classes() const;

  private:
    std::array<std::uint64_t, 3> words_{};
};

/// Coarser classes, of which two in a row are looked at: letters without case, all digits as one.
inline constexpr std::size_t kClasses = 64;
std::size_t class_of(std::size_t kind);

/// Where a regular expression may match: only before such bytes and behind such a byte. An expression is asked at
/// every place of a text, and nearly everywhere these are enough to know that it does not match.
struct Starts {
    Kinds next{}, before{};
    std::array<std::uint64_t, kClasses> pairs{};  ///< for the class of the next byte, those of the one behind it

    bool may_match(std::size_t kind_before, std::size_t class_next, std::size_t class_second) const {
        return before.has(kind_before) && (pairs[class_next] >> class_second & 1) != 0;
    }
};

/// Behind the character class that begins with the bracket before `at`; the size of the pattern when it does not end.
std::size_t end_of_class(std::string_view pattern, std::size_t at);

/// What is true of a pattern in Oniguruma's syntax. What is not understood may match anywhere, so that a place that is
/// ruled out never holds a match.
Starts starts_of(std::string_view pattern);

}  // namespace snippetd::highlight
