#include "cache/fields.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

using State = model::Loaded::State;
using model::Visibility;
using Fields = std::map<std::string, std::string>;

/// A hash as Redis would have it.
Fields written(const model::Loaded& loaded) {
    const std::vector<std::string> words = write_fields(loaded);
    Fields fields;
    EXPECT_EQ(words.size() % 2, 0u);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
        EXPECT_TRUE(fields.emplace(words[i], words[i + 1]).second) << words[i] << " is written twice";
    }
    return fields;
}

/// The answer of HMGET for all names: nil where there is no such field.
std::vector<redis::Reply> values_of(const Fields& fields) {
    std::vector<redis::Reply> values;
    for (const std::string& name : field_names()) {
        redis::Reply value;
        if (const auto found = fields.find(name); found != fields.end()) {
            value.type = redis::Reply::Type::text;
            value.text = found->second;
        }
        values.push_back(std::move(value));
    }
    return values;
}

model::Snippet snippet() {
    model::Snippet snippet;
    snippet.id = "AbCdEf123456";
    snippet.title = "a title";
    snippet.body = "a body";
    snippet.language = "cpp";
    snippet.visibility = Visibility::public_;
    snippet.tags = {"one", "two"};
    snippet.owner_id = "id of ann";
    snippet.owner_name = "ann";
    snippet.version = 7;
    snippet.view_count = 41;
    snippet.created_at = 1'700'000'000'000;
    snippet.updated_at = 1'700'000'000'001;
    snippet.expires_at = 1'800'000'000'000;
    snippet.edit_token_hash = "the hash of an edit token";
    snippet.forked_from = "another one";
    return snippet;
}

model::Loaded found(const model::Snippet& snippet) {
    return {State::found, std::make_shared<const model::Snippet>(snippet)};
}

/// The hash of a found snippet, whole, as the script puts it together.
Fields hash_of(const model::Snippet& snippet) {
    Fields fields = written(found(snippet));
    fields.emplace("version", std::to_string(snippet.version));
    fields.emplace("count", std::to_string(snippet.view_count));
    return fields;
}

void expect_round_trip(const model::Snippet& snippet) {
    const model::Loaded loaded = read_fields(snippet.id, values_of(hash_of(snippet)));
    ASSERT_EQ(loaded.state, State::found);
    ASSERT_NE(loaded.snippet, nullptr);
    EXPECT_EQ(loaded.snippet->id, snippet.id);
    EXPECT_EQ(loaded.snippet->title, snippet.title);
    EXPECT_EQ(loaded.snippet->body, snippet.body);
    EXPECT_EQ(loaded.snippet->language, snippet.language);
    EXPECT_EQ(loaded.snippet->visibility, snippet.visibility);
    EXPECT_EQ(loaded.snippet->tags, snippet.tags);
    EXPECT_EQ(loaded.snippet->owner_name, snippet.owner_name);
    EXPECT_EQ(loaded.snippet->version, snippet.version);
    EXPECT_EQ(loaded.snippet->view_count, snippet.view_count);
    EXPECT_EQ(loaded.snippet->created_at, snippet.created_at);
    EXPECT_EQ(loaded.snippet->updated_at, snippet.updated_at);
    EXPECT_EQ(loaded.snippet->expires_at, snippet.expires_at);
    EXPECT_EQ(loaded.snippet->burn_after_reading, snippet.burn_after_reading);
    EXPECT_EQ(loaded.snippet->forked_from, snippet.forked_from);
}

TEST(Fields, ASnippetComesBackAsItWas) {
    expect_round_trip(snippet());
}

TEST(Fields, APackedBodyIsFoundAndReplaced) {
    model::Snippet one = snippet();
    const std::vector<std::string> words = write_fields(found(one), "packed bytes");
    Fields fields = hash_of(one);
    for (std::size_t i = 0; i + 1 < words.size(); i += 2) fields[words[i]] = words[i + 1];
    std::vector<redis::Reply> values = values_of(fields);
    std::string* packed = find_packed(values);
    ASSERT_NE(packed, nullptr);
    EXPECT_EQ(*packed, "packed bytes");
    *packed = one.body;
    EXPECT_EQ(read_fields(one.id, values).snippet->body, one.body);

    values = values_of(hash_of(one));
    EXPECT_EQ(find_packed(values), nullptr);
    values.pop_back();
    EXPECT_EQ(find_packed(values), nullptr);
}

TEST(Fields, WhatASnippetDoesNotHaveStaysAbsent) {
    model::Snippet bare;
    bare.id = "a";
    expect_round_trip(bare);
}

