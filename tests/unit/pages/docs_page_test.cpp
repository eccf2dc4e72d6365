#include "pages/docs_page.hpp"

#include <string>

#include <boost/json.hpp>
#include <gmock/gmock.h>

namespace snippetd::pages {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string page_of(const char* operation, const char* method = "post") {
    std::string text = R"({"info": {"version": "1.2", "description": "**Hello**"},
        "servers": [{"url": "https://a.example"}], "tags": [{"name": "Things", "description": "What <there> is."}],
        "components": {
            "parameters": {"Id": {"name": "id", "in": "path", "description": "The *id*.",
                                  "schema": {"type": "string"}}},
            "responses": {"Problem404": {"description": "Not there.", "content": {"application/problem+json": {}}}},
            "schemas": {"Thing": {"type": "object", "required": ["name"], "properties": {
                "name": {"type": ["string", "null"], "minLength": 1, "maxLength": 9, "description": "Of `it`."},
                "kind": {"enum": ["a", "b"]},
                "more": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}}}}
        }, "paths": {"/things/{id}": {"METHOD": {"operationId": "doThing", "tags": ["Things"], "summary": "Do <it>",
            "parameters": [{"$ref": "#/components/parameters/Id"}], OPERATION}}}})";
    text.replace(text.find("OPERATION"), 9, operation);
    text.replace(text.find("METHOD"), 6, method);
    return docs_page(boost::json::parse(text).as_object());
}

TEST(DocsPage, ShowsAnOperation) {
    const std::string page = page_of(R"("security": [{"token": []}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"},
            "examples": {"plain": {"value": {"name": "it's <b>"}}}}}},
        "responses": {"200": {"description": "Done.", "content": {"application/json": {
            "schema": {"$ref": "#/components/schemas/Thing"}, "example": {"name": null}}}},
            "404": {"$ref": "#/components/responses/Problem404"}})");
    EXPECT_THAT(page, HasSubstr("<strong>Hello</strong>"));
    EXPECT_THAT(page, HasSubstr("Do &lt;it&gt;"));
    EXPECT_THAT(page, HasSubstr(R"(<a href="#doThing">)"));
    EXPECT_THAT(page, HasSubstr(R"(<h3 id="doThing"><span class="verb post">POST</span> <code>/things/{id}</code>)"));
    EXPECT_THAT(page, HasSubstr("For an account"));
    EXPECT_THAT(page, HasSubstr("The <em>id</em>."));
    EXPECT_THAT(page, HasSubstr(R"({"name": "it's &lt;b&gt;"})"));
    EXPECT_THAT(page, HasSubstr(R"({"name": null})"));
    EXPECT_THAT(page, HasSubstr("Not there."));
    EXPECT_THAT(page, HasSubstr(R"(<a href="#schema-Thing">Thing</a>)"));
}

TEST(DocsPage, QuotesWhatIsPasted) {
    const std::string page = page_of(R"("security": [{"token": []}],
        "requestBody": {"content": {"application/json": {"schema": {}, "examples": {"plain": {"value": "it's"}}}}},
        "responses": {})");
    EXPECT_THAT(page, HasSubstr("curl \"https://a.example/things/$ID\" \\\n"
                                "  -H \"Authorization: Bearer $TOKEN\" \\\n"
                                "  -d '\"it'\\''s\"'"));
}

TEST(DocsPage, PastesFormsFieldByField) {
    const std::string page = page_of(R"("security": [], "responses": {}, "requestBody": {"content": {
        "application/x-www-form-urlencoded": {"schema": {}, "example": {"a": "1", "b": ["2", "3"]}}}})");
    EXPECT_THAT(page, HasSubstr("--data-urlencode 'a=1' \\\n  --data-urlencode 'b=2' \\\n  --data-urlencode 'b=3'"));
    EXPECT_THAT(page, Not(HasSubstr("$TOKEN")));
    EXPECT_THAT(page, HasSubstr("For anyone"));
}

TEST(DocsPage, PastesOtherBodiesAsTheyAre) {
    EXPECT_THAT(page_of(R"("security": [], "responses": {}, "requestBody": {"content": {
        "text/plain": {"schema": {}, "example": "a\nb"}}})",
                        "put"),
                HasSubstr("curl -X PUT \"https://a.example/things/$ID\" \\\n  --data-binary 'a\nb'"));
}

TEST(DocsPage, NamesOtherMethods) {
    EXPECT_THAT(page_of(R"("security": [{}, {"session": []}], "responses": {})", "delete"),
                HasSubstr("curl -X DELETE \"https://a.example/things/$ID\"</code>"));
    EXPECT_THAT(page_of(R"("security": [], "responses": {})", "get"),
                HasSubstr("curl \"https://a.example/things/$ID\""));
}

TEST(DocsPage, SaysWhatASchemaAllows) {
    const std::string page = page_of(R"("security": [], "responses": {})");
    EXPECT_THAT(page, HasSubstr("string or null, 1 to 9 characters"));
    EXPECT_THAT(page, HasSubstr("<code>a</code>, <code>b</code>"));
    EXPECT_THAT(page, HasSubstr(R"(array of <a href="#schema-Thing">Thing</a>)"));
    EXPECT_THAT(page, HasSubstr("Of <code>it</code>."));
    EXPECT_THAT(page, HasSubstr("<code>name</code> <small>required</small>"));
}

}  // namespace
}  // namespace snippetd::pages
