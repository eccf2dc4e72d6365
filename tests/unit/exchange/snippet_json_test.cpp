#include "exchange/snippet_json.hpp"

#include "base/json_text.hpp"
#include "use_cases/texts.hpp"

#include <string>

#include <boost/json.hpp>
#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

model::Snippet make_snippet() {
    model::Snippet snippet;
    snippet.id = "abcdefghijkl";
    snippet.title = "A \"title\"\\";
    snippet.body = "line 1\nline 2\t\"ä😀\"";
    snippet.language = "cpp";
    snippet.visibility = model::Visibility::public_;
    snippet.tags = {"one", "t\"wo"};
    snippet.owner_id = "17";
    snippet.owner_name = "ann";
    snippet.version = 3;
    snippet.view_count = 41;
    snippet.created_at = 1795508130123;
    snippet.updated_at = 1795508139000;
    snippet.edit_token_hash = "secret hash";
    return snippet;
}

TEST(SnippetJson, HasTheMembersOfTheContractAndNoOthers) {
    const json::value expected{{"id", "abcdefghijkl"},
                               {"title", "A \"title\"\\"},
                               {"body", "line 1\nline 2\t\"ä😀\""},
                               {"language", "cpp"},
                               {"visibility", "public"},
                               {"tags", {"one", "t\"wo"}},
                               {"owner", "ann"},
                               {"version", 3},
                               {"view_count", 41},
                               {"created_at", "2026-11-24T08:15:30.123Z"},
                               {"updated_at", "2026-11-24T08:15:39.000Z"},
                               {"expires_at", nullptr},
                               {"url", "http://a.example/s/abcdefghijkl"}};
    EXPECT_EQ(json::parse(snippet_json(make_snippet(), "http://a.example", Body::shown)), expected);
}

TEST(SnippetJson, ShowsWhatIsNotAlwaysThereWhereItIs) {
    model::Snippet snippet = make_snippet();
    snippet.expires_at = 1795508130999;
    snippet.burn_after_reading = true;
    snippet.forked_from = "zyxwvutsrqpo";
    snippet.owner_id = snippet.owner_name = "";
    snippet.tags.clear();
    const json::value shown = json::parse(snippet_json(snippet, "", Body::left_out, "sne_x"));
    EXPECT_EQ(shown.at("expires_at"), json::value("2026-11-24T08:15:30.999Z"));
    EXPECT_EQ(shown.at("burn_after_reading"), json::value(true));
    EXPECT_EQ(shown.at("forked_from"), json::value("zyxwvutsrqpo"));
    EXPECT_EQ(shown.at("owner"), json::value(nullptr));
    EXPECT_EQ(shown.at("tags"), json::value(json::array{}));
    EXPECT_EQ(shown.at("edit_token"), json::value("sne_x"));
    EXPECT_EQ(shown.at("url"), json::value("/s/abcdefghijkl"));
    EXPECT_FALSE(shown.as_object().contains("body"));
}

TEST(SnippetJson, NamesEveryVisibility) {
    EXPECT_EQ(to_text(model::Visibility::public_), "public");
    EXPECT_EQ(to_text(model::Visibility::unlisted), "unlisted");
    EXPECT_EQ(to_text(model::Visibility::private_), "private");
}

TEST(Etag, NamesEverythingThatTheRepresentationIsMadeFrom) {
    model::Snippet snippet = make_snippet();
    const std::string tag = json_etag(snippet, "http://a.example");
    EXPECT_EQ(tag, "\"v3-c41-1cedc72e\"");
    EXPECT_EQ(tag, json_etag(snippet, "http://a.example"));
    EXPECT_NE(tag, json_etag(snippet, "http://b.example"));
    ++snippet.view_count;
    EXPECT_NE(tag, json_etag(snippet, "http://a.example"));
    EXPECT_EQ(raw_etag(3), "\"v3-raw\"");
}

std::shared_ptr<const model::Snippet> shared(model::Snippet snippet) {
    return std::make_shared<const model::Snippet>(std::move(snippet));
}

