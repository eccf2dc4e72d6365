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
    std::string pages;
    for (const DocsChapter& chapter : docs_chapters(boost::json::parse(text).as_object())) pages += chapter.html;
    return pages;
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
    EXPECT_THAT(page, HasSubstr(R"(<h2 id="doThing"><span class="verb post">POST</span> <code>/things/{id}</code>)"));
    EXPECT_THAT(page, HasSubstr("For an account"));
    EXPECT_THAT(page, HasSubstr("The <em>id</em>."));
    EXPECT_THAT(page, HasSubstr(R"({"name": "it's &lt;b&gt;"})"));
    EXPECT_THAT(page, HasSubstr(R"({"name": null})"));
    EXPECT_THAT(page, HasSubstr("Not there."));
    EXPECT_THAT(page, HasSubstr(R"(<a href="/docs/schemas#schema-Thing">Thing</a>)"));
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
    EXPECT_THAT(page, HasSubstr(R"(array of <a href="/docs/schemas#schema-Thing">Thing</a>)"));
    EXPECT_THAT(page, HasSubstr("Of <code>it</code>."));
    EXPECT_THAT(page, HasSubstr("<code>name</code> <small>required</small>"));
}

TEST(DocsPage, HasAChapterForEachGroupAndOnesForWhatHoldsForAll) {
    const boost::json::value document = boost::json::parse(R"({"info": {"version": "1",
        "description": "Begin.\n\n```sh\ncurl a\n```\n\n## More\n\nx\n\n## Errors\n\ny\n"},
        "servers": [{"url": "https://a.example"}], "components": {"schemas": {"Thing": {"type": "string"}}},
        "tags": [{"name": "Things", "description": "a"}, {"name": "Others", "description": "b"}],
        "paths": {"/things": {"get": {"operationId": "doThing", "tags": ["Things"], "summary": "Do it", "security": [],
            "responses": {}}}}})");
    const std::vector<DocsChapter> chapters = docs_chapters(document.as_object());
    std::vector<std::string> names;
    for (const DocsChapter& chapter : chapters) names.push_back(chapter.name);
    EXPECT_THAT(names, testing::ElementsAre("", "things", "others", "rules", "schemas"));

    const std::string &first = chapters[0].html, &things = chapters[1].html, &rules = chapters[3].html;
    EXPECT_THAT(first, HasSubstr(R"(<a href="/docs" aria-current="page">Getting started</a>)"));
    EXPECT_THAT(first, HasSubstr(R"(data-copy="#commands-1")"));
    EXPECT_THAT(first, HasSubstr("id=\"commands-1\" class=\"language-sh\">curl a\n</code></pre></div>"));
    EXPECT_THAT(first, AllOf(HasSubstr("More</h2>"), Not(HasSubstr("Errors</h2>"))));
    // Where links to the one page of former times lead.
    for (const char* moved :
         {R"(<li id="doThing"><a href="/docs/things#doThing" data-moved="1">Do it</a>)",
          R"(<h3 id="group-things"><a href="/docs/things")", R"(<li id="md-errors"><a href="/docs/rules#md-errors")",
          R"(<li id="schema-Thing"><a href="/docs/schemas#schema-Thing")"}) {
        EXPECT_THAT(first, HasSubstr(moved));
    }
    EXPECT_THAT(things, HasSubstr(R"(<a href="/docs/things" aria-current="page">Things</a>)"));
    EXPECT_THAT(things, HasSubstr(R"(<a href="#doThing">Do it</a>)"));
    EXPECT_THAT(things, HasSubstr(R"(href="/docs" rel="prev")"));
    EXPECT_THAT(things, HasSubstr(R"(href="/docs/others" rel="next")"));
    EXPECT_THAT(rules, AllOf(HasSubstr("<h2 id=\"md-errors\">Errors</h2>"), Not(HasSubstr("More</h2>"))));
}

}  // namespace
}  // namespace snippetd::pages
