#include "pages/changed_words.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

using Lines = std::vector<std::string_view>;

/// Each line with its changed parts in brackets.
std::vector<std::string> shown(const Lines& lines, const std::vector<std::vector<Mark>>& marks) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::string line;
        std::size_t done = 0;
        for (const Mark& mark : marks[i]) {
            EXPECT_LE(done, mark.begin);
            EXPECT_LT(mark.begin, mark.end);
            EXPECT_LE(mark.end, lines[i].size());
            line += lines[i].substr(done, mark.begin - done);
            line += '[';
            line += lines[i].substr(mark.begin, mark.end - mark.begin);
            line += ']';
            done = mark.end;
        }
        line += lines[i].substr(done);
        out.push_back(line);
    }
    return out;
}

struct Case {
    const char* what;
    Lines before, after;
    std::vector<std::string> before_shown, after_shown;
};

TEST(ChangedWords, AreThoseThatDiffer) {
    const Case cases[] = {
        {"a name", {"int a = f(b);"}, {"int a = g(b);"}, {"int a = [f](b);"}, {"int a = [g](b);"}},
        {"an addition", {"f(a)"}, {"f(a, b)"}, {"f(a)"}, {"f(a[, b])"}},
        {"words in a row",
         {"the quick brown fox jumps"},
         {"the slow red fox jumps"},
         {"the [quick brown] fox jumps"},
         {"the [slow red] fox jumps"}},
        {"letters beyond ASCII", {"x = größer"}, {"x = groß"}, {"x = [größer]"}, {"x = [groß]"}},
        {"blanks", {"a  b c"}, {"a b c"}, {"a[  ]b c"}, {"a[ ]b c"}},
        {"blanks at the end", {"return x;"}, {"return x; "}, {"return x;"}, {"return x;[ ]"}},
        {"a carriage return", {"abc def\r"}, {"abc def"}, {"abc def[\r]"}, {"abc def"}},
        {"several lines", {"a = 1", "b = 2"}, {"a = 1", "b = 3"}, {"a = 1", "b = [2]"}, {"a = 1", "b = [3]"}},
        {"another line altogether", {"return 0;"}, {"while true do print"}, {"return 0;"}, {"while true do print"}},
        {"nothing in its place", {"a"}, {}, {"a"}, {}},
        {"empty lines", {""}, {"", "x"}, {""}, {"", "x"}},
    };
    for (const Case& one : cases) {
        const ChangedWords changed = changed_words(one.before, one.after);
        EXPECT_EQ(shown(one.before, changed.before), one.before_shown) << one.what;
        EXPECT_EQ(shown(one.after, changed.after), one.after_shown) << one.what;
    }
}

TEST(ChangedWords, AreNotLookedForInMuchText) {
    const std::string before(kMarkedBytesMax, 'a'), after = before + "b";
    const ChangedWords changed = changed_words({before, "same x"}, {after, "same y"});
    ASSERT_EQ(changed.after.size(), 2u);
    EXPECT_TRUE(changed.before[1].empty());
    EXPECT_TRUE(changed.after[1].empty());
}

TEST(ChangedWords, AreWithinTheirLinesWhateverTheTexts) {
    std::mt19937 random{7};
    const std::string alphabet = "ab_ \t.;\x01\xC3\xA9\r";
    for (int round = 0; round < 3000; ++round) {
        std::vector<std::string> texts;
        for (int i = 0; i < 8; ++i) {
            std::string text;
            for (std::size_t n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
            texts.push_back(text);
        }
        const Lines before(texts.begin(), texts.begin() + static_cast<long>(random() % 5));
        const Lines after(texts.begin() + 4, texts.begin() + 4 + static_cast<long>(random() % 5));
        const ChangedWords changed = changed_words(before, after);
        shown(before, changed.before);
        shown(after, changed.after);
        const ChangedWords same = changed_words(before, before);
        for (const auto& marks : same.before) EXPECT_TRUE(marks.empty());
    }
}

}  // namespace
}  // namespace snippetd::pages
