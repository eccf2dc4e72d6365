#include "use_cases/accounts.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

using namespace std::string_literals;

/// The one member that an error complains of.
std::string complained_of(const Error& error) {
    EXPECT_EQ(error.kind, ErrorKind::invalid);
    return error.fields.size() == 1 ? error.fields.front().first : "several";
}

TEST(CheckCredentials, ChecksNameAndPassword) {
    const auto read = [](const std::string& name, const std::string& password) {
        return check(CredentialsInput{name, password, {}}, true);
    };
    const auto credentials = read("Ann_B-9", "12345678");
    ASSERT_TRUE(credentials);
    EXPECT_EQ(credentials->username, "ann_b-9");
    EXPECT_EQ(credentials->password, "12345678");
    EXPECT_TRUE(read("ab", "ääääääää")) << "characters, not bytes";
    EXPECT_TRUE(read(std::string(32, 'a'), std::string(256, 'p')));
    for (const std::string& name : {""s, "a"s, std::string(33, 'a'), "a b"s, "a.b"s, "än"s, "a\0b"s}) {
        const auto refused = read(name, "12345678");
        ASSERT_FALSE(refused) << name;
        EXPECT_EQ(complained_of(refused.error()), "username");
    }
    for (const std::string& password : {""s, "1234567"s, "äääääää"s, std::string(257, 'p')}) {
        const auto refused = read("ann", password);
        ASSERT_FALSE(refused) << password;
        EXPECT_EQ(complained_of(refused.error()), "password");
    }
}

TEST(CheckCredentials, OfANewAccountThePasswordIsPrepared) {
    const auto read = [](const std::string& password, bool is_new) {
        const auto credentials = check(CredentialsInput{"ann", password, {}}, is_new);
        return credentials ? credentials->password : "refused";
    };
    std::string four, half;  // decomposed
    for (int i = 0; i < 4; ++i) four += "a\u0308";
    for (int i = 0; i < 256; ++i) half += "a\u0308";
    EXPECT_EQ(read("a\u0308 2345\u00a078", true), "\u00e4 2345 78");
    EXPECT_EQ(read("a\u0308 2345\u00a078", false), "a\u0308 2345\u00a078") << "as it was typed";
    EXPECT_EQ(read(four, true), "refused") << "four characters";
    EXPECT_EQ(read(four, false), four) << "eight, when they were counted as they were typed";
    EXPECT_EQ(read(half, true).size(), 512u);
    EXPECT_EQ(read(half, false), half);
    EXPECT_EQ(read("123456789\x1b", true), "refused");
    EXPECT_EQ(read("123456789\x1b", false), "123456789\x1b");
}

}  // namespace
}  // namespace snippetd::use_cases
