#include "model/languages.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::model {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return result;
}

TEST(Languages, AreMoreThanTwoHundredSortedByName) {
    EXPECT_GE(languages().size(), 200u);
    EXPECT_TRUE(std::is_sorted(languages().begin(), languages().end(),
                               [](const Language& a, const Language& b) { return a.name < b.name; }));
}

TEST(Languages, EveryNameAliasAndLabelMeansOneLanguage) {
    std::map<std::string, std::string> owner;
    for (const Language& language : languages()) {
        EXPECT_TRUE(owner.emplace(language.name, language.name).second) << language.name << " is there twice";
    }
    for (const Language& language : languages()) {
        for (std::string_view alias : language.aliases) {
            auto [other, is_new] = owner.emplace(alias, language.name);
            EXPECT_TRUE(is_new) << "alias " << alias << " of " << language.name << " belongs to " << other->second;
        }
    }
    for (const Language& language : languages()) {
        auto [other, is_new] = owner.emplace(lower(language.label), language.name);
        EXPECT_EQ(other->second, language.name) << "label " << language.label;
    }
}

TEST(Languages, ARowIsReadAsItIsWrittenOverSeveralLinesToo) {
    const auto shell = std::find_if(languages().begin(), languages().end(),
                                    [](const Language& language) { return language.name == "bash"; });
    ASSERT_NE(shell, languages().end());
    EXPECT_EQ(shell->label, "Shell");
    EXPECT_EQ(shell->aliases,
              (std::vector<std::string_view>{"sh", "shell", "zsh", "ksh", "shellscript", "shell-script"}));
    EXPECT_EQ(shell->extensions.front(), "sh");
    EXPECT_EQ(shell->file_names.back(), "configure");
    EXPECT_EQ(shell->interpreters.back(), "bats");
    for (const Language& language : languages()) {
        EXPECT_FALSE(language.label.empty()) << language.name;
        for (const std::string_view text : {language.name, language.label}) {
            EXPECT_EQ(text.find_first_of("|\n"), text.npos) << text;
        }
    }
}

using Words = std::vector<std::string_view> Language::*;

class LanguageWords : public testing::TestWithParam<Words> {};

TEST_P(LanguageWords, BelongToOneLanguageAndAreInLowerCase) {
    std::map<std::string_view, std::string_view> owner;
    for (const Language& language : languages()) {
        for (std::string_view word : language.*GetParam()) {
            EXPECT_TRUE(owner.emplace(word, language.name).second)
                << word << " of " << language.name << " belongs to " << owner[word];
            EXPECT_EQ(word, lower(word));
            EXPECT_FALSE(word.empty());
        }
    }
}

INSTANTIATE_TEST_SUITE_P(All, LanguageWords,
                         testing::Values(&Language::aliases, &Language::extensions, &Language::file_names,
                                         &Language::interpreters));

TEST(Languages, ExtensionsStartWithoutADot) {
    for (const Language& language : languages()) {
        for (std::string_view extension : language.extensions) EXPECT_FALSE(extension.starts_with('.')) << extension;
    }
}

TEST(CanonicalLanguage, FindsEveryNameAliasAndLabelInAnyCase) {
    for (const Language& language : languages()) {
        EXPECT_EQ(canonical_language(language.name), language.name);
        EXPECT_EQ(canonical_language(language.label), language.name);
        for (std::string_view alias : language.aliases) EXPECT_EQ(canonical_language(alias), language.name);
    }
    EXPECT_EQ(canonical_language("C++"), "cpp");
    EXPECT_EQ(canonical_language("C#"), "csharp");
    EXPECT_EQ(canonical_language("JS"), "javascript");
    EXPECT_EQ(canonical_language("Py"), "python");
    EXPECT_EQ(canonical_language("golang"), "go");
    EXPECT_EQ(canonical_language("sh"), "bash");
    EXPECT_EQ(canonical_language(" Objective-C "), "objectivec");
}

