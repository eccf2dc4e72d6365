#include "auth/passwords.hpp"

#include "base/error.hpp"
#include "support/run.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::auth {
namespace {

using Match = Passwords::Match;

class PasswordsTest : public testing::Test {
  protected:
    std::string hash(std::string password) { return loop.run(passwords.hash(std::move(password), {})); }
    Match verify(const std::string& hash, std::string password) {
        return loop.run(passwords.verify(hash, std::move(password), {}));
    }

    test::Loop loop;
    Passwords passwords{2};
};

TEST_F(PasswordsTest, AHashFitsItsPasswordAndNoOther) {
    const std::string stored = hash("correct horse");
    EXPECT_TRUE(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << stored;  // OWASP's minimum
    EXPECT_EQ(verify(stored, "correct horse"), Match::full);
    for (const char* wrong : {"", "correct hors", "correct horse ", "Correct horse"}) {
        EXPECT_EQ(verify(stored, wrong), Match::none) << wrong;
    }
}

TEST_F(PasswordsTest, TwoHashesOfOnePasswordDiffer) {
    const std::string one = hash("the same"), other = hash("the same");
    EXPECT_NE(one, other);
    EXPECT_EQ(verify(other, "the same"), Match::full);
}

TEST_F(PasswordsTest, HowAKeyboardComposesLettersDoesNotMatter) {
    const std::string stored = hash("m\u00fcller");
    EXPECT_EQ(verify(stored, "mu\u0308ller"), Match::full);
    const std::string before = hash("mu\u0308ller");  // stored before passwords were prepared
    EXPECT_EQ(verify(before, "mu\u0308ller"), Match::as_typed);
    EXPECT_EQ(verify(before, "m\u00fcller"), Match::none);
}

TEST_F(PasswordsTest, WhatNoAccountCanHaveIsComparedAsItIs) {
    const std::string stored = hash("tab\there");  // opaque_string refuses it
    EXPECT_EQ(verify(stored, "tab\there"), Match::as_typed);
    EXPECT_EQ(verify(stored, "tab here"), Match::none);
}

TEST_F(PasswordsTest, WhatIsNoHashFitsNothing) {
    const std::string stored = hash("a");
    for (const std::string& broken : {std::string{}, std::string{"a"}, stored.substr(0, stored.size() - 1),
                                      std::string{"$argon2id$v=19$m=19456,t=2,p=1$"}}) {
        EXPECT_EQ(verify(broken, "a"), Match::none) << broken;
    }
}

TEST_F(PasswordsTest, NobodysFitsNothingAndLooksLikeAnyOther) {
    EXPECT_EQ(verify(passwords.nobody(), ""), Match::none);
    EXPECT_EQ(verify(passwords.nobody(), passwords.nobody()), Match::none);
    const std::string stored = hash("a");
    EXPECT_EQ(passwords.nobody().size(), stored.size());
    EXPECT_EQ(passwords.nobody().substr(0, 31), stored.substr(0, 31)) << "the same work is done for it";
}

TEST_F(PasswordsTest, AreRefusedAfterTheEnd) {
    const std::string stored = hash("a");
    passwords.close();
    EXPECT_THROW(hash("a"), base::Unavailable);
    EXPECT_THROW(verify(stored, "a"), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::auth