TEST(Fields, NumbersMayBeAsLargeAsTheyCanBe) {
    model::Snippet large = snippet();
    large.version = large.view_count = large.updated_at = std::numeric_limits<std::int64_t>::max();
    large.created_at = std::numeric_limits<std::int64_t>::min();
    large.expires_at = std::numeric_limits<std::int64_t>::max();
    expect_round_trip(large);
}

TEST(Fields, OddTextsComeBackAsTheyWere) {
    const std::vector<std::string> odd{"",
                                       " ",
                                       "\r\n",
                                       std::string{"a\0b", 3},
                                       "\"",
                                       "\\",
                                       "[]",
                                       "null",
                                       "[\"x\"]",
                                       "\\u0041",
                                       "ä€😀",
                                       "\x01",
                                       "\x7f",
                                       "a,b",
                                       "0",
                                       "kind",
                                       "\xef\xbb\xbf"
                                       "bom",
                                       std::string(100'000, 'x')};
    for (const std::string& text : odd) {
        model::Snippet one = snippet();
        one.title = one.body = one.language = one.owner_name = one.forked_from = text;
        one.tags = {text, text};
        SCOPED_TRACE(text.substr(0, 20));
        expect_round_trip(one);
    }
    model::Snippet tagged = snippet();
    tagged.tags = odd;
    expect_round_trip(tagged);
}

TEST(Fields, WhatTheOwnerAloneMayKnowIsNotWritten) {
    model::Snippet secret = snippet();
    secret.edit_token_hash = "a secret hash";
    for (const std::string& word : write_fields(found(secret))) {
        EXPECT_EQ(word.find("a secret hash"), std::string::npos) << word;
        EXPECT_EQ(word.find("edit_token"), std::string::npos) << word;
        EXPECT_NE(word, secret.owner_id);
    }
    EXPECT_TRUE(read_fields("a", values_of(hash_of(secret))).snippet->edit_token_hash.empty());
}

TEST(Fields, EveryFieldThatIsWrittenIsReadAndTheScriptWritesTheOtherTwo) {
    Fields fields = written(found(snippet()));
    EXPECT_FALSE(fields.contains("version"));
    EXPECT_FALSE(fields.contains("count"));
    for (const auto& [name, value] : hash_of(snippet())) {
        EXPECT_EQ(std::count(field_names().begin(), field_names().end(), name), 1) << name;
    }
    EXPECT_EQ(hash_of(snippet()).size(), field_names().size());
}

TEST(Fields, WhatIsNotThereNeedsNoOtherFields) {
    for (const State state : {State::missing, State::gone}) {
        const model::Loaded loaded = read_fields("a", values_of(written({state, nullptr})));
        EXPECT_EQ(loaded.state, state);
        EXPECT_EQ(loaded.snippet, nullptr);
    }
}

TEST(Fields, WhatHasNotBeenWrittenHereIsAnInvalidArgument) {
    const auto expect_refused = [](const char* name, const std::string& value) {
        Fields fields = hash_of(snippet());
        fields.at(name) = value;
        EXPECT_THROW(read_fields("a", values_of(fields)), std::invalid_argument) << name << " " << value;
    };
    for (const char* kind : {"", "Snippet", "snippets", "lease"}) expect_refused("kind", kind);
    for (const char* name : {"version", "count", "created_at", "updated_at", "expires_at"}) {
        for (const char* number : {"", "x", "1x", " 1", "1.5", "1e3", "9223372036854775808", "--1"}) {
            expect_refused(name, number);
        }
    }
    for (const char* tags : {"", "x", "{}", "null", "\"x\"", "[", "[1]", "[null]", "[[\"x\"]]", "[\"x\"]]"}) {
        expect_refused("tags", tags);
    }
    for (const char* visibility : {"", "private", "Public"}) expect_refused("visibility", visibility);
}

TEST(Fields, WhatLacksFieldsIsAnInvalidArgument) {
    EXPECT_THROW(read_fields("a", {}), std::invalid_argument);
    EXPECT_THROW(read_fields("a", values_of({})), std::invalid_argument);
    EXPECT_THROW(read_fields("a", values_of({{"kind", "snippet"}})), std::invalid_argument);
    std::vector<redis::Reply> values = values_of(hash_of(snippet()));
    values.pop_back();
    EXPECT_THROW(read_fields("a", values), std::invalid_argument);
}

}  // namespace
}  // namespace snippetd::cache