TEST(MakeEntry, ItsPiecesAreTheJson) {
    const model::Snippet snippet = make_snippet();
    const auto entry = make_entry(shared(snippet), 300s, "public, no-cache");
    EXPECT_EQ(entry->json_before_count + "41" + entry->json_after_count + "http://a.example" + entry->json_after_base,
              snippet_json(snippet, "http://a.example", Body::shown));
    EXPECT_EQ(entry->id, snippet.id);
    EXPECT_EQ(entry->version, 3);
    EXPECT_EQ(entry->view_count, 41);
    EXPECT_EQ(entry->snippet->body, snippet.body);
    EXPECT_EQ(entry->kind, cache::Entry::Kind::snippet);
    EXPECT_EQ(entry->raw_etag, "\"v3-raw\"");
    EXPECT_GE(entry->bytes(), 2 * snippet.body.size());
}

TEST(MakeEntry, OfALargeBodyHasItsJsonWhenThatIsAskedFor) {
    model::Snippet snippet = make_snippet();
    snippet.body = std::string(40'000, '\x01') + std::string(use_cases::Texts::kHereBytesMax, '"') + "plain ä";
    const auto entry = make_entry(shared(snippet), 300s, "public, no-cache");
    EXPECT_FALSE(entry->whole());
    EXPECT_LT(entry->bytes(), snippet.body.size() + 4096) << "its JSON has been made";
    const auto whole = make_whole(*entry);
    ASSERT_TRUE(whole->whole());
    EXPECT_EQ(whole->json_before_count + "41" + whole->json_after_count + "http://a.example" + whole->json_after_base,
              snippet_json(snippet, "http://a.example", Body::shown));
    EXPECT_EQ(entry->json_before_count_bytes, whole->json_before_count.size()) << "what HEAD says";
    EXPECT_EQ(whole->snippet->body, snippet.body);
    EXPECT_EQ(whole->raw_head, entry->raw_head);
    EXPECT_EQ(make_whole(*entry), whole) << "made once, as long as somebody has it";
}

TEST(MakeEntry, SaysWhereTheEscapedBodyIs) {
    for (const std::size_t size : {std::size_t{3}, use_cases::Texts::kHereBytesMax + 1}) {
        model::Snippet snippet = make_snippet();
        snippet.body = std::string(size, '\n');
        std::shared_ptr<const cache::Entry> entry = make_entry(shared(snippet), 300s, "");
        if (!entry->whole()) entry = make_whole(*entry);
        std::string escaped;
        base::append_json_escaped(escaped, snippet.body);
        EXPECT_EQ(entry->json_before_count.substr(entry->json_body_at, entry->json_body_bytes), escaped);
    }
}

TEST(MakeEntry, ItsFieldsAreThoseOfEachRepresentation) {
    const auto entry = make_entry(shared(make_snippet()), 300s, "public, no-cache");
    EXPECT_EQ(entry->json_fields,
              "Vary: Accept, Accept-Encoding\r\nContent-Type: application/json\r\n"
              "Last-Modified: Tue, 24 Nov 2026 08:15:39 GMT\r\nCache-Control: public, no-cache\r\n");
    EXPECT_EQ(entry->raw_fields(),
              "ETag: \"v3-raw\"\r\nVary: Accept-Encoding\r\nAccept-Ranges: bytes\r\n"
              "Content-Type: text/plain; charset=utf-8\r\n"
              "Last-Modified: Tue, 24 Nov 2026 08:15:39 GMT\r\nCache-Control: public, no-cache\r\n");
}

TEST(MakeEntry, LivesForTheTtlAndNeverPastTheSnippetsExpiry) {
    model::Snippet snippet = make_snippet();
    const auto valid_for = [&](base::Milliseconds ttl) {
        const base::SteadyTime before = base::steady_now();
        return make_entry(shared(snippet), ttl, "")->valid_until - before;
    };
    EXPECT_GE(valid_for(300s), 300s);
    EXPECT_LT(valid_for(300s), 310s);
    snippet.expires_at = 1;  // by the store's clock, which this process need not agree with
    EXPECT_EQ(make_entry(shared(snippet), 300s, "")->expires_at, snippet.expires_at);
    EXPECT_GE(valid_for(300s), 300s);
}

TEST(DownloadName, IsTheTitleMadeHarmless) {
    EXPECT_EQ(download_name("id", "main.cpp", "cpp"), "main.cpp");
    EXPECT_EQ(download_name("id", "größe 2.txt", "text"), "größe 2.txt");
    EXPECT_EQ(download_name("id", "../../etc/passwd", "text"), "._.._etc_passwd");
    EXPECT_EQ(download_name("id", "a\"b\r\nc\\d;e%f", "text"), "a_b__c_d_e_f");
    EXPECT_EQ(download_name("id", " .hidden", "text"), ".hidden");
    EXPECT_EQ(download_name("id", "..a", "text"), ".a");
    EXPECT_EQ(download_name("id", "a (1) + b, 'c' #2 & d!.txt", "text"), "a (1) + b, 'c' #2 & d!.txt");
    EXPECT_EQ(download_name("id", "a\u202etxt.exe", "text"), "a_txt.exe") << "a name must not look like another one";
    EXPECT_EQ(download_name("id", "a\u061cb\u200ec\u2067d\u009be\u2028f\x7f", "text"), "a_b_c_d_e_f_");
}

TEST(ExportName, IsTheIdAndTheTitleMadeHarmlessWithAnExtension) {
    EXPECT_EQ(export_name("id", "main.cpp", "cpp"), "id-main.cpp");
    EXPECT_EQ(export_name("id", "notes", "python"), "id-notes.py");
    EXPECT_EQ(export_name("id", "", "python"), "id.py");
    EXPECT_EQ(export_name("id", "...", "text"), "id.txt");
    EXPECT_EQ(export_name("id", ".bashrc", "text"), "id-bashrc.txt");
    EXPECT_EQ(export_name("id", "../../etc/passwd", "text"), "id-_.._etc_passwd.txt");
    EXPECT_EQ(export_name("id", "a/b\\c:d*e?f\"g<h>i|j.txt", "text"), "id-a_b_c_d_e_f_g_h_i_j.txt");
    EXPECT_EQ(export_name("id", "no extension. is this", "text"), "id-no extension. is this.txt");
    EXPECT_EQ(export_name("id", "trailing. ", "text"), "id-trailing.txt");
    EXPECT_EQ(export_name("id", "größe 漢.txt", "text"), "id-größe 漢.txt");
}

TEST(ExportName, HidesNothing) {
    EXPECT_EQ(export_name("id", "a\u202etxt.exe", "text"), "id-a_txt.exe");
    EXPECT_EQ(export_name("id", "a\u200bb\u2066c\u2028d\u200f", "text"), "id-a_b_c_d_.txt");
    EXPECT_EQ(export_name("id", "\u2014\u20ac\u2070", "text"), "id-\u2014\u20ac\u2070.txt") << "neighbours stay";
}

TEST(ExportName, IsCutBetweenTwoCharactersAndKeepsItsExtension) {
    std::string title;
    for (int i = 0; i < 196; ++i) title += "漢";
    const std::string name = export_name("abcdefghijkl", title + ".cpp", "cpp");
    EXPECT_EQ(name, "abcdefghijkl-" + title.substr(0, 120) + ".cpp");
    const std::string shifted = export_name("abcdefghijkl", "a" + title, "cpp");
    EXPECT_EQ(shifted.find(title.substr(0, 117)), 14u);
    EXPECT_LE(shifted.size(), 150u);
}

TEST(DownloadName, WithoutATitleIsTheIdWithTheLanguagesExtension) {
    EXPECT_EQ(download_name("abc", "", "python"), "abc.py");
    EXPECT_EQ(download_name("abc", "...", "python"), "abc.py");
    EXPECT_EQ(download_name("abc", "", "no such language"), "abc.txt");
}

}  // namespace
}  // namespace snippetd::exchange
