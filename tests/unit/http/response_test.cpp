#include "http/response.hpp"

#include <set>
#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

namespace json = boost::json;
using base::ErrorKind;
using namespace std::string_literals;

std::string head(const Response& response, bool http_1_0 = false, bool close = false) {
    std::string out;
    append_head(out, response, "Tue, 24 Nov 2026 08:15:30 GMT", "request-1", http_1_0, close, false);
    return out;
}

bool has_line(const std::string& text, const std::string& line) {
    return ("\r\n" + text).find("\r\n" + line + "\r\n") != std::string::npos;
}

TEST(Response, AddKeepsLineBreaksAndControlCharactersOut) {
    Response response;
    response.add("Location", "/s/a\r\nSet-Cookie: session=evil\r\n\r\nbody");
    response.add("X-A", "a\0b\x01\x7f\tc ä"s);
    EXPECT_EQ(response.fields, "Location: /s/aSet-Cookie: session=evilbody\r\nX-A: ab\tc ä\r\n");
}

TEST(Response, WithoutPiecesTheContentIsTheBody) {
    Response response;
    response.body = "hello";
    EXPECT_EQ(response.piece_count(), 1u);
    EXPECT_EQ(response.piece(0), "hello");
    EXPECT_EQ(response.content_length(), 5u);
}

TEST(Response, PiecesComeInOrderAndSurviveAMove) {
    const std::string owned = "owned";
    Response response;
    response.body = "0123";  // short, so that it is within the object and moves with it
    response.add_piece(owned);
    response.add_body_piece(1, 2);
    response.add_piece("");
    response.add_body_piece(0, 1);
    const Response moved = std::move(response);
    std::string content;
    for (std::size_t i = 0; i < moved.piece_count(); ++i) content += moved.piece(i);
    EXPECT_EQ(content, "owned120");
    EXPECT_EQ(moved.content_length(), content.size());
}

TEST(Response, WhatHeadDoesNotSendNeedNotBeMade) {
    Response response;
    response.body = "12";
    response.unmade_bytes = 1000;
    EXPECT_EQ(response.content_length(), 1002u);
}

TEST(AppendHead, WritesTheStatusTheFieldsAndTheEmptyLine) {
    Response response = json_response(201, "{}");
    response.prepared_fields = "ETag: \"v1\"\r\n";
    response.add("Location", "/s/x");
    const std::string text = head(response);
    EXPECT_TRUE(text.starts_with("HTTP/1.1 201 Created\r\n"));
    EXPECT_TRUE(text.ends_with("\r\n\r\n"));
    EXPECT_EQ(text.find("\r\n\r\n"), text.size() - 4);
    for (const char* line : {"ETag: \"v1\"", "Location: /s/x", "Content-Type: application/json", "Content-Length: 2",
                             "Date: Tue, 24 Nov 2026 08:15:30 GMT", "X-Request-Id: request-1",
                             "X-Content-Type-Options: nosniff", "Cache-Control: no-store"}) {
        EXPECT_TRUE(has_line(text, line)) << line << "\n" << text;
    }
    EXPECT_EQ(text.find("Connection:"), std::string::npos);
}

TEST(AppendHead, TellsBrowsersToStayWithHttpsWhereThatIsThePublicUrl) {
    std::string plain, secure;
    append_head(plain, Response{}, "d", "i", false, false, false);
    append_head(secure, Response{}, "d", "i", false, false, true);
    EXPECT_EQ(plain.find("Strict-Transport-Security"), std::string::npos);
    EXPECT_TRUE(has_line(secure, "Strict-Transport-Security: max-age=31536000")) << secure;
}

TEST(AppendHead, AppendsBehindWhatIsThere) {
    std::string out = "before";
    append_head(out, Response{}, "d", "i", false, false, false);
    EXPECT_TRUE(out.starts_with("beforeHTTP/1.1 200 OK\r\n"));
}

TEST(AppendHead, NoContentAndNotModifiedHaveNoLength) {
    for (const unsigned status : {204u, 304u}) {
        Response response;
        response.status = status;
        EXPECT_EQ(head(response).find("Content-Length"), std::string::npos);
    }
    EXPECT_TRUE(has_line(head(Response{}), "Content-Length: 0"));
}

