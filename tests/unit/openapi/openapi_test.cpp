#include "openapi/openapi.hpp"

#include "application/routes.hpp"

#include <array>
#include <string>
#include <vector>

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace snippetd::openapi {

using namespace exchange;
namespace {

namespace json = boost::json;
using testing::HasSubstr;

Options options_with_limits() {
    Options options;
    options.body_bytes_max = 4096;
    for (const char* name : {"write", "anonymous", "login", "signup"}) {
        limiter::Policy policy;
        policy.name = name;
        policy.quota = 7;
        policy.window = std::chrono::seconds{9};
        options.policies[name] = policy;
    }
    return options;
}

json::value document_of(std::span<const Route> table, Writings writings) {
    return openapi_document(table, writings, options_with_limits(), "https://a.example");
}

/// The files as they are, but for one.
std::vector<std::pair<std::string_view, std::string_view>> with_file(std::string_view name, std::string_view text) {
    std::vector<std::pair<std::string_view, std::string_view>> writings;
    for (const auto& writing : openapi_writings()) {
        if (writing.first != name) writings.push_back(writing);
    }
    writings.emplace_back(name, text);
    return writings;
}

std::string complaint_about(std::span<const Route> table, Writings writings) {
    try {
        document_of(table, writings);
    } catch (const std::logic_error& error) {
        return error.what();
    }
    return "nothing";
}

constexpr std::array kOneRoute{
    Route{http::Method::post, "/things/{id}", nullptr, Access::account, Charge::write, Work::own}};

constexpr std::string_view kOneEntry = R"({"tag": "Operation", "operations": {"POST /things/{id}": {
    "id": "makeThing", "summary": "Make a thing", "body": {"json": "SnippetInput"},
    "responses": {"201": {"description": ["It is", "made."], "headers": ["Location"], "json": "Snippet"},
    "404": ""}}}})";

/// The files that define what is referred to, and those entries alone.
std::vector<std::pair<std::string_view, std::string_view>> only(std::string_view entries) {
    std::vector<std::pair<std::string_view, std::string_view>> writings;
    for (const auto& writing : openapi_writings()) {
        for (const std::string_view kept : {"document", "intro", "parameters", "headers", "schemas"}) {
            if (writing.first == kept) writings.push_back(writing);
        }
    }
    writings.emplace_back("things", entries);
    return writings;
}

TEST(OpenApi, EveryRouteIsDocumentedAndNothingElse) {
    const json::value document = document_of(application::routes(), openapi_writings());
    std::size_t operations = 0;
    for (const auto& path : document.at("paths").as_object()) operations += path.value().as_object().size();
    EXPECT_EQ(operations, application::routes().size());
    for (const Route& route : application::routes()) {
        EXPECT_TRUE(document.at("paths").as_object().contains({route.pattern.data(), route.pattern.size()}))
            << route.pattern;
    }
}

TEST(OpenApi, SaysWhichRouteIsNotDocumented) {
    std::vector<Route> table{application::routes().begin(), application::routes().end()};
    table.push_back({http::Method::put, "/{name}", nullptr, Access::anyone, Charge::nothing, Work::own});
    EXPECT_THAT(complaint_about(table, openapi_writings()), HasSubstr("`PUT /{name}` is not documented"));
}

TEST(OpenApi, SaysWhichEntryHasNoRoute) {
    const std::vector<Route> table{application::routes().begin() + 1, application::routes().end()};
    EXPECT_THAT(complaint_about(table, openapi_writings()), HasSubstr("`GET /s/{id}` is documented, but there is no"));
    EXPECT_THAT(complaint_about(kOneRoute, with_file("things", kOneEntry)), HasSubstr("`GET /healthz` is documented"));
}

