#include "base/percent.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

TEST(Percent, EncodesAllButTheUnreserved) {
    EXPECT_EQ(percent_encoded(""), "");
    EXPECT_EQ(percent_encoded("azAZ09-._~"), "azAZ09-._~");
    EXPECT_EQ(percent_encoded("a b+c/d%e?&=#"), "a%20b%2Bc%2Fd%25e%3F%26%3D%23");
    EXPECT_EQ(percent_encoded("£ and € rates"), "%C2%A3%20and%20%E2%82%AC%20rates") << "RFC 8187 section 3.2.3";
    EXPECT_EQ(percent_encoded(std::string_view{"\0\r\n\x7f\xff", 5}), "%00%0D%0A%7F%FF");
    EXPECT_EQ(percent_encoded("a/b?c", "/"), "a/b%3Fc");
}

TEST(Percent, EveryByteComesBack) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(percent_decoded(percent_encoded(all), Plus::itself), all);
    EXPECT_EQ(percent_decoded(percent_encoded(all), Plus::space), all);
    EXPECT_EQ(percent_decoded(percent_encoded(all, ""), Plus::itself), all);
}

TEST(Percent, DecodesDigitsInEitherCase) {
    EXPECT_EQ(percent_decoded("%c3%A4", Plus::itself), "ä");
    EXPECT_EQ(percent_decoded("a+b%2b", Plus::itself), "a+b+");
    EXPECT_EQ(percent_decoded("a+b%2b", Plus::space), "a b+");
    EXPECT_EQ(percent_decoded("%2525", Plus::itself), "%25") << "once";
    EXPECT_EQ(percent_decoded("ä \n", Plus::itself), "ä \n") << "what should have been encoded is itself";
}

TEST(Percent, ASignWithoutTwoDigitsIsMalformed) {
    for (const char* text : {"%", "a%", "%4", "%g0", "%0g", "%%41", "% 41", "%-1", "%+1", "%0x", "a%2", "%\xC3\xA4"}) {
        EXPECT_EQ(percent_decoded(text, Plus::itself), std::nullopt) << text;
        EXPECT_EQ(percent_decoded(text, Plus::space), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace snippetd::base
