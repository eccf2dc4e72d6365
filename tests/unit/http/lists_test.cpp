#include "http/lists.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using Texts = std::vector<std::string>;

Texts elements_of(std::string_view list) {
    Texts elements;
    while (const auto element = take_element(list)) elements.emplace_back(*element);
    return elements;
}

TEST(Lists, EmptyElementsArePassedOver) {
    // The examples of RFC 9110 section 5.6.1.2: three good ones, and three that have no element.
    EXPECT_EQ(elements_of("foo,bar"), (Texts{"foo", "bar"}));
    EXPECT_EQ(elements_of("foo ,bar,"), (Texts{"foo", "bar"}));
    EXPECT_EQ(elements_of("foo , ,bar,charlie"), (Texts{"foo", "bar", "charlie"}));
    for (const char* list : {"", ",", ",   ,"}) EXPECT_EQ(elements_of(list), Texts{}) << list;
}

TEST(Lists, BlanksAreSpacesAndTabs) {
    EXPECT_EQ(elements_of(" \tfoo\t ,\t\tbar "), (Texts{"foo", "bar"}));
    EXPECT_EQ(elements_of("a b,c\td"), (Texts{"a b", "c\td"}));
}

TEST(Lists, WhatIsQuotedSeparatesNothing) {
    EXPECT_EQ(elements_of(R"(a;x="b,c",d)"), (Texts{R"(a;x="b,c")", "d"}));
    EXPECT_EQ(elements_of(R"("\",",d)"), (Texts{R"("\",")", "d"}));
    EXPECT_EQ(elements_of(R"(a\,b)"), (Texts{R"(a\)", "b"})) << "a backslash escapes in quotes alone";
    EXPECT_EQ(elements_of(R"("never closed,b)"), Texts{R"("never closed,b)"});
    EXPECT_EQ(elements_of("\"ends with a backslash\\"), Texts{"\"ends with a backslash\\"});
}

TEST(Lists, CharactersOfTokensAndOfText) {
    const std::string_view token = "!#$%&'*+-.^_`|~09azAZ";  // RFC 9110 section 5.6.2
    for (int c = 0; c < 256; ++c) {
        const auto byte = static_cast<unsigned char>(c);
        const bool letter =
            (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9');
        const bool mark = token.find(static_cast<char>(c)) != token.npos;
        EXPECT_EQ(is_token_character(byte), letter || mark) << c;
        EXPECT_EQ(is_text_character(byte), c == '\t' || (c >= 0x20 && c != 0x7F)) << c;
    }
}

TEST(Parameters, AreFoundByNameInAnyCase) {
    // RFC 9110 section 8.3.1: four ways to say the same.
    for (const char* type : {"text/html;charset=utf-8", "Text/HTML;Charset=\"utf-8\"", "text/html; charset=\"utf-8\"",
                             "text/html;charset=UTF-8"}) {
        std::string charset = parameter_of(type, "charset").value_or("none");
        for (char& c : charset) c = c == '-' ? c : static_cast<char>(c | 0x20);
        EXPECT_EQ(charset, "utf-8") << type;
    }
    // RFC 7578 section 4.2, and with what is in the way.
    EXPECT_EQ(parameter_of(R"(form-data; name="a;b=c"; filename="d")", "filename"), "d");
    EXPECT_EQ(parameter_of(R"(form-data; x="name=1"; name="2")", "name"), "2");
    EXPECT_EQ(parameter_of("form-data; name; name=3", "name"), "3");
    EXPECT_EQ(parameter_of("x;\t name\t=\t4 ;y", "name"), "4");
    EXPECT_EQ(parameter_of("x;name=", "name"), "");
    EXPECT_EQ(parameter_of("x;name=1;name=2", "name"), "1");
}

TEST(Parameters, AreAbsentUnlessTheWholeNameIsThere) {
    for (const char* value : {"", ";", "name=1", "x;names=1", "x;aname=1", "x;name", "x;name;", "x;=name", "x; a=name",
                              R"(x;a=";name=1")", R"(x;a="never closed;name=1)"}) {
        EXPECT_EQ(parameter_of(value, "name"), std::nullopt) << value;
    }
}

TEST(Parameters, ABackslashEscapesQuotesAndItself) {
    EXPECT_EQ(parameter_of(R"(x;name="a \"b\" \\c")", "name"), R"(a "b" \c)");
    EXPECT_EQ(parameter_of(R"(x;name="C:\new\t.txt")", "name"), R"(C:\new\t.txt)") << "the path that a browser sends";
    EXPECT_EQ(parameter_of(R"(x;name="not closed)", "name"), "not closed");
    EXPECT_EQ(parameter_of(R"(x;name="\)", "name"), "\\");
    EXPECT_EQ(parameter_of(R"(x;name="a"b;c=1)", "c"), "1");
}

TEST(Parameters, AreNoPartOfTheValue) {
    EXPECT_EQ(without_parameters("text/html; charset=utf-8"), "text/html");
    EXPECT_EQ(without_parameters(" text/html\t;"), "text/html");
    EXPECT_EQ(without_parameters("text/html"), "text/html");
    EXPECT_EQ(without_parameters(""), "");
    EXPECT_EQ(without_parameters(";a=b"), "");
}

TEST(Credentials, AreThoseOfTheirScheme) {
    // RFC 7617 section 2 and RFC 6750 section 2.1.
    EXPECT_EQ(credentials_of("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "basic"), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    EXPECT_EQ(credentials_of("Bearer mF_9.B5f-4.1JqM", "bearer"), "mF_9.B5f-4.1JqM");
    EXPECT_EQ(credentials_of("bEaReR   x", "bearer"), "x") << "1*SP, and capitals mean nothing";
    EXPECT_EQ(credentials_of("Bearer", "bearer"), "");
    EXPECT_EQ(credentials_of("Bearer\tx", "bearer"), "\tx") << "a tab is no part of it";
    for (const char* other : {"", "Bearerx y", "Basic x", "Bear er", " Bearer x", "Bearer,x"}) {
        EXPECT_EQ(credentials_of(other, "bearer"), std::nullopt) << other;
    }
}

}  // namespace
}  // namespace snippetd::http