TEST(OpenApi, SaysWhatIsReferredToAndNotDefined) {
    for (const auto& [entry, complaint] : std::vector<std::pair<std::string, std::string>>{
             {R"("responses": {"200": {"json": "Sniped"}})", "schemas has the name `Sniped`"},
             {R"("responses": {"200": {"headers": ["Tag"]}})", "headers has the name `Tag`"},
             {R"("parameters": ["Limits"], "responses": {})", "no object `Limits`"},
             {R"("callers": "friends", "responses": {})", "nobody knows the callers `friends`"},
             {R"("responses": {"418": ""})", "no error has the status 418"}}) {
        const std::string file =
            R"({"tag": "Operation", "operations": {"POST /things/{id}": {"id": "a", "summary": "b", )" + entry + "}}}";
        EXPECT_THAT(complaint_about(kOneRoute, only(file)), HasSubstr(complaint));
    }
    EXPECT_THAT(complaint_about(kOneRoute, only("{")), HasSubstr("things.json is not a JSON object"));
}

TEST(OpenApi, DerivesWhatTheTableKnows) {
    const json::value document = document_of(kOneRoute, only(kOneEntry));
    const json::value& operation = document.at_pointer("/paths/~1things~1{id}/post");
    EXPECT_EQ(operation.at_pointer("/parameters/0/$ref"), "#/components/parameters/SnippetId");
    EXPECT_EQ(operation.at("security"), json::parse(R"([{"token":[]},{"session":[]}])"));
    std::string statuses;
    for (const auto& member : operation.at("responses").as_object()) statuses += std::string{member.key()} + ' ';
    EXPECT_EQ(statuses, "201 400 401 403 404 412 413 422 429 503 ") << "the entry says 201 and 404";
    EXPECT_EQ(operation.at_pointer("/responses/429/description"),
              "`write`: 7 in 9 s; without an account `anonymous`: 7 in 9 s.");
    for (const char* header : {"RateLimit", "RateLimit-Policy", "Location", "X-Request-Id", "Cache-Control"}) {
        EXPECT_TRUE(operation.at_pointer("/responses/201/headers").as_object().contains(header)) << header;
    }
    const json::value& limited = document.at_pointer("/components/responses/MeteredProblem429");
    EXPECT_TRUE(limited.at("headers").as_object().contains("Retry-After"));
    EXPECT_TRUE(limited.at("headers").as_object().contains("RateLimit"));
    EXPECT_EQ(limited.at_pointer("/content/application~1problem+json/schema/allOf/1/properties/error/enum"),
              json::array{"rate_limited"});
}

TEST(OpenApi, AnEntrysWordsComeBeforeDerivedOnes) {
    std::string entry{kOneEntry};
    entry.replace(entry.find(R"("404": "")"), 9, R"("403": "Closed.", "401": "")");
    const json::value document = document_of(kOneRoute, only(entry));
    const json::value& responses = document.at_pointer("/paths/~1things~1{id}/post/responses");
    EXPECT_EQ(responses.at_pointer("/403/description"), "Closed.");
    EXPECT_EQ(responses.at_pointer("/401/description"), "This needs an account.");
}

TEST(OpenApi, FillsInWhatDiffersBetweenProcesses) {
    const json::value document = document_of(application::routes(), openapi_writings());
    EXPECT_EQ(document.at_pointer("/servers/0/url"), "https://a.example");
    EXPECT_EQ(document.at_pointer("/components/schemas/SnippetInput/properties/body/maxLength"), 4096);
    EXPECT_THAT(json::serialize(document), HasSubstr("`write`: 7 in 9 s"));
    for (const char* placeholder : {"{base_url}", "{max_body}", "{limits}", "{error_words}", "{style_file}"}) {
        EXPECT_THAT(json::serialize(document), Not(HasSubstr(placeholder)));
    }
}

TEST(OpenApi, JoinsLinesAndWritesSchemasOut) {
    const json::value document = document_of(kOneRoute, only(kOneEntry));
    EXPECT_EQ(document.at_pointer("/paths/~1things~1{id}/post/responses/201/description"), "It is made.");
    const json::value& schemas = document.at_pointer("/components/schemas");
    EXPECT_TRUE(schemas.at_pointer("/CreatedSnippet/properties").as_object().contains("edit_token"));
    EXPECT_TRUE(schemas.at_pointer("/CreatedSnippet/properties").as_object().contains("body"));
    EXPECT_FALSE(schemas.at_pointer("/SnippetSummary/properties").as_object().contains("body"));
    for (const auto& schema : schemas.as_object()) {
        EXPECT_FALSE(schema.value().as_object().contains("extends")) << schema.key();
    }
}

}  // namespace
}  // namespace snippetd::openapi
