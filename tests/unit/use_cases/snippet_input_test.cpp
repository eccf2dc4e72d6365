#include "use_cases/snippet_input.hpp"

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

constexpr std::uint64_t kBodyMax = 1000;

SnippetInput with_body(std::string body) {
    SnippetInput input;
    input.body = std::move(body);
    return input;
}

using Complaint = std::vector<std::pair<std::string, std::string>>;

/// Name and complaint, of a create with a good body and what `change` does to it.
Complaint complaints(const std::function<void(SnippetInput&)>& change) {
    SnippetInput input = with_body("x");
    change(input);
    const std::optional<Error> wrong = check(input, kBodyMax, Purpose::create);
    if (!wrong) return {};
    EXPECT_EQ(wrong->kind, ErrorKind::invalid);
    return wrong->fields;
}

TEST(CheckSnippetInput, WhatIsNoTextIsRefusedByName) {
    const std::string bad = "a\xff";
    const std::string why = "is not text in UTF-8";
    EXPECT_EQ(complaints([&](SnippetInput& input) { input.body = bad; }), (Complaint{{"body", why}}));
    EXPECT_EQ(complaints([&](SnippetInput& input) { input.title = bad; }), (Complaint{{"title", why}}));
    EXPECT_EQ(complaints([&](SnippetInput& input) { input.tags = {"a", bad}; }), (Complaint{{"tags", why}}));
    EXPECT_EQ(complaints([&](SnippetInput& input) { input.language = bad; }), (Complaint{{"language", why}}));
}

TEST(CheckSnippetInput, ATitleThatCannotBeSeenIsRefused) {
    for (const std::string unseen : {"\u200B", " \u00A0\u3000", "\u3164", "\u2800\u2800", "\u202E \u2069", "\uFE0F",
                                     "\U000E0041", "\u180E", "\u034F", "\u205F\u202F", "\uFFF9", "\U0001D173"}) {
        EXPECT_EQ(complaints([&](SnippetInput& input) { input.title = unseen; }),
                  (Complaint{{"title", "has nothing that can be seen"}}));
    }
    for (const std::string seen : {"", " ", "a\u200B", "\u00A0ä", "中", "❤\uFE0F", "\U0010FFFD"}) {
        EXPECT_EQ(complaints([&](SnippetInput& input) { input.title = seen; }), Complaint{}) << seen;
    }
}

TEST(CheckSnippetInput, WhatTheFaceComplainedOfIsSaidFirstAndNotTwice) {
    SnippetInput input;
    input.complaints.add("body", "must be a string");
    input.complaints.add("colour", "is not known here");
    input.title = "a\nb";
    const std::optional<Error> wrong = check(input, kBodyMax, Purpose::create);
    ASSERT_TRUE(wrong);
    std::vector<std::string> names;
    for (const auto& [name, why] : wrong->fields) names.push_back(name);
    EXPECT_EQ(names, (std::vector<std::string>{"body", "colour", "title"}));
}

TEST(CheckSnippetInput, LanguagesGetTheirNameAndTagsAreThereOnce) {
    SnippetInput input = with_body("x");
    input.language = "C++";
    input.tags = {"b", "a", "b"};
    EXPECT_FALSE(check(input, kBodyMax, Purpose::create));
    EXPECT_EQ(input.language, "cpp");
    EXPECT_EQ(input.tags, (std::vector<std::string>{"b", "a"}));
}

TEST(SetExpiry, IsAfterSoLongAtAMomentOrNever) {
    model::Snippet snippet;
    snippet.expires_at = 5;
    SnippetInput input;
    EXPECT_FALSE(set_expiry(input, 1000, snippet));
    EXPECT_EQ(snippet.expires_at, 5) << "what is not said stays";
    input.expires_in_s = 60;
    EXPECT_FALSE(set_expiry(input, 1000, snippet));
    EXPECT_EQ(snippet.expires_at, 61'000);
    input.expires_in_s.emplace();
    EXPECT_FALSE(set_expiry(input, 1000, snippet));
    EXPECT_EQ(snippet.expires_at, std::nullopt);
    input.expires_in_s.reset();
    input.expires_at = 5000;
    EXPECT_FALSE(set_expiry(input, 1000, snippet));
    EXPECT_EQ(snippet.expires_at, 5000);
    input.expires_at = 1000;
    const std::optional<Error> over = set_expiry(input, 1000, snippet);
    ASSERT_TRUE(over);
    EXPECT_EQ(over->fields.front().first, "expires_in");
}

TEST(FingerprintOf, DiffersWhenSomethingElseIsAsked) {
    const std::vector<std::function<void(SnippetInput&)>> changes{
        [](SnippetInput&) {},
        [](SnippetInput& input) { input.body = "x "; },
        [](SnippetInput& input) { input.body = "X"; },
        [](SnippetInput& input) { input.body = "e\u0301"; },
        [](SnippetInput& input) { input.body = "\u00e9"; },
        [](SnippetInput& input) { input.title = ""; },
        [](SnippetInput& input) { input.title = "x"; },
        [](SnippetInput& input) { input.language = "x"; },
        [](SnippetInput& input) { input.tags.emplace(); },
        [](SnippetInput& input) {
            input.tags = {"a", "b"};
        },
        [](SnippetInput& input) {
            input.tags = {"b", "a"};
        },
        [](SnippetInput& input) { input.tags = {"a,b"}; },
        [](SnippetInput& input) { input.tags = {"atag 1:b"}; },
        [](SnippetInput& input) { input.visibility = model::Visibility::public_; },
        [](SnippetInput& input) { input.visibility = model::Visibility::unlisted; },
        [](SnippetInput& input) { input.expires_in_s = 60; },
        [](SnippetInput& input) { input.expires_in_s = 600; },
        [](SnippetInput& input) { input.expires_at = 60; },
        [](SnippetInput& input) { input.burn_after_reading = true; },
        [](SnippetInput& input) { input.burn_after_reading = false; },
        [](SnippetInput& input) { input.body.reset(); },
    };
    std::set<std::string> fingerprints;
    for (const auto& change : changes) {
        SnippetInput input = with_body("x");
        change(input);
        fingerprints.insert(fingerprint_of(input));
    }
    EXPECT_EQ(fingerprints.size(), changes.size());
}

TEST(TitleOfFile, IsItsNameWithoutFoldersAndControls) {
    EXPECT_EQ(title_of_file("dir/sub\\a\r\nb.py"), "ab.py");
    EXPECT_EQ(title_of_file("-"), "");
    EXPECT_EQ(title_of_file("\xFF.py"), "");
    EXPECT_EQ(title_of_file(std::string(300, 'x') + ".py"), std::string(197, 'x') + ".py");
}

}  // namespace
}  // namespace snippetd::use_cases
