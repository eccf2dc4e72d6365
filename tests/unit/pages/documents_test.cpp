#include "pages/documents.hpp"

#include "support/run.hpp"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;

DocumentRequest markdown(std::string text) {
    const auto owner = std::make_shared<const std::string>(std::move(text));
    return {DocumentKind::markdown, owner, *owner, {}};
}

std::string repeated(std::string_view text, std::size_t size) {
    std::string out;
    while (out.size() < size) out += text;
    return out;
}

/// Takes several times as long as it may, whatever md4c's release has been made linear in.
DocumentRequest slow() {
    DocumentRequest request = markdown(repeated("http://a.b ", 1024 * 1024));
    request.time_max = base::Milliseconds{20};
    return request;
}

TEST(DocumentProcess, MakesOneDocumentAfterAnother) {
    DocumentProcess process;
    for (const std::string text : {"one", "two", "three"}) {
        const Document document = process.make(markdown("*" + text + "*"));
        EXPECT_EQ(document.outcome, DocumentOutcome::made);
        EXPECT_THAT(document.html, HasSubstr("<em>" + text + "</em>"));
    }
}

TEST(DocumentProcess, ADocumentMayTakeTooLongButTheNextOneIsMade) {
    DocumentProcess process;
    EXPECT_EQ(process.make(slow()).outcome, DocumentOutcome::too_slow);
    EXPECT_EQ(process.make(markdown("a")).outcome, DocumentOutcome::made);
}

TEST(DocumentProcess, ADocumentMayBecomeTooLongButTheNextOneIsMade) {
    DocumentProcess process;
    EXPECT_EQ(process.make(markdown(repeated("> ", 512 * 1024))).outcome, DocumentOutcome::too_large);
    EXPECT_EQ(process.make(markdown("a")).outcome, DocumentOutcome::made);
}

TEST(DocumentProcess, ComparesTexts) {
    DocumentProcess process;
    const Document document = process.make({DocumentKind::diff_inline, nullptr, "a\nb\n", "a\nc\nd\n", kDiffTimeMax});
    EXPECT_EQ(document.added, 2u);
    EXPECT_EQ(document.removed, 1u);
    EXPECT_THAT(document.html, HasSubstr("<td class=\"t\">c</td>"));
}

class DocumentsTest : public testing::Test {
  protected:
    std::future<Documents::Made> start(const std::string& key, DocumentRequest request,
                                       base::Deadline deadline = base::deadline_in(test::kPatience)) {
        return loop_.start(documents_.make(key, std::move(request), deadline));
    }
    std::uint64_t made() {
        return metrics_.counter("snippetd_documents_total", "", {{"kind", "markdown"}, {"outcome", "made"}}).value();
    }

    test::Loop loop_;  // outlives the threads, which answer to it
    base::Metrics metrics_;
    base::QueueMeters queues_{metrics_};
    Documents documents_{1, metrics_, queues_};
};

TEST_F(DocumentsTest, OneIsMadeOnceForAllWhoWaitAndKeptForThoseWhoComeLater) {
    std::vector<std::future<Documents::Made>> waiting;
    for (int i = 0; i < 5; ++i) waiting.push_back(start("key", markdown("*a*")));
    for (auto& one : waiting) EXPECT_THAT(test::Loop::get(std::move(one))->html, HasSubstr("<em>a</em>"));
    EXPECT_NE(documents_.find("key"), nullptr);
    EXPECT_THAT(test::Loop::get(start("key", markdown("never looked at")))->html, HasSubstr("<em>a</em>"));
    EXPECT_EQ(made(), 1u);
}

TEST_F(DocumentsTest, OneWithoutAKeyIsNobodyElses) {
    test::Loop::get(start("", markdown("*a*")));
    EXPECT_EQ(documents_.find(""), nullptr);
    EXPECT_THAT(test::Loop::get(start("", markdown("*b*")))->html, HasSubstr("<em>b</em>"));
    EXPECT_EQ(made(), 2u);
}

TEST_F(DocumentsTest, WhatNobodyWaitsForAnyMoreIsNotBegun) {
    auto slow_one = start("slow", slow());
    auto late = start("late", markdown("a"), base::deadline_in(base::Milliseconds{5}));
    EXPECT_THROW(test::Loop::get(std::move(late)), base::Unavailable);
    EXPECT_EQ(test::Loop::get(std::move(slow_one))->outcome, DocumentOutcome::too_slow);
    EXPECT_NE(test::Loop::get(start("after", markdown("b"))), nullptr);
    EXPECT_EQ(documents_.find("late"), nullptr);
    EXPECT_NE(documents_.find("slow"), nullptr) << "that it fails is kept";
}

TEST_F(DocumentsTest, AfterTheEndThereAreNone) {
    documents_.close();
    EXPECT_THROW(test::Loop::get(start("key", markdown("a"))), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::pages
