#pragma once

#include "base/clock.hpp"
#include "store/store.hpp"
#include "support/run.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

/// A search ignores the case of every letter, whatever the database.
namespace snippetd::test {

/// Texts, and what finds them and what does not, in any store.
struct Found {
    const char* text;
    std::vector<const char*> by;
    std::vector<const char*> not_by;
};
inline const std::vector<Found> kFound{
    {"Straße", {"strasse", "STRASSE", "straße", "STRAẞE", "ß", "SS", "raSSe"}, {"strase"}},
    {"GROẞE MASSE", {"große maße", "GROSSE", "ss"}, {}},
    {"Übergröße",
     {"übergrösse", "ÜBER",
      "U\xCC\x88"
      "BERGRÖSSE"},
     {"uber"}},
    {"Zażółć gęślą JAŹŃ", {"zażółć", "ZAŻÓŁĆ GĘŚLĄ", "jaźń", "Ź"}, {"zazolc"}},
    {"Привет, МИР", {"привет", "ПРИВЕТ, мир", "ир", "ИР"}, {"мiр"}},
    {"ὈΔΥΣΣΕΎΣ και Οδυσσεύς", {"ὀδυσσεύς", "ΟΔΥΣΣΕΎΣ", "οδυσσεύσ", "σ", "ς"}, {"οδυσσευς"}},
    // The rules are of no language: a Turkish dotless i is a letter of its own, and a capital I is an i.
    {"ILIK İstanbul ısı", {"ilik", "i\xCC\x87stanbul", "İSTANBUL", "ısı"}, {"ılık", "ISI"}},
    {"cafe\xCC\x81 crème", {"café", "CAFÉ", "cafe\xCC\x81", "CRE\xCC\x80ME"}, {"cafe", "creme"}},
    {"ﬃnal ſet \xE2\x84\xAA", {"FFI", "SET", "set k"}, {}},
    {"Ａｂｃ 𐐀 ՄԻԱՍԻՆ և Ꭰꭰ", {"ａＢＣ", "𐐨", "միասին ԵՒ", "ꭰꭰ"}, {"abc"}},
    {"한글 日本語 ไทย 😀", {"글 日", "日本語", "ทย 😀"}, {}},
};

/// `then` is called between the writes and the searches.
inline void find_by_any_letter(
    store::Store& store, Loop& loop, const std::function<void()>& then = [] {}) {
    const auto deadline = [] { return base::deadline_in(kPatience); };
    for (std::size_t i = 0; i < kFound.size(); ++i) {
        model::Snippet made;
        made.id = std::to_string(i);
        made.visibility = model::Visibility::public_;
        made.created_at = 1'500'000'000'000;
        // In titles and in bodies, in turns.
        (i % 2 ? made.title : made.body) = "x " + std::string{kFound[i].text} + " y";
        loop.run(store.create_snippet(made, std::nullopt, deadline()));
    }
    then();
    const auto finds = [&](const char* text, std::size_t wanted) {
        store::ListQuery query;
        query.text = text;
        query.limit = 100;
        const std::vector<model::Snippet> found = loop.run(store.list_public(query, deadline()));
        return std::any_of(found.begin(), found.end(),
                           [&](const model::Snippet& one) { return one.id == std::to_string(wanted); });
    };
    for (std::size_t i = 0; i < kFound.size(); ++i) {
        for (const char* text : kFound[i].by) EXPECT_TRUE(finds(text, i)) << text << " in " << kFound[i].text;
        for (const char* text : kFound[i].not_by) EXPECT_FALSE(finds(text, i)) << text << " in " << kFound[i].text;
    }
}

}  // namespace snippetd::test
