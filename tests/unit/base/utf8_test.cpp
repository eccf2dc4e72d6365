#include "base/utf8.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::string_literals;

/// The bytes of a code point, also of those that UTF-8 does not allow.
std::string encode(std::uint32_t point) {
    const auto tail = [point](int shift) { return static_cast<char>(0x80 | ((point >> shift) & 0x3F)); };
    if (point < 0x80) return {static_cast<char>(point)};
    if (point < 0x800) return {static_cast<char>(0xC0 | (point >> 6)), tail(0)};
    if (point < 0x10000) return {static_cast<char>(0xE0 | (point >> 12)), tail(6), tail(0)};
    return {static_cast<char>(0xF0 | (point >> 18)), tail(12), tail(6), tail(0)};
}

TEST(CountCodePoints, EveryCodePointButSurrogatesIsOne) {
    for (std::uint32_t point = 0; point < 0x120000; ++point) {
        const bool valid = point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
        const auto count = count_code_points(encode(point));
        ASSERT_EQ(count.has_value(), valid) << std::hex << point;
        if (valid) {
            ASSERT_EQ(*count, 1u) << std::hex << point;
        }
    }
}

TEST(FirstCodePoint, ReadsWhatIsWellFormed) {
    for (std::uint32_t point = 0; point < 0x120000; ++point) {
        const std::string bytes = encode(point);
        const CodePoint first = first_code_point(bytes + "x");
        if (count_code_points(bytes)) {
            ASSERT_EQ(first.value, point);
            ASSERT_EQ(first.bytes, bytes.size()) << std::hex << point;
        } else {
            ASSERT_EQ(first.bytes, 0u) << std::hex << point;
        }
    }
}

TEST(CountCodePoints, CountsCharactersAndNotBytes) {
    EXPECT_EQ(count_code_points(""), 0u);
    EXPECT_EQ(count_code_points("abc"), 3u);
    EXPECT_EQ(count_code_points("aä€😀"), 4u);
    EXPECT_EQ(count_code_points("a\0b"s), 3u);
}

TEST(CountCodePoints, RefusesWhatIsNotWellFormed) {
    for (const std::string& text :
         {"\x80"s,         "\xBF"s,         "\xC0\x80"s,         "\xC0\xAF"s,         "\xC1\xBF"s,
          "\xE0\x80\x80"s, "\xE0\x9F\xBF"s, "\xF0\x80\x80\x80"s, "\xF0\x8F\xBF\xBF"s, "\xF5\x80\x80\x80"s,
          "\xFE"s,         "\xFF"s,         "\xED\xA0\x80"s,     "\xED\xBF\xBF"s,     "\xF4\x90\x80\x80"s,
          "\xC3\x28"s,     "\xE2\x28\xA1"s, "\xE2\x82\x28"s,     "\xF0\x9F\x98\x28"s, "\xF0\x28\x8C\xBC"s,
          "\xC3\xA4\xA4"s}) {
        EXPECT_EQ(count_code_points(text), std::nullopt) << testing::PrintToString(text);
        EXPECT_EQ(count_code_points("ok " + text), std::nullopt);
        EXPECT_EQ(count_code_points(text + " ok"), std::nullopt);
    }
}

TEST(CountCodePoints, RefusesASequenceThatIsCutOff) {
    for (const std::string& whole : {"ä"s, "€"s, "😀"s}) {
        for (std::size_t size = 1; size < whole.size(); ++size) {
            EXPECT_EQ(count_code_points(whole.substr(0, size)), std::nullopt);
            EXPECT_EQ(count_code_points(whole.substr(0, size) + "a"), std::nullopt);
        }
    }
}

TEST(HasControlCharacters, FindsC0DelAndC1AndNothingElse) {
    for (std::uint32_t point = 0; point < 0x3000; ++point) {
        const bool control = point < 0x20 || (point >= 0x7F && point < 0xA0);
        ASSERT_EQ(has_control_characters("a" + encode(point) + "b"), control) << std::hex << point;
        ASSERT_EQ(has_control_characters(encode(point)), control) << std::hex << point;
    }
    EXPECT_FALSE(has_control_characters(""));
    EXPECT_FALSE(has_control_characters("Ã 😀"));
}

TEST(Cut, EndsBetweenTwoCodePoints) {
    const std::string text = "a\u00E4\u20AC\U0001F600z";  // of 1, 2, 3, 4 and 1 bytes
    const std::size_t ends[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (std::size_t max = 0; max < std::size(ends); ++max) EXPECT_EQ(cut(text, max), text.substr(0, ends[max])) << max;
    EXPECT_EQ(cut(text, std::string::npos), text);
    EXPECT_EQ(cut("", 0), "");
}

TEST(WithoutFirst, LeavesTheRest) {
    const std::string text = "a\u00E4\u20AC\U0001F600z";
    const std::size_t begins[] = {0, 1, 3, 6, 10, 11, 11};
    for (std::size_t n = 0; n < std::size(begins); ++n) EXPECT_EQ(without_first(text, n), text.substr(begins[n])) << n;
    EXPECT_EQ(without_first("\x80\x80z", 2), "z") << "what is none counts as one";
}

TEST(AppendCodePoint, IsTheOtherWayOfTheDecoder) {
    for (char32_t c = 0; c < 0x110000; c += c < 0x3000 ? 1 : 61) {
        std::string text;
        append_code_point(text, c);
        if (c >= 0xD800 && c <= 0xDFFF) {
            EXPECT_EQ(text, kReplacementCharacter);
            continue;
        }
        const CodePoint read = first_code_point(text);
        ASSERT_EQ(read.value, c);
        ASSERT_EQ(read.bytes, text.size());
    }
    for (const char32_t none : {char32_t{0xD800}, char32_t{0xDFFF}, char32_t{0x110000}, char32_t{0xFFFFFFFF}}) {
        std::string text;
        append_code_point(text, none);
        EXPECT_EQ(text, kReplacementCharacter);
    }
}

}  // namespace
}  // namespace snippetd::base