TEST(CanonicalLanguage, IsTextForWhatIsNotInTheList) {
    for (std::string_view name : {"", "  ", "klingon", "c+++", "text", "TXT", "py\n"}) {
        EXPECT_EQ(canonical_language(name), "text") << name;
    }
    EXPECT_EQ(canonical_language(std::string(100'000, 'c')), "text");
}

TEST(LanguageNamed, IsNothingForWhatIsNotInTheList) {
    EXPECT_EQ(language_named("Plain text"), kPlainText);
    EXPECT_EQ(language_named("C++"), "cpp");
    for (std::string_view name : {"", "klingon", "c+++"}) EXPECT_EQ(language_named(name), std::nullopt) << name;
}

struct Told {
    std::string_view title, body, language;
};

std::string_view told_or_text(std::string_view title, std::string_view body) {
    return told_language(title, body).value_or(kPlainText);
}

void expect_told(const std::vector<Told>& all) {
    for (const Told& told : all) {
        EXPECT_EQ(told_or_text(told.title, told.body), told.language)
            << "title " << told.title << ", body " << told.body;
    }
}

TEST(ToldLanguage, KnowsFileNamesAndExtensions) {
    expect_told({{"main.cpp", "", "cpp"},
                 {"MAIN.CPP", "", "cpp"},
                 {"src/deep/main.rs", "", "rust"},
                 {"C:\\work\\Program.cs", "", "csharp"},
                 {"how I read lines in app.py ", "", "python"},
                 {"types.d.ts", "", "typescript"},
                 {"component.tsx", "", "typescript"},
                 {"page.blade.php", "", "blade"},
                 {"page.php", "", "php"},
                 {"Makefile", "", "makefile"},
                 {"Makefile.linux", "", "makefile"},
                 {"Dockerfile.debian", "", "dockerfile"},
                 {"CMakeLists.txt", "", "cmake"},
                 {"notes.txt", "", "text"},
                 {".bashrc", "", "bash"},
                 {"go.mod", "", "gomod"},
                 {"tsconfig.json", "", "json5"},
                 {"nginx.conf", "", "nginx"},
                 {"common.h.in", "", "c"},
                 {"config.yaml.example", "", "yaml"},
                 {"sway.5.scd", "", "markdown"}});
}

TEST(ToldLanguage, KnowsInterpreters) {
    expect_told({{"", "#!/bin/sh\necho", "bash"},
                 {"", "#! /usr/bin/env Rscript\n", "r"},
                 {"", "#!/usr/bin/env -S python3 -u\n", "python"},
                 {"", "#!/usr/bin/env -Spython3 -u\n", "python"},
                 {"", "#!/usr/bin/env -i -u HOME PATH=/bin ruby\n", "ruby"},
                 {"", "#!/usr/bin/env /opt/bin/perl5.36\n", "perl"},
                 {"", "#!/usr/local/bin/python3.11\r\nprint()", "python"},
                 {"", "#!/usr/bin/tclsh8.6", "tcl"},
                 {"", "#!/usr/bin/env -S deno run --allow-net\n", "typescript"},
                 {"", "#!/usr/bin/make -f\n", "makefile"},
                 {"tool", "#!/usr/bin/env node\n", "javascript"},
                 {"index.fcgi", "#!/usr/bin/perl\n", "perl"}});
}

TEST(ToldLanguage, PrefersTheTitle) {
    EXPECT_EQ(told_or_text("a.rb", "#!/bin/sh\n"), "ruby");
    EXPECT_EQ(told_or_text("", "\xEF\xBB\xBF#!/bin/sh\n"), "bash") << "a byte order mark hides nothing";
}

TEST(ToldLanguage, TellsPlainTextFromWhatIsNotTold) {
    EXPECT_EQ(told_language("notes.txt", ""), kPlainText);
    EXPECT_EQ(told_language("notes", ""), std::nullopt);
}

TEST(ToldLanguage, IsNothingWhenNeitherSays) {
    expect_told({{"", "", "text"},
                 {"Notes on version 1.2", "", "text"},
                 {".", "", "text"},
                 {"...", "", "text"},
                 {"/", "", "text"},
                 {"name.", "", "text"},
                 {".py", "", "text"},
                 {"a.unknown", "print", "text"},
                 {"", "#!", "text"},
                 {"", "#!\n/bin/sh", "text"},
                 {"", "#!/usr/bin/env", "text"},
                 {"", "#!/usr/bin/env -S\n", "text"},
                 {"", "#!/usr/bin/env -u", "text"},
                 {"", "#!/usr/bin/3.11\n", "text"},
                 {"", " #!/bin/sh\n", "text"},
                 {"", "import os\n#!/usr/bin/python", "text"}});
    EXPECT_EQ(told_or_text(std::string(1'000'000, '.'), "#!" + std::string(1'000'000, '/')), "text");
}

TEST(ToldLanguage, MayBeCalledFromManyThreads) {
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([] { EXPECT_EQ(told_or_text("x.go", ""), "go"); });
    }
    for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace snippetd::model
