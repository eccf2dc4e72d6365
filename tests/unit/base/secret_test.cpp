#include "base/secret.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

using namespace std::string_literals;

TEST(RandomAlphanumeric, HasTheLengthAndTheAlphabet) {
    for (const std::size_t length : {0u, 1u, 12u, 31u, 32u, 33u, 1000u}) {
        const std::string text = random_alphanumeric(length);
        EXPECT_EQ(text.size(), length);
        EXPECT_TRUE(std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c); })) << text;
    }
}

TEST(RandomAlphanumeric, NeverRepeatsItself) {
    std::set<std::string> seen;
    for (int i = 0; i < 20'000; ++i) ASSERT_TRUE(seen.insert(random_alphanumeric(12)).second);
}

TEST(RandomAlphanumeric, IsUniform) {
    constexpr std::size_t kCharacters = 620'000;  // 10000 of each
    std::array<int, 256> counts{};
    for (const unsigned char c : random_alphanumeric(kCharacters)) ++counts[c];
    double chi_squared = 0;
    int different = 0;
    for (const int count : counts) {
        if (count == 0) continue;
        ++different;
        chi_squared += (count - 10'000.0) * (count - 10'000.0) / 10'000.0;
    }
    EXPECT_EQ(different, 62);
    // 61 degrees of freedom: above 150 once in 10^9 runs. Without the rejection, 8 of the characters are 1/4 too
    // frequent.
    EXPECT_LT(chi_squared, 150);
}

TEST(RandomSecret, Has256BitsBehindItsPrefix) {
    const std::string secret = random_secret("snp_");
    EXPECT_TRUE(secret.starts_with("snp_"));
    EXPECT_EQ(from_base64url(std::string_view{secret}.substr(4)).value_or("").size(), 32u);
    EXPECT_NE(random_secret("snp_"), secret);
    EXPECT_EQ(random_secret().size(), 43u);
}

TEST(HashFor, DependsOnThePurposeAndTheText) {
    const std::string hash = hash_for("snippetd/session", "secret");
    EXPECT_EQ(hash.size(), 64u);
    EXPECT_EQ(hash.find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(hash_for("snippetd/session", "secret"), hash);
    EXPECT_NE(hash_for("snippetd/session", "secret2"), hash);
    EXPECT_NE(hash_for("snippetd/token", "secret"), hash);
    EXPECT_NE(hash_for("snippetd/sessions", "ecret"), hash_for("snippetd/session", "secret"));
    EXPECT_NE(hash_for("", ""), hash_for("a", ""));
}

TEST(HashFor, NeverChanges) {
    // Hashes are stored: another function would log everyone out and orphan every edit token. BLAKE2b-256 keyed with
    // BLAKE2b-256 of the purpose, as Python's hashlib computes it.
    EXPECT_EQ(hash_for("snippetd/session", "secret"),
              "076ae5f3402cfcb92f03bf20d1871c8df13dfca43962617c685db4e1d0126562");
}

TEST(EqualInConstantTime, IsEquality) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
    EXPECT_FALSE(equal_in_constant_time("abc", "xbc"));
    EXPECT_FALSE(equal_in_constant_time("abc", "ab"));
    EXPECT_FALSE(equal_in_constant_time("", "a"));
    EXPECT_FALSE(equal_in_constant_time("a\0b"s, "a\0c"s));
}

TEST(Seal, OpensUnderTheSameSecretAlone) {
    for (const std::string& text : {""s, "sne_token"s, "a\0b"s, std::string(1000, 'x')}) {
        const std::string sealed = seal(text, "key");
        EXPECT_EQ(unseal(sealed, "key"), text);
        EXPECT_EQ(unseal(sealed, "Key"), std::nullopt);
        EXPECT_EQ(unseal(sealed, ""), std::nullopt);
    }
}

TEST(Seal, SaysNothingAboutTheText) {
    const std::string text = "the same text";
    EXPECT_NE(seal(text, "key"), seal(text, "key"));
    EXPECT_EQ(seal(text, "key").find(text), std::string::npos);
}

TEST(Unseal, RefusesWhatHasBeenAltered) {
    const std::string bytes = from_base64url(seal("sne_token", "key")).value();
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        std::string altered = bytes;
        altered[i] = static_cast<char>(altered[i] ^ 1);
        EXPECT_EQ(unseal(to_base64url(altered), "key"), std::nullopt) << "byte " << i;
        EXPECT_EQ(unseal(to_base64url(bytes.substr(0, i)), "key"), std::nullopt) << "cut to " << i;
    }
    EXPECT_EQ(unseal("", "key"), std::nullopt);
    EXPECT_EQ(unseal("not base64!", "key"), std::nullopt);
}

TEST(Base64Url, FollowsTheRfc) {
    // RFC 4648 section 10, without the padding.
    const std::pair<const char*, const char*> vectors[] = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"}};
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(to_base64url(plain), encoded);
        EXPECT_EQ(from_base64url(encoded), plain);
    }
}

TEST(Base64Url, EveryByteComesBack) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    for (std::size_t size = 0; size <= bytes.size(); ++size) {
        const std::string part = bytes.substr(bytes.size() - size);
        ASSERT_EQ(from_base64url(to_base64url(part)), part);
    }
}

TEST(Base64Url, RefusesEverythingElse) {
    for (const std::string& text : {"Zg=="s, "Z"s, "Zm9v+"s, "Zm9v/A"s, "Zm 9v"s, "Zm9v\n"s, "Zh"s, "Zm9v\0"s, "ä"s}) {
        EXPECT_EQ(from_base64url(text), std::nullopt) << testing::PrintToString(text);
    }
}

TEST(Base64, IsReadWithOrWithoutPadding) {
    EXPECT_EQ(from_base64("YTpi"), "a:b");
    EXPECT_EQ(from_base64("YQ=="), "a");
    EXPECT_EQ(from_base64("YQ"), "a");
    EXPECT_EQ(from_base64("+/+/"), "\xfb\xff\xbf");
    EXPECT_EQ(from_base64(""), "");
    for (const char* const text : {"-_-_", "Y", "YTpi!", "YT pi", "Y=Q="})
        EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace snippetd::base
