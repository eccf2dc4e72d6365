#include "api/idempotency.hpp"

#include "base/secret.hpp"
#include "limiter/memory_limiter.hpp"
#include "support/idle_services.hpp"

#include <set>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace snippetd::api {
namespace {

using namespace std::string_literals;

/// The key of a request with that header; "(absent)" or "(refused)".
std::string key_of(const std::optional<std::string>& header) {
    http::Request request;
    if (header) request.fields[static_cast<std::size_t>(http::Field::idempotency_key)] = std::string_view{*header};
    const auto key = idempotency_key(request);
    if (!key) {
        EXPECT_EQ(key.error().kind, ErrorKind::invalid);
        EXPECT_EQ(key.error().fields.at(0).first, "Idempotency-Key");
        return "(refused)";
    }
    return key->value_or("(absent)");
}

TEST(IdempotencyKey, HasOneTo255VisibleCharacters) {
    EXPECT_EQ(key_of(std::nullopt), "(absent)");
    EXPECT_EQ(key_of("k"), "k");
    EXPECT_EQ(key_of("!~"), "!~");
    EXPECT_EQ(key_of("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""), "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"");
    EXPECT_EQ(key_of(std::string(255, 'k')), std::string(255, 'k'));
    for (const std::string& header : {""s, std::string(256, 'k'), "a b"s, "a\tb"s, "a\x7f"s, "ä"s, "a\0b"s}) {
        EXPECT_EQ(key_of(header), "(refused)") << testing::PrintToString(header);
    }
}

class RecordTest : public testing::Test {
  protected:
    RecordTest() {
        receipt.snippet.id = "abcdefghijkl";
        receipt.snippet.title = "A \"title\" ä";
        receipt.snippet.body = "the body\n";
        receipt.snippet.language = "cpp";
        receipt.snippet.visibility = model::Visibility::private_;
        receipt.snippet.tags = {"one", "t\\wo"};
        receipt.snippet.owner_name = "ann";
        receipt.snippet.created_at = receipt.snippet.updated_at = 1795508130123;
        receipt.snippet.expires_at = 1795508139999;
        receipt.snippet.burn_after_reading = true;
        receipt.snippet.forked_from = "zyxwvutsrqpo";
        receipt.base = "https://snippets.example";
        receipt.edit_token = "sne_secret";
        services.request.method = http::Method::post;
        services.request.path = "/snippets";
        services.request.body = R"({"body":"the body\n"})";
        services.request.client = boost::asio::ip::make_address("192.0.2.1");
    }
    store::IdempotencyRecord record(const std::string& key = "key", bool with_words = false) {
        store::IdempotencyRecord made = record_of(exchange, key, asked);
        made.response = write_record(key, receipt, with_words);
        return made;
    }

    limiter::MemoryLimiter limiter{limiter::Algorithm::fixed_window};
    test::IdleServices services{limiter};
    Exchange exchange = services.exchange();
    Receipt receipt;
    std::string asked = "what is asked";
};

TEST_F(RecordTest, AReceiptComesBackAsItWas) {
    const Receipt again = read_record(record().response, "key", receipt.snippet);
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

TEST_F(RecordTest, ASnippetWithTheLeastOfEverythingComesBackToo) {
    receipt = {};
    receipt.snippet.id = "abcdefghijkl";
    const Receipt again = read_record(record().response, "key", receipt.snippet);
    EXPECT_EQ(again.snippet.expires_at, std::nullopt);
    EXPECT_EQ(again.snippet.owner_name, "");
    EXPECT_EQ(again.edit_token, "");
    EXPECT_TRUE(again.snippet.tags.empty());
    EXPECT_FALSE(again.snippet.burn_after_reading);
}

TEST_F(RecordTest, WhatPeopleWroteCannotBeReadInIt) {
    for (const bool with_words : {false, true}) {
        const std::string stored = record("key", with_words).response;
        for (const char* word : {"the body", "title", "\\wo", "one"}) EXPECT_EQ(stored.find(word), stored.npos) << word;
    }
}

TEST_F(RecordTest, TheWordsAreInItOnlyWhenTheRepetitionDoesNotBringThem) {
    model::Snippet asked;
    asked.title = "another";
    asked.body = "another body";
    const Receipt with = read_record(record("key", true).response, "key", asked);
    EXPECT_EQ(with.snippet.title, receipt.snippet.title);
    EXPECT_EQ(with.snippet.body, receipt.snippet.body);
    EXPECT_EQ(with.snippet.tags, receipt.snippet.tags);
    EXPECT_EQ(read_record(record("key", false).response, "key", asked).snippet.title, "another");
    EXPECT_THROW(read_record(record("key", true).response, "another key", asked), std::runtime_error);
}

TEST_F(RecordTest, AStolenRecordOpensNothing) {
    const store::IdempotencyRecord stolen = record();
    for (const std::string& part : {stolen.id, stolen.fingerprint, stolen.response}) {
        EXPECT_EQ(part.find("sne_secret"), std::string::npos);
        EXPECT_EQ(part.find("key\""), std::string::npos);
    }
    EXPECT_THROW(read_record(stolen.response, "another key", {}), std::runtime_error);
    EXPECT_THROW(read_record(stolen.response, stolen.id, {}), std::runtime_error);
}

TEST_F(RecordTest, TheIdIsOfTheKeyAndOfWhoAsks) {
    std::set<std::string> ids;
    const std::string first = record().id;
    ids.insert(first);
    EXPECT_EQ(record().id, first);
    ids.insert(record("another key").id);
    services.request.client = boost::asio::ip::make_address("192.0.2.2");
    ids.insert(record().id);
    exchange.caller.account = model::Account{"1", "ann", 0};
    const std::string of_account = record().id;
    ids.insert(of_account);
    services.request.client = boost::asio::ip::make_address("192.0.2.3");
    EXPECT_EQ(record().id, of_account) << "an account is the same from everywhere";
    exchange.caller.account = model::Account{"2", "ben", 0};
    ids.insert(record().id);
    EXPECT_EQ(ids.size(), 5u);
    EXPECT_EQ(first.find("key"), std::string::npos);
}

TEST_F(RecordTest, TheFingerprintIsOfMethodPathAndWhatIsAsked) {
    std::set<std::string> fingerprints;
    const std::string first = record().fingerprint;
    fingerprints.insert(first);
    EXPECT_EQ(record("another key").fingerprint, first);
    services.request.body += ' ';
    EXPECT_EQ(record().fingerprint, first) << "the bytes do not matter";
    asked = "something else";
    fingerprints.insert(record().fingerprint);
    services.request.path = "/snippets/abcdefghijkl/fork";
    fingerprints.insert(record().fingerprint);
    services.request.method = http::Method::put;
    fingerprints.insert(record().fingerprint);
    EXPECT_EQ(fingerprints.size(), 4u);
}

TEST_F(RecordTest, ARecordOfTheEarlierReleaseIsOfTheSameBytes) {
    const store::IdempotencyRecord now = record();
    // As release 0.1 made it.
    const std::string before = base::hash_for("snippetd/request", "POST /snippets\n" + services.request.body);
    EXPECT_TRUE(now.is_of(now.fingerprint));
    EXPECT_TRUE(now.is_of(before));
    services.request.body += ' ';
    EXPECT_FALSE(record().is_of(before));
    EXPECT_FALSE(now.is_of(""));
    EXPECT_FALSE(store::IdempotencyRecord{}.is_of("x"));
}

std::string hash_of(const std::string& text) {
    return hash_of_json(boost::json::parse(text));
}

TEST(HashOfJson, IsTheSameHoweverADocumentIsWritten) {
    const std::string document = R"({"body":"é\n/","tags":["a","b"],"expires_in":60,"burn_after_reading":false})";
    for (const char* same : {
             R"({"tags":["a","b"],"burn_after_reading":false,"expires_in":60,"body":"é\n/"})",
             "\t{ \"body\" : \"é\\n/\",\r\n \"tags\" : [ \"a\" , \"b\" ], \"expires_in\":60 "
             ",\"burn_after_reading\":false }\n",
             R"({"\u0062ody":"\u00e9\u000a\/","tags":["\u0061","b"],"expires_in":60,"burn_after_reading":false})",
         }) {
        EXPECT_EQ(hash_of(same), hash_of(document)) << same;
    }
}

TEST(HashOfJson, DiffersWhenSomethingElseIsSaid) {
    std::set<std::string> hashes;
    const std::vector<std::string> documents{
        R"({})",
        R"({"body":"x"})",
        R"({"body":"x "})",
        R"({"body":"X"})",
        R"({"body":"e\u0301"})",
        R"({"body":"\u00e9"})",
        R"({"body":"x","title":""})",
        R"({"body":"x","title":null})",
        R"({"body":"x","tags":[]})",
        R"({"body":"x","tags":["a","b"]})",
        R"({"body":"x","tags":["b","a"]})",
        R"({"body":"x","tags":["a,b"]})",
        R"({"body":"x","tags":["a\",\"b"]})",
        R"({"body":"x,\"title\":\"\""})",
        R"({"body":"x","expires_in":60})",
        R"({"body":"x","expires_in":600})",
        R"({"body":"x","expires_in":"60"})",
        R"({"body":"x","burn_after_reading":true})",
        R"({"body":"x","burn_after_reading":"true"})",
        R"({"body":{"title":"x"}})",
        R"([])",
        R"([[]])",
        R"("x")",
        R"(null)",
    };
    for (const std::string& document : documents) hashes.insert(hash_of(document));
    EXPECT_EQ(hashes.size(), documents.size());
}

TEST(ReadRecord, RefusesWhatIsNoRecord) {
    for (const char* text : {"", "{}", "[]", "{\"id\":1}"}) {
        EXPECT_THROW(read_record(text, "key", {}), std::exception) << text;
    }
}

}  // namespace
}  // namespace snippetd::api
