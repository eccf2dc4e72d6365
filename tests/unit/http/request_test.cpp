#include "http/request.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

std::string cookie(std::string_view header, std::string_view name) {
    Request request;
    request.fields[static_cast<std::size_t>(Field::cookie)] = header;
    return std::string{find_cookie(request, name)};
}

TEST(FindCookie, FindsByTheWholeNameAlone) {
    EXPECT_EQ(cookie("session=1", "session"), "1");
    EXPECT_EQ(cookie("a=0; session=1; b=2", "session"), "1");
    EXPECT_EQ(cookie("a=0;session=1", "session"), "1");
    EXPECT_EQ(cookie("a=0; \tsession=1", "session"), "1");
    EXPECT_EQ(cookie("xsession=1; session2=2; sessio=3", "session"), "");
    EXPECT_EQ(cookie("a=session=1", "session"), "");
    EXPECT_EQ(cookie("SESSION=1", "session"), "") << "names of cookies have cases";
    EXPECT_EQ(cookie("", "session"), "");
    EXPECT_EQ(cookie("session", "session"), "");
    EXPECT_EQ(cookie("session=", "session"), "");
    EXPECT_EQ(cookie(";;;session=1;", "session"), "1");
}

TEST(FindCookie, TheFirstOneCountsAndItsValueMayHaveEqualSigns) {
    EXPECT_EQ(cookie("session=a=b==; session=2", "session"), "a=b==");
}

TEST(FindCookie, AQuoteHidesNothing) {
    EXPECT_EQ(cookie("theme=\"; session=1 ", "session"), "1");
}

TEST(FindParameter, FindsAndDecodes) {
    const Parameter plain = find_parameter("limit=5&q=a%20b+c%2B&tag=", "q");
    EXPECT_TRUE(plain.present);
    EXPECT_FALSE(plain.malformed);
    EXPECT_EQ(plain.value, "a b c+");
    const Parameter empty = find_parameter("limit=5&q=a&tag=", "tag");
    EXPECT_TRUE(empty.present);
    EXPECT_EQ(empty.value, "");
    EXPECT_TRUE(find_parameter("download", "download").present);
    EXPECT_EQ(find_parameter("q=1=2", "q").value, "1=2");
    EXPECT_EQ(find_parameter("q=1&q=2", "q").value, "1");
    EXPECT_EQ(find_parameter("&&q=1", "q").value, "1");
    EXPECT_EQ(find_parameter("q=%E2%82%AC", "q").value, "€");
}

TEST(FindParameter, IsAbsentUnlessTheWholeNameIsThere) {
    for (const char* query : {"", "qq=1", "xq=1", "a=q", "a=1;q=2", "Q=1", "=q"}) {
        EXPECT_FALSE(find_parameter(query, "q").present) << query;
    }
}

TEST(FindParameter, BrokenEncodingsAreMalformed) {
    for (const char* query : {"q=%", "q=%4", "q=%g0", "q=%0", "q=%00", "q=%ff", "q=%C3", "q=%f4%90%80%80", "q=a%2"}) {
        const Parameter parameter = find_parameter(query, "q");
        EXPECT_TRUE(parameter.present) << query;
        EXPECT_TRUE(parameter.malformed) << query;
    }
}

TEST(DecodeSegment, DecodesEveryByteThatUtf8Has) {
    EXPECT_EQ(decode_segment("%41%c3%a4%F0%9F%98%80"), "Aä😀");
    EXPECT_EQ(decode_segment(""), "");
    EXPECT_EQ(decode_segment("a+b"), "a+b") << "a plus is a space in queries alone";
    for (int byte = 1; byte < 0x80; ++byte) {
        char text[4];
        std::snprintf(text, sizeof text, "%%%02x", byte);
        ASSERT_EQ(decode_segment(text), std::string(1, static_cast<char>(byte))) << text;
    }
    for (int byte = 0x80; byte < 0x100; ++byte) {
        char text[4];
        std::snprintf(text, sizeof text, "%%%02X", byte);
        ASSERT_EQ(decode_segment(text), std::nullopt) << text;
    }
    EXPECT_EQ(decode_segment("%00"), std::nullopt);
}

TEST(ToText, NamesEveryMethod) {
    EXPECT_EQ(to_text(Method::get), "GET");
    EXPECT_EQ(to_text(Method::head), "HEAD");
    EXPECT_EQ(to_text(Method::post), "POST");
    EXPECT_EQ(to_text(Method::put), "PUT");
    EXPECT_EQ(to_text(Method::patch), "PATCH");
    EXPECT_EQ(to_text(Method::delete_), "DELETE");
    EXPECT_EQ(to_text(Method::options), "OPTIONS");
    EXPECT_EQ(to_text(Method::other), "other");
}

}  // namespace
}  // namespace snippetd::http
