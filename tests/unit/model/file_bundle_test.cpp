#include "model/file_bundle.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::model {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

std::vector<File> files_of(const Pairs& pairs) {
    std::vector<File> files;
    for (const auto& [name, content] : pairs) files.push_back({name, content});
    return files;
}

Pairs pairs_of(const std::vector<File>& files) {
    Pairs pairs;
    for (const File& file : files) pairs.emplace_back(file.name, file.content);
    return pairs;
}

void expect_round_trip(const Pairs& pairs) {
    const std::string text = bundle(files_of(pairs));
    const auto files = unbundle(text);
    ASSERT_TRUE(files) << text;
    EXPECT_EQ(pairs_of(*files), pairs) << text;
}

TEST(FileBundle, IsMarkdownThatPeopleCanRead) {
    EXPECT_EQ(bundle(files_of({{"main.cpp", "int main() {}\n"}, {"notes", "a ``` b"}})),
              "<!-- 2 files -->\n\n## `main.cpp`\n\n```cpp\nint main() {}\n```\n"
              "\n## `notes`\n\n````\na ``` b\n````\n<!-- no line feed at the end -->\n");
}

TEST(FileBundle, GivesTheFilesBackByteForByte) {
    expect_round_trip({{"a", ""}});
    expect_round_trip({{"a", "\n"}, {"b", "\n\n"}, {"c", "x"}, {"d", "\r\n"}, {"e", "\r"}});
    expect_round_trip({{"a", "```\n"}, {"b", "`"}, {"c", "``````"}, {"d", "\n````\n## `e`\n\n```\n"}});
    expect_round_trip({{"a", "<!-- no line feed at the end -->\n"}, {"b", "<!-- no line feed at the end -->"}});
    expect_round_trip({{"ä ö.txt", "漢字\n"}, {"x y", "## `x y`\n\n```\nz\n```\n"}});
    expect_round_trip({{"nested", bundle(files_of({{"a", "x"}, {"b", "```"}}))}});
}

TEST(FileBundle, GivesAnyFilesBack) {
    std::mt19937 random{4711};
    const std::vector<std::string> pieces{"`", "```", "\n", "\r\n", "x", "## `a`", "<!-- no line feed at the end -->"};
    for (int round = 0; round < 2000; ++round) {
        Pairs pairs(1 + random() % 4);
        for (std::size_t i = 0; i < pairs.size(); ++i) {
            pairs[i].first = "file " + std::to_string(i);
            for (std::size_t n = random() % 8; n > 0; --n) pairs[i].second += pieces[random() % pieces.size()];
        }
        expect_round_trip(pairs);
    }
}

TEST(FileBundle, IsNoOtherText) {
    const std::string one = bundle(files_of({{"a", "x\n"}}));
    ASSERT_TRUE(unbundle(one));
    for (std::size_t end = 0; end < one.size(); ++end) EXPECT_FALSE(unbundle(one.substr(0, end))) << end;
    EXPECT_FALSE(unbundle("<!-- 0 files -->\n"));
    EXPECT_FALSE(unbundle(one + "more"));
    EXPECT_FALSE(unbundle(" " + one));
    EXPECT_FALSE(unbundle("<!-- 1 files -->\n\n## `a/b`\n\n```\nx\n```\n"));
    EXPECT_FALSE(unbundle("<!-- 1 files -->\n\n## ``\n\n```\nx\n```\n"));
    EXPECT_FALSE(unbundle("<!-- 1 files -->\n\n## `a`\n\n``\nx\n``\n")) << "a fence has three";
    EXPECT_FALSE(unbundle("<!-- 1 files -->\n\n## `a`\n\n```\nx\n````\n")) << "it ends as it began";
    EXPECT_FALSE(unbundle("<!-- 2 files -->\n\n## `a`\n\n```\n```\n\n## `a`\n\n```\n```\n")) << "no name twice";
}

TEST(FileBundle, TakesWhatSomebodyHasEditedByHand) {
    const auto edited = unbundle("<!-- 7 files -->\n\n## `a.txt`\n\n```whatever\nx\n```\n");
    ASSERT_TRUE(edited);
    EXPECT_EQ(pairs_of(*edited), (Pairs{{"a.txt", "x\n"}}));
}

TEST(FileBundle, IsBounded) {
    Pairs pairs;
    for (std::size_t i = 0; i < kBundledFilesMax; ++i) pairs.emplace_back(std::to_string(i), "x");
    expect_round_trip(pairs);
    pairs.emplace_back("one more", "x");
    EXPECT_FALSE(unbundle(bundle(files_of(pairs))));
}

TEST(FileBundle, SaysWhatIsWrongWithAName) {
    for (const std::string& name : {std::string{"a"}, std::string{"a b.c"}, std::string{".bashrc"}, std::string{"ä"},
                                    std::string{"..."}, std::string(255, 'x')}) {
        EXPECT_FALSE(file_name_fault(name)) << name;
    }
    for (const std::string& name :
         {std::string{}, std::string(256, 'x'), std::string{"a/b"}, std::string{"a\\b"}, std::string{"a`"},
          std::string{"a\n"}, std::string{"a\x7f"}, std::string{"\xff"}, std::string{".."}}) {
        EXPECT_TRUE(file_name_fault(name)) << name;
    }
}

}  // namespace
}  // namespace snippetd::model
