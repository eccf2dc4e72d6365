#include "store/receipt.hpp"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::store {
namespace {

class ReceiptTest : public testing::Test {
  protected:
    ReceiptTest() {
        receipt.snippet.id = "abcdefghijkl";
        receipt.snippet.title = "A \"title\" ä";
        receipt.snippet.body = "the body\n";
        receipt.snippet.language = "cpp";
        receipt.snippet.visibility = model::Visibility::private_;
        receipt.snippet.tags = {"the-first", "t\\wo"};  // long enough not to be in a cipher by chance
        receipt.snippet.owner_name = "ann";
        receipt.snippet.created_at = receipt.snippet.updated_at = 1795508130123;
        receipt.snippet.expires_at = 1795508139999;
        receipt.snippet.burn_after_reading = true;
        receipt.snippet.forked_from = "zyxwvutsrqpo";
        receipt.base = "https://snippets.example";
        receipt.edit_token = "sne_secret";
    }
    std::string record(const std::string& key = "key", bool with_words = false) const {
        return write_record(key, receipt, with_words);
    }

    Receipt receipt;
};

TEST_F(ReceiptTest, AReceiptComesBackAsItWas) {
    const Receipt again = read_record(record(), "key", receipt.snippet);
    EXPECT_EQ(again.snippet.id, receipt.snippet.id);
    EXPECT_EQ(again.snippet.title, receipt.snippet.title);
    EXPECT_EQ(again.snippet.body, receipt.snippet.body);
    EXPECT_EQ(again.snippet.language, receipt.snippet.language);
    EXPECT_EQ(again.snippet.visibility, receipt.snippet.visibility);
    EXPECT_EQ(again.snippet.tags, receipt.snippet.tags);
    EXPECT_EQ(again.snippet.owner_name, receipt.snippet.owner_name);
    EXPECT_EQ(again.snippet.created_at, receipt.snippet.created_at);
    EXPECT_EQ(again.snippet.updated_at, receipt.snippet.updated_at);
    EXPECT_EQ(again.snippet.expires_at, receipt.snippet.expires_at);
    EXPECT_EQ(again.snippet.version, 1);
    EXPECT_EQ(again.snippet.view_count, 0);
    EXPECT_EQ(again.snippet.burn_after_reading, receipt.snippet.burn_after_reading);
    EXPECT_EQ(again.snippet.forked_from, receipt.snippet.forked_from);
    EXPECT_EQ(again.base, receipt.base);
    EXPECT_EQ(again.edit_token, receipt.edit_token);
}

TEST_F(ReceiptTest, ASnippetWithTheLeastOfEverythingComesBackToo) {
    receipt = {};
    receipt.snippet.id = "abcdefghijkl";
    const Receipt again = read_record(record(), "key", receipt.snippet);
    EXPECT_EQ(again.snippet.expires_at, std::nullopt);
    EXPECT_EQ(again.snippet.owner_name, "");
    EXPECT_EQ(again.edit_token, "");
    EXPECT_TRUE(again.snippet.tags.empty());
    EXPECT_FALSE(again.snippet.burn_after_reading);
}

TEST_F(ReceiptTest, WhatPeopleWroteCannotBeReadInIt) {
    for (const bool with_words : {false, true}) {
        const std::string stored = record("key", with_words);
        for (const char* word : {"the body", "title", "\\wo", "the-first"})
            EXPECT_EQ(stored.find(word), stored.npos) << word;
    }
}

TEST_F(ReceiptTest, TheWordsAreInItOnlyWhenTheRepetitionDoesNotBringThem) {
    model::Snippet repeated;
    repeated.title = "another";
    repeated.body = "another body";
    const Receipt with = read_record(record("key", true), "key", repeated);
    EXPECT_EQ(with.snippet.title, receipt.snippet.title);
    EXPECT_EQ(with.snippet.body, receipt.snippet.body);
    EXPECT_EQ(with.snippet.tags, receipt.snippet.tags);
    EXPECT_EQ(read_record(record("key", false), "key", repeated).snippet.title, "another");
    EXPECT_THROW(read_record(record("key", true), "another key", repeated), std::runtime_error);
}

TEST_F(ReceiptTest, AStolenRecordOpensNothing) {
    const std::string stolen = record();
    EXPECT_EQ(stolen.find("sne_secret"), stolen.npos);
    EXPECT_EQ(stolen.find("key\""), stolen.npos);
    EXPECT_THROW(read_record(stolen, "another key", {}), std::runtime_error);
}

TEST(ReadRecord, RefusesWhatIsNoRecord) {
    for (const char* text : {"", "{}", "[]", "{\"id\":1}"}) {
        EXPECT_THROW(read_record(text, "key", {}), std::exception) << text;
    }
}

}  // namespace
}  // namespace snippetd::store
