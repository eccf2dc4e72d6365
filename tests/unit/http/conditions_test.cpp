#include "http/conditions.hpp"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

constexpr base::UnixMillis kModified = 784'111'777'250;  // Sun, 06 Nov 1994 08:49:37 GMT and a quarter of a second
constexpr const char* kBefore = "Sun, 06 Nov 1994 08:49:36 GMT";
constexpr const char* kThen = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr const char* kAfter = "Sun, 06 Nov 1994 08:49:38 GMT";

constexpr Precondition met = Precondition::met;
constexpr Precondition known = Precondition::not_modified;
constexpr Precondition failed = Precondition::failed;

struct Row {
    const char* why;
    std::vector<std::pair<Field, const char*>> fields;
    Precondition read, write;
};

constexpr Field im = Field::if_match, inm = Field::if_none_match;
constexpr Field ims = Field::if_modified_since, ius = Field::if_unmodified_since;

const std::vector<Row> kTable{
    {"no condition", {}, met, met},
    {"13.1.1: the tag is named", {{im, R"("v3")"}}, met, met},
    {"13.1.1: another one is", {{im, R"("v2")"}}, failed, failed},
    {"13.1.1: among others", {{im, "\"v1\", \"v2\" ,\t\"v3\""}}, met, met},
    {"13.1.1: with empty elements (5.6.1.2)", {{im, R"(,"v1",, "v3",)"}}, met, met},
    {"13.1.1: anything", {{im, "*"}}, met, met},
    {"13.1.1: an asterisk among others is none", {{im, R"("v1", *)"}}, failed, failed},
    {"13.1.1: compared strongly", {{im, R"(W/"v3")"}}, failed, failed},
    {"8.8.3: capitals count", {{im, R"("V3")"}}, failed, failed},
    {"8.8.3: the weak mark's too", {{inm, R"(w/"v3")"}}, met, failed},
    {"8.8.3: a comma may be in a tag", {{im, R"("a,b", "v3")"}}, met, met},
    {"8.8.3: and is no separator there", {{im, R"("a, "v3", b")"}}, failed, failed},
    {"malformed: without quotes", {{im, "v3"}}, failed, failed},
    {"malformed: something behind it", {{im, R"("v3"x)"}}, failed, failed},
    {"malformed: not closed", {{im, R"("v3)"}}, failed, failed},
    {"malformed: nothing at all", {{im, ""}}, failed, failed},

    {"13.1.2: the tag is named", {{inm, R"("v3")"}}, known, failed},
    {"13.1.2: compared weakly", {{inm, R"(W/"v3")"}}, known, failed},
    {"13.1.2: among others", {{inm, R"("v1", W/"v3")"}}, known, failed},
    {"13.1.2: another one is", {{inm, R"("v2")"}}, met, met},
    {"13.1.2: anything", {{inm, "*"}}, known, failed},
    {"malformed: a read gets everything, a write nothing", {{inm, "v3"}}, met, failed},
    {"malformed: behind a good one", {{inm, R"("v2", v3)"}}, met, failed},
    {"malformed: nothing at all", {{inm, ""}}, met, failed},

    {"13.1.3: modified since", {{ims, kBefore}}, met, met},
    {"13.1.3: not since, by the second", {{ims, kThen}}, known, met},
    {"13.1.3: not since", {{ims, kAfter}}, known, met},
    {"13.1.3: RFC 850's form", {{ims, "Sunday, 06-Nov-94 08:49:37 GMT"}}, known, met},
    {"13.1.3: asctime's form", {{ims, "Sun Nov  6 08:49:37 1994"}}, known, met},
    {"13.1.3: no date is passed over", {{ims, "yesterday"}}, met, met},
    {"13.1.3: several are", {{ims, "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT"}}, met, met},

    {"13.1.4: modified since", {{ius, kBefore}}, failed, failed},
    {"13.1.4: not since, by the second", {{ius, kThen}}, met, met},
    {"13.1.4: not since", {{ius, kAfter}}, met, met},
    {"13.1.4: no date is passed over", {{ius, "0"}}, met, met},
    {"13.1.4: several are", {{ius, "Sun, 06 Nov 1994 08:49:36 GMT, Sun, 06 Nov 1994 08:49:36 GMT"}}, met, met},

    {"13.2.2: If-Match stands for If-Unmodified-Since", {{im, R"("v3")"}, {ius, kBefore}}, met, met},
    {"13.2.2: also when it fails", {{im, R"("v2")"}, {ius, kAfter}}, failed, failed},
    {"13.2.2: If-None-Match stands for If-Modified-Since", {{inm, R"("v2")"}, {ims, kAfter}}, met, met},
    {"13.2.2: also when it is known", {{inm, R"("v3")"}, {ims, kBefore}}, known, failed},
    {"13.2.2: If-Match comes first", {{im, R"("v2")"}, {inm, R"("v3")"}}, failed, failed},
    {"13.2.2: and then If-None-Match", {{im, R"("v3")"}, {inm, R"("v3")"}}, known, failed},
    {"13.2.2: If-Unmodified-Since, then If-None-Match", {{ius, kThen}, {inm, R"("v3")"}}, known, failed},
    {"13.2.2: If-Unmodified-Since, then If-Modified-Since", {{ius, kThen}, {ims, kThen}}, known, met},
    {"13.2.2: If-Unmodified-Since comes first", {{ius, kBefore}, {ims, kThen}}, failed, failed},
};

Request request_of(Method method, const Row& row) {
    Request request;
    request.method = method;
    for (const auto& [field, value] : row.fields) request.fields[static_cast<std::size_t>(field)] = value;
    return request;
}

Validators version_3() {
    Validators current;
    current.etag = R"("v3")";
    current.modified_at = kModified;
    return current;
}

TEST(Conditions, AreWeighedAsTheTableSays) {
    for (const Row& row : kTable) {
        EXPECT_EQ(weigh_preconditions(request_of(Method::get, row), version_3()), row.read) << row.why;
        EXPECT_EQ(weigh_preconditions(request_of(Method::head, row), version_3()), row.read) << row.why;
        for (const Method method : {Method::post, Method::put, Method::patch, Method::delete_}) {
            EXPECT_EQ(weigh_preconditions(request_of(method, row), version_3()), row.write) << row.why;
        }
        EXPECT_EQ(has_preconditions(request_of(Method::get, row)), !row.fields.empty()) << row.why;
    }
}

TEST(Conditions, WhatIsNotThereHasNoTagAndNoDate) {
    Validators nothing;
    nothing.exists = false;
    const auto weigh = [&](Field field, const char* value) {
        return weigh_preconditions(request_of(Method::put, {"", {{field, value}}, met, met}), nothing);
    };
    EXPECT_EQ(weigh(im, "*"), failed);
    EXPECT_EQ(weigh(im, R"("v1")"), failed);
    EXPECT_EQ(weigh(inm, "*"), met) << "make it only when it is not there";
    EXPECT_EQ(weigh(inm, R"("v1")"), met);
    EXPECT_EQ(weigh(inm, "v1"), failed);
    EXPECT_EQ(weigh(ius, kBefore), met);
}

TEST(Conditions, WithoutValidatorsOnlyTheAsteriskNamesIt) {
    const auto weigh = [](Method method, Field field, const char* value) {
        return weigh_preconditions(request_of(method, {"", {{field, value}}, met, met}), Validators{});
    };
    EXPECT_EQ(weigh(Method::delete_, im, "*"), met);
    EXPECT_EQ(weigh(Method::delete_, im, R"("x")"), failed);
    EXPECT_EQ(weigh(Method::delete_, im, R"("")"), failed);
    EXPECT_EQ(weigh(Method::delete_, inm, "*"), failed);
    EXPECT_EQ(weigh(Method::delete_, ius, kBefore), met);
    EXPECT_EQ(weigh(Method::get, inm, R"("")"), met);
    EXPECT_EQ(weigh(Method::get, ims, kAfter), met);
}

TEST(Conditions, AWriteTakesTheTagOfAnyRepresentationOfTheVersion) {
    Validators current = version_3();
    current.any_representation = true;
    const auto weigh = [&](Field field, const char* value) {
        return weigh_preconditions(request_of(Method::patch, {"", {{field, value}}, met, met}), current);
    };
    for (const char* tag : {R"("v3")", R"("v3-raw")", R"("v3-c120-1f2e3d4c")", R"("v1", "v3-c1-page")"}) {
        EXPECT_EQ(weigh(im, tag), met) << tag;
        EXPECT_EQ(weigh(inm, tag), failed) << tag;
    }
    for (const char* tag : {R"("v30-raw")", R"("v33")", R"("v")", R"("v2-raw")", R"("3")", R"("")"}) {
        EXPECT_EQ(weigh(im, tag), failed) << tag;
        EXPECT_EQ(weigh(inm, tag), met) << tag;
    }
    EXPECT_EQ(weigh(im, R"(W/"v3-raw")"), failed);
    EXPECT_EQ(weigh(inm, R"(W/"v3-raw")"), failed);
}

TEST(Conditions, AWeakTagIsNeverStronglyEqual) {
    Validators current = version_3();
    current.etag = R"(W/"v3")";
    for (const char* tag : {R"("v3")", R"(W/"v3")"}) {
        EXPECT_EQ(weigh_preconditions(request_of(Method::get, {"", {{im, tag}}, met, met}), current), failed) << tag;
        EXPECT_EQ(weigh_preconditions(request_of(Method::get, {"", {{inm, tag}}, met, met}), current), known) << tag;
    }
}

TEST(Conditions, IsKnownLeavesWhatMayFailToOthers) {
    EXPECT_TRUE(is_known(request_of(Method::get, {"", {{inm, R"("v3")"}}, met, met}), version_3()));
    EXPECT_TRUE(is_known(request_of(Method::head, {"", {{ims, kThen}}, met, met}), version_3()));
    EXPECT_FALSE(is_known(request_of(Method::get, {"", {}, met, met}), version_3()));
    EXPECT_FALSE(is_known(request_of(Method::get, {"", {{inm, R"("v3")"}, {im, R"("v3")"}}, met, met}), version_3()));
    EXPECT_FALSE(is_known(request_of(Method::get, {"", {{inm, R"("v3")"}, {ius, kAfter}}, met, met}), version_3()));
}

}  // namespace
}  // namespace snippetd::http
