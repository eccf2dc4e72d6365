#include "use_cases/idempotency.hpp"

#include "base/secret.hpp"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

const Repeatable kFirst{"key", "ip:192.0.2.1", "POST /snippets", R"({"body":"x"})"};

std::string id_of(const Repeatable& repeatable) {
    return record_of({}, repeatable, "asked").id;
}

TEST(RecordOf, TheIdIsOfTheKeyAndOfWhoAsks) {
    Repeatable other_key = kFirst, other_client = kFirst, other_target = kFirst;
    other_key.key = "another key";
    other_client.client = "ip:192.0.2.2";
    other_target.target = "POST /documents";
    EXPECT_EQ(id_of(kFirst), id_of(kFirst));
    EXPECT_EQ(id_of(kFirst), id_of(other_target));
    EXPECT_EQ((std::set{id_of(kFirst), id_of(other_key), id_of(other_client)}).size(), 3u);
    EXPECT_EQ(id_of(kFirst).find("key"), std::string::npos);
}

TEST(RecordOf, TheFingerprintIsOfTheTargetAndWhatIsAsked) {
    Repeatable other_key = kFirst, other_bytes = kFirst, other_target = kFirst;
    other_key.key = "another key";
    other_bytes.sent = R"( {"body":"x"} )";
    other_target.target = "POST /documents";
    const std::string first = record_of({}, kFirst, "asked").fingerprint;
    EXPECT_EQ(record_of({}, other_key, "asked").fingerprint, first);
    EXPECT_EQ(record_of({}, other_bytes, "asked").fingerprint, first) << "the bytes do not matter";
    EXPECT_NE(record_of({}, other_target, "asked").fingerprint, first);
    EXPECT_NE(record_of({}, kFirst, "something else").fingerprint, first);
}

TEST(RecordOf, ARecordOfTheEarlierReleaseIsOfTheSameBytes) {
    const store::IdempotencyRecord now = record_of({}, kFirst, "asked"), before = as_of_0_1(now, kFirst);
    EXPECT_EQ(before.fingerprint, base::hash_for("snippetd/request", "POST /snippets\n" + std::string{kFirst.sent}));
    EXPECT_EQ(before.id, now.id);
    Repeatable other_bytes = kFirst;
    other_bytes.sent = R"({"body":"x"} )";
    EXPECT_NE(as_of_0_1(now, other_bytes).fingerprint, before.fingerprint);
}

TEST(RecordOf, ItGoesWithTheAccount) {
    Caller ann;
    EXPECT_EQ(record_of(ann, kFirst, "asked").account_id, "");
    ann.account = model::Account{"1", "ann", 0};
    EXPECT_EQ(record_of(ann, kFirst, "asked").account_id, "1");
}

}  // namespace
}  // namespace snippetd::use_cases
