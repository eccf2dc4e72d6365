#include "base/precis.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

TEST(OpaqueString, HowLettersAreComposedDoesNotMatter) {
    const std::string composed = "caf\u00e9 \u1e69\ud55c";
    for (const char* text : {"cafe\u0301 s\u0323\u0307\u1112\u1161\u11ab", "cafe\u0301 s\u0307\u0323\ud55c",
                             "caf\u00e9 \u1e61\u0323\ud55c"}) {
        EXPECT_EQ(opaque_string(text), composed) << text;
    }
    EXPECT_EQ(opaque_string("\u212b"), "\u00c5") << "the ångström is a letter";
}

TEST(OpaqueString, EverySpaceIsOne) {
    for (const char* space : {"\u00a0", "\u1680", "\u2002", "\u2009", "\u202f", "\u205f", "\u3000", " "}) {
        EXPECT_EQ(opaque_string("a" + std::string{space} + "b"), "a b") << space;
    }
}

TEST(OpaqueString, NothingElseIsChanged) {
    // RFC 8265 section 4.3, and what compatibility, case and width are about.
    for (const char* text : {"", "correct horse battery staple", "Correct Horse Battery Staple", "\u03c0\u00df\u00e5",
                             "Jack of \u2666s", "foo  bar", "\ufb01 \uff21 \u2460", "👩\u200d💻"}) {
        EXPECT_EQ(opaque_string(text), text) << text;
    }
}

TEST(OpaqueString, ControlCharactersAndWhatIsNoTextAreRefused) {
    for (const std::string& text :
         {std::string{"a\0b", 3}, std::string{"my cat is a \x09"}, std::string{"a\x7f"}, std::string{"a\u009b"},
          std::string{"a\xff"}, std::string{"a\xed\xa0\x80"}, std::string(kOpaqueStringBytesMax + 1, 'a')}) {
        EXPECT_EQ(opaque_string(text), std::nullopt) << text;
    }
    EXPECT_TRUE(opaque_string(std::string(kOpaqueStringBytesMax, 'a')));
}

}  // namespace
}  // namespace snippetd::base
