#include "http/entity_tag.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

TEST(EntityTag, ComparesAsTheTableOfTheRfc) {
    // RFC 9110 section 8.8.3.2: two tags, strongly, weakly.
    const struct {
        const char *a, *b;
        bool strongly, weakly;
    } table[] = {
        {R"(W/"1")", R"(W/"1")", false, true},
        {R"(W/"1")", R"(W/"2")", false, false},
        {R"(W/"1")", R"("1")", false, true},
        {R"("1")", R"("1")", true, true},
    };
    for (const auto& [a, b, strongly, weakly] : table) {
        const EntityTag one = read_entity_tag(a).value(), other = read_entity_tag(b).value();
        EXPECT_EQ(is_same(one, other, Comparison::strong), strongly) << a << ' ' << b;
        EXPECT_EQ(is_same(other, one, Comparison::strong), strongly) << b << ' ' << a;
        EXPECT_EQ(is_same(one, other, Comparison::weak), weakly) << a << ' ' << b;
        EXPECT_EQ(is_same(other, one, Comparison::weak), weakly) << b << ' ' << a;
    }
}

TEST(EntityTag, IsReadAsTheExamplesOfTheRfc) {
    // RFC 9110 section 8.8.3.
    EXPECT_EQ(read_entity_tag(R"("xyzzy")")->opaque, "xyzzy");
    EXPECT_FALSE(read_entity_tag(R"("xyzzy")")->weak);
    EXPECT_EQ(read_entity_tag(R"(W/"xyzzy")")->opaque, "xyzzy");
    EXPECT_TRUE(read_entity_tag(R"(W/"xyzzy")")->weak);
    EXPECT_EQ(read_entity_tag(R"("")")->opaque, "");
    EXPECT_EQ(read_entity_tag("\"a,\\b\xFF!\"")->opaque, "a,\\b\xFF!") << "a backslash is a character like others";
}

TEST(EntityTag, IsNothingElse) {
    for (const char* text : {"", "\"", "W/", "W/\"", "xyzzy", "\"a", "a\"", "w/\"a\"", "W/ \"a\"", "W/W/\"a\"",
                             "\"a b\"", "\"a\tb\"", "\"\x7f\"", "\"a\" ", " \"a\"", "\"a\"\"b\"", "'a'", "*"}) {
        EXPECT_EQ(read_entity_tag(text).has_value(), false) << text;
    }
    EXPECT_FALSE(read_entity_tag(std::string_view{"\"a\0b\"", 5}));
}

TEST(EntityTag, IsTakenOffTheBeginningOfAList) {
    std::string_view list = R"("a,b" , W/"c")";
    EXPECT_EQ(take_entity_tag(list)->opaque, "a,b");
    EXPECT_EQ(list, R"( , W/"c")");
}

TEST(EntityTag, IsWrittenAsItIsRead) {
    EXPECT_EQ(strong_entity_tag("v3-raw"), R"("v3-raw")");
    EXPECT_EQ(read_entity_tag(strong_entity_tag("v3-c1"))->opaque, "v3-c1");
    EXPECT_DEATH(strong_entity_tag("a\"b"), "is_opaque");
}

}  // namespace
}  // namespace snippetd::http
