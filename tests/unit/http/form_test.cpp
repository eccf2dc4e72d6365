#include "http/form.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

Request form_request(std::string_view type, std::string body) {
    Request request;
    request.fields[static_cast<std::size_t>(Field::content_type)] = type;
    request.body = std::move(body);
    return request;
}

constexpr std::string_view kMultipart = "multipart/form-data; boundary=XyZ";

TEST(Form, ReadsWhatBrowsersSend) {
    const auto form = parse_form(
        form_request("application/x-www-form-urlencoded; charset=utf-8", "a=1&b=x+y%26z&c=&d&a=2&&e=%C3%BC"));
    ASSERT_TRUE(form);
    EXPECT_EQ(form->value("a"), "1");
    EXPECT_EQ(form->values("a"), (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(form->value("b"), "x y&z");
    EXPECT_EQ(form->value("c"), "");
    EXPECT_NE(form->find("d"), nullptr);
    EXPECT_EQ(form->find("nothing"), nullptr);
    EXPECT_EQ(form->value("e"), "ü");
}

TEST(Form, ReadsFieldsAndFilesByteForByte) {
    const std::string file = std::string{"\r\n--Xy\r\n\0binary\xFF", 16} + "--XyZ\r";
    const auto form = parse_form(form_request(kMultipart,
                                              "--XyZ\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nhello\r\n"
                                              "--XyZ\r\ncontent-disposition: form-data; name=file; "
                                              "filename=\"a \\\"b\\\".c\"\r\nContent-Type: text/plain\r\n\r\n" +
                                                  file + "\r\n--XyZ--\r\n"));
    ASSERT_TRUE(form);
    EXPECT_EQ(form->value("title"), "hello");
    EXPECT_FALSE(form->find("title")->is_file);
    EXPECT_EQ(form->value("file"), file);
    EXPECT_TRUE(form->find("file")->is_file);
    EXPECT_EQ(form->find("file")->file_name, "a \"b\".c");
}

TEST(Form, NamesComeWithThreeEscapesAndNoOther) {
    const auto form = parse_form(form_request(
        kMultipart,
        "--XyZ\r\nContent-Disposition: form-data; name=\"a%22%0D%0A\"; filename=\"%22%0d%0a%20%25%2522%\"\r\n\r\n1\r\n"
        "--XyZ\r\nContent-Disposition: form-data; name=\"%2\"; filename=\"a%22b.py\"\r\n\r\n2\r\n--XyZ--"));
    ASSERT_TRUE(form);
    ASSERT_EQ(form->fields.size(), 2u);
    EXPECT_EQ(form->fields[0].name, "a\"\r\n");
    EXPECT_EQ(form->fields[0].file_name, "\"\r\n%20%25%2522%");
    EXPECT_EQ(form->fields[1].name, "%2");
    EXPECT_EQ(form->fields[1].file_name, "a\"b.py");
}

TEST(Form, AnEmptyFileIsAFieldToo) {
    const auto form = parse_form(form_request(
        kMultipart, "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"\"\r\n\r\n\r\n--XyZ--"));
    ASSERT_TRUE(form);
    EXPECT_TRUE(form->find("f")->is_file);
    EXPECT_EQ(form->value("f"), "");
}

TEST(Form, AQuotedBoundaryAndAPreambleAreAllowed) {
    const auto form = parse_form(form_request("Multipart/Form-Data; charset=x; boundary=\"a b\"",
                                              "preamble\r\n--a b  \r\nContent-Disposition: form-data; name=n\r\n\r\nv"
                                              "\r\n--a b--\r\nepilogue"));
    ASSERT_TRUE(form);
    EXPECT_EQ(form->value("n"), "v");
}

TEST(Form, WhatIsBrokenIsRefusedAtEveryCut) {
    const std::string whole =
        "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XyZ\r\nContent-Disposition: form-data; "
        "name=\"b\"\r\n\r\n2\r\n--XyZ--";
    ASSERT_TRUE(parse_form(form_request(kMultipart, whole)));
    for (std::size_t size = 0; size < whole.size(); ++size) {
        const auto form = parse_form(form_request(kMultipart, whole.substr(0, size)));
        ASSERT_FALSE(form) << size;
        EXPECT_EQ(form.error().kind, base::ErrorKind::bad_request);
    }
}

TEST(Form, OtherTypesAndMissingNamesAreRefused) {
    EXPECT_FALSE(parse_form(form_request("application/json", "{}")));
    EXPECT_FALSE(parse_form(form_request("", "a=1")));
    EXPECT_FALSE(parse_form(form_request("multipart/form-data", "--\r\n")));
    EXPECT_FALSE(parse_form(form_request(kMultipart, "--XyZ\r\nContent-Type: x\r\n\r\n1\r\n--XyZ--")));
    EXPECT_FALSE(parse_form(form_request("application/x-www-form-urlencoded", "a=%zz")));
}

TEST(Form, HasABoundedNumberOfFields) {
    std::string fields;
    for (std::size_t i = 0; i <= Form::kFieldsMax; ++i) fields += "a=1&";
    EXPECT_FALSE(parse_form(form_request("application/x-www-form-urlencoded", fields)));
}

}  // namespace
}  // namespace snippetd::http