TEST(AppendHead, SaysHowTheConnectionGoesOnWhereItIsNotTheRule) {
    EXPECT_TRUE(has_line(head(Response{}, false, true), "Connection: close"));
    EXPECT_TRUE(has_line(head(Response{}, true, true), "Connection: close"));
    EXPECT_TRUE(has_line(head(Response{}, true, false), "Connection: keep-alive"));
}

TEST(Problem, IsTheDocumentOfItsError) {
    const Response response = problem({ErrorKind::invalid,
                                       "Two \"members\"\nare\\wrong.",
                                       {{"title", "may have 200 characters"}, {"a\"b", "is not known here"}},
                                       0});
    EXPECT_EQ(response.status, 422u);
    EXPECT_TRUE(has_line(response.fields, "Content-Type: application/problem+json"));
    EXPECT_EQ(response.fields.find("Retry-After"), std::string::npos);
    const json::value expected{{"type", "about:blank"},
                               {"title", "Some values are not allowed"},
                               {"status", 422},
                               {"error", "invalid"},
                               {"detail", "Two \"members\"\nare\\wrong."},
                               {"fields", {{"title", "may have 200 characters"}, {"a\"b", "is not known here"}}}};
    EXPECT_EQ(json::parse(response.body), expected);
}

TEST(Problem, WithoutADetailTheTitleIsTheDetail) {
    const json::value document = json::parse(problem({ErrorKind::not_found, "", {}, 0}).body);
    EXPECT_EQ(document.at("detail"), document.at("title"));
    EXPECT_FALSE(document.as_object().contains("fields"));
}

TEST(Problem, TellsWhenToTryAgain) {
    EXPECT_TRUE(has_line(problem({ErrorKind::rate_limited, "", {}, 17}).fields, "Retry-After: 17"));
    std::set<std::string> told;
    for (int i = 0; i < 200; ++i) told.emplace(unavailable().field("Retry-After"));
    EXPECT_EQ(told, (std::set<std::string>{"1", "2", "3"})) << "not all come again at once";
    const Response busy = unavailable();
    EXPECT_EQ(busy.status, 503u);
    EXPECT_EQ(json::parse(busy.body).at("error"), "unavailable");
}

TEST(Problem, EveryKindHasItsStatusWordAndReason) {
    const std::vector<std::pair<ErrorKind, std::pair<unsigned, std::string>>> contract{
        {ErrorKind::bad_request, {400, "bad_request"}},
        {ErrorKind::unauthenticated, {401, "unauthenticated"}},
        {ErrorKind::forbidden, {403, "forbidden"}},
        {ErrorKind::not_found, {404, "not_found"}},
        {ErrorKind::method_not_allowed, {405, "method_not_allowed"}},
        {ErrorKind::request_timeout, {408, "request_timeout"}},
        {ErrorKind::idempotency_in_progress, {409, "idempotency_in_progress"}},
        {ErrorKind::conflict, {409, "conflict"}},
        {ErrorKind::gone, {410, "gone"}},
        {ErrorKind::precondition_failed, {412, "precondition_failed"}},
        {ErrorKind::payload_too_large, {413, "payload_too_large"}},
        {ErrorKind::range_not_satisfiable, {416, "range_not_satisfiable"}},
        {ErrorKind::expectation_failed, {417, "expectation_failed"}},
        {ErrorKind::invalid, {422, "invalid"}},
        {ErrorKind::idempotency_key_reused, {422, "idempotency_key_reused"}},
        {ErrorKind::rate_limited, {429, "rate_limited"}},
        {ErrorKind::header_fields_too_large, {431, "header_fields_too_large"}},
        {ErrorKind::internal, {500, "internal"}},
        {ErrorKind::not_implemented, {501, "not_implemented"}},
        {ErrorKind::unavailable, {503, "unavailable"}},
    };
    ASSERT_EQ(contract.size(), static_cast<std::size_t>(ErrorKind::unavailable) + 1);
    for (const auto& [kind, expected] : contract) {
        const Response response = problem({kind, "", {}, 0});
        const json::value document = json::parse(response.body);
        EXPECT_EQ(response.status, expected.first);
        EXPECT_EQ(document.at("status").to_number<unsigned>(), expected.first);
        EXPECT_EQ(document.at("error").as_string(), expected.second);
        EXPECT_NE(reason_phrase(response.status), "Unknown") << response.status;
    }
}

}  // namespace
}  // namespace snippetd::http
