#include "base/json_text.hpp"

#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::string_literals;

std::string escaped(std::string_view text) {
    std::string out;
    append_json_escaped(out, text);
    return out;
}

TEST(AppendJsonEscaped, EscapesWhatJsonNeedsAndNothingElse) {
    EXPECT_EQ(escaped("plain / 'text' <b> ä 😀 \x7f"), "plain / 'text' <b> ä 😀 \x7f");
    EXPECT_EQ(escaped("a\"b\\c"), "a\\\"b\\\\c");
    EXPECT_EQ(escaped("\n\r\t"), "\\n\\r\\t");
    EXPECT_EQ(escaped("\x01\x1f\b\f"), "\\u0001\\u001f\\u0008\\u000c");
    EXPECT_EQ(escaped("a\0b"s), "a\\u0000b");
    EXPECT_EQ(escaped(""), "");
}

TEST(AppendJsonEscaped, AppendsBehindWhatIsThere) {
    std::string out = "x";
    append_json_escaped(out, "\"");
    append_json_string(out, "y");
    EXPECT_EQ(out, "x\\\"\"y\"");
}

TEST(AppendJsonEscaped, TakesWordsAndWhatIsLeftOfThemAlike) {
    // Each byte at each place of a word, among plain and among special ones.
    for (int byte = 1; byte < 0x80; ++byte) {
        for (std::size_t place = 0; place < 17; ++place) {
            for (const char around : {'x', '"', '\x01'}) {
                std::string text(17, around);
                text[place] = static_cast<char>(byte);
                std::string out = "before";
                append_json_string(out, text);
                ASSERT_EQ(boost::json::parse(out.substr(6)).as_string(), text) << byte << " at " << place;
                ASSERT_EQ(json_escaped_bytes(text), out.size() - 8) << byte << " at " << place;
            }
        }
    }
}

TEST(JsonEscapedBytes, IsTheLengthOfWhatIsAppended) {
    for (const std::string& text : {""s, "plain"s, "ä😀 \x7f\xff"s, std::string(1000, '\0'), std::string(1001, '\n')}) {
        EXPECT_EQ(json_escaped_bytes(text), escaped(text).size());
    }
}

TEST(AppendJsonString, EveryByteAndEveryPairComesBackFromAParser) {
    for (int first = 0; first < 0x80; ++first) {
        for (int second = 0; second < 0x80; ++second) {
            const std::string text{static_cast<char>(first), static_cast<char>(second)};
            std::string out;
            append_json_string(out, text);
            ASSERT_EQ(boost::json::parse(out).as_string(), text) << first << " " << second;
        }
    }
}

}  // namespace
}  // namespace snippetd::base
