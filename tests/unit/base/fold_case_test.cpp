#include "base/fold_case.hpp"

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <utf8proc.h>

namespace snippetd::base {
namespace {

std::string encode(utf8proc_int32_t point) {
    std::string bytes(4, ' ');
    const auto size = utf8proc_encode_char(point, reinterpret_cast<utf8proc_uint8_t*>(bytes.data()));
    bytes.resize(static_cast<std::size_t>(size));
    return bytes;
}

/// What the library makes of a whole text.
std::string by_library(const std::string& text) {
    utf8proc_uint8_t* made = nullptr;
    const auto size =
        utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                     &made, static_cast<utf8proc_option_t>(UTF8PROC_CASEFOLD | UTF8PROC_COMPOSE | UTF8PROC_STABLE));
    EXPECT_GE(size, 0);
    std::string out{reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
    std::free(made);
    return out;
}

TEST(FoldCase, IsWhatUnicodeSaysOfEveryCharacterAmongOthers) {
    // All of the two planes that have letters with case, some of the others.
    for (utf8proc_int32_t point = 1; point <= 0x10FFFF; point += point < 0x20000 ? 1 : 0x101) {
        if (point >= 0xD800 && point <= 0xDFFF) continue;
        const std::string text = "A" + encode(point) + "B" + encode(point) + "\xCC\x81";
        ASSERT_EQ(fold_case(text), by_library(text)) << "U+" << std::hex << point;
    }
}

TEST(FoldCase, DoesNotDependOnWhereATextIsCut) {
    // Letters that go by the table, marks, Hangul's parts, ideographs, letters outside the first plane.
    const std::vector<std::pair<utf8proc_int32_t, utf8proc_int32_t>> ranges{
        {'A', 'z'},       {0xC0, 0x24F},    {0x300, 0x36F},   {0x370, 0x589},   {0x591, 0x5EA},   {0x900, 0x9FF},
        {0x1100, 0x11FF}, {0x1E00, 0x1FFF}, {0x3041, 0x30FF}, {0x4E00, 0x4E20}, {0xAC00, 0xAC40}, {0x10400, 0x1044F}};
    std::mt19937 random{1};  // NOLINT: the same texts each time
    for (int round = 0; round < 20'000; ++round) {
        std::string text;
        for (int i = 0; i < 8; ++i) {
            const auto& [first, last] = ranges[random() % ranges.size()];
            text += encode(first + static_cast<utf8proc_int32_t>(random() % static_cast<unsigned>(last - first + 1)));
        }
        ASSERT_EQ(fold_case(text), by_library(text)) << text;
    }
}

TEST(FoldCase, TakesOutCaseAndComposition) {
    EXPECT_EQ(fold_case(""), "");
    EXPECT_EQ(fold_case("HELLO_%\\ World\n"), "hello_%\\ world\n");
    EXPECT_EQ(fold_case("STRAẞE"), fold_case("Straße"));
    EXPECT_EQ(fold_case("ΣΊΣΥΦΟΣ"), fold_case("Σίσυφος"));
    EXPECT_EQ(fold_case("E\xCC\x81"), "é");
    EXPECT_EQ(fold_case("I"), "i");
    EXPECT_EQ(fold_case("ı"), "ı");
    EXPECT_EQ(fold_case("İ"), "i\xCC\x87");
}

TEST(FoldCase, IsStable) {
    const std::string text = "ẞ Straße ǅ ﬃ İ ΰ Ὀδυσσεύς e\xCC\x81";
    EXPECT_EQ(fold_case(fold_case(text)), fold_case(text));
}

TEST(FoldCase, LeavesWhatIsNoTextAsItIs) {
    for (const std::string text : {"\xFF", "\xC3", "\xE4\xB8", "\xF0\x9F", "a\xC3(", "\x80\x80"}) {
        EXPECT_EQ(fold_case(text), text);
    }
}

}  // namespace
}  // namespace snippetd::base
