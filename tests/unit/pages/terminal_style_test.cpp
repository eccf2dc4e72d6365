#include "pages/terminal_style.hpp"

#include "pages/assets.hpp"

#include <cmath>
#include <regex>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace snippetd::pages {
namespace {

/// The classes of what comes behind all of these.
std::string after(const std::vector<std::string_view>& all) {
    TerminalStyle style;
    for (const std::string_view parameters : all) apply(style, parameters);
    return classes_of(style);
}

TEST(TerminalStyle, SaysWhatItsParametersSay) {
    EXPECT_EQ(after({"31"}), "f1");
    EXPECT_EQ(after({"01;34"}), "f4 bo");
    EXPECT_EQ(after({"97"}), "f15");
    EXPECT_EQ(after({"38;5;208"}), "f208");
    EXPECT_EQ(after({"38:5:208"}), "f208");
    EXPECT_EQ(after({"38;2;255;0;0"}), "f196");
    EXPECT_EQ(after({"38:2::255:0:0"}), "f196");
    EXPECT_EQ(after({"38:2:255:0:0"}), "f196");
    EXPECT_EQ(after({"38;2;18;18;18"}), "f233");
    EXPECT_EQ(after({"3;4;9"}), "it un st");
    EXPECT_EQ(after({"4:3"}), "un");
    EXPECT_EQ(after({"2"}), "di");
    EXPECT_EQ(after({"7"}), "iv");
    EXPECT_EQ(after({"48;5;21"}), "b21");
    EXPECT_EQ(after({"103"}), "b11");
}

TEST(TerminalStyle, GoesOnUntilItEnds) {
    EXPECT_EQ(after({"31", "1"}), "f1 bo");
    EXPECT_EQ(after({"31;1", "22"}), "f1");
    EXPECT_EQ(after({"31;1;3;4;7;9", "39;22;23;24;27;29"}), "");
    EXPECT_EQ(after({"41", "49"}), "");
    EXPECT_EQ(after({"4", "4:0"}), "");
    EXPECT_EQ(after({"31;44;1", ""}), "");
    EXPECT_EQ(after({"31;44;1", "0"}), "");
    EXPECT_EQ(after({"1;;32"}), "f2") << "nothing is a zero";
}

TEST(TerminalStyle, WhatIsNotKnownChangesNothing) {
    EXPECT_EQ(after({"31", "5;8;38;5;300;99;123456;38;2;1;2"}), "f1") << "a blink or a secret is none";
    EXPECT_EQ(after({"38;5"}), "");
    EXPECT_EQ(after({"38:2:1:2"}), "");
    EXPECT_EQ(after({"58;5;1;32"}), "f2") << "a colour of lines is skipped with what it is";
    EXPECT_EQ(after({std::string(10'000, ';') + "31"}), "") << "nor so many parameters";
}

TEST(TerminalStyle, InverseChangesTextAndGround) {
    EXPECT_EQ(after({"31;7"}), "b1");
    EXPECT_EQ(after({"30;103;7"}), "b0 o11");
    EXPECT_EQ(after({"103;7"}), "iv");
}

TEST(TerminalStyle, NothingHidesOnItsGround) {
    EXPECT_EQ(after({"33;40"}), "b0 o3") << "yellow on black";
    EXPECT_EQ(after({"34;42"}), "b2") << "blue on green is black";
    EXPECT_EQ(after({"37;47"}), "b7");
}

using Shade = std::array<double, 3>;

double luminance(const Shade& shade) {
    const auto linear = [](double value) {
        value /= 255;
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(shade[0]) + 0.7152 * linear(shade[1]) + 0.0722 * linear(shade[2]);
}

double contrast(const Shade& a, const Shade& b) {
    const auto [less, more] = std::minmax({luminance(a), luminance(b)});
    return (more + 0.05) / (less + 0.05);
}

/// `#abc` or `#aabbcc`, as a minifier writes it.
Shade shade(std::string hex) {
    if (hex.size() == 3) hex = {hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]};
    const auto part = [&hex](std::size_t at) { return static_cast<double>(std::stoi(hex.substr(at, 2), nullptr, 16)); };
    return {part(0), part(2), part(4)};
}

std::string style_sheet(std::string_view name) {
    const std::string& url = asset_url(name);
    return std::string{find_asset(url.substr(url.rfind('/') + 1))->content};
}

/// The value of that property in the rule of that class.
Shade value_of(const std::string& sheet, const std::string& name, const std::string& property) {
    const std::size_t rule = sheet.find("." + name + "{");
    EXPECT_NE(rule, std::string::npos) << name;
    const std::string body = sheet.substr(rule, sheet.find('}', rule) - rule);
    const std::size_t at = body.find("--" + property + ":");
    EXPECT_NE(at, std::string::npos) << name << " " << property;
    std::smatch found;
    EXPECT_TRUE(std::regex_search(body.cbegin() + static_cast<std::ptrdiff_t>(at), body.cend(), found,
                                  std::regex{"#([0-9a-f]{6}|[0-9a-f]{3})"}))
        << body;
    return shade(found[1]);
}

TEST(TerminalStyle, TheStyleSheetHasTheSameShades) {
    const std::string sheet = style_sheet("terminal.css");
    for (int i = 0; i < 256; ++i) {
        const auto own = shade_of(static_cast<std::uint8_t>(i));
        const Shade same{static_cast<double>(own[0]), static_cast<double>(own[1]), static_cast<double>(own[2])};
        EXPECT_EQ(value_of(sheet, fmt::format("b{}", i), "g"), same) << i;
        EXPECT_EQ(value_of(sheet, fmt::format("o{}", i), "t"), same) << i;
        EXPECT_GE(contrast(value_of(sheet, fmt::format("b{}", i), "t"), same), 4.5) << i;
    }
}

TEST(TerminalStyle, EveryColourIsLegibleOnEveryGround) {
    const std::string sheet = style_sheet("terminal.css"), pages = style_sheet("style.css");
    const auto grounds = [&pages](const std::string& theme) {
        const std::string from = pages.substr(pages.find(theme));
        std::vector<Shade> found;
        for (const char* name : {"card", "line-on", "accent-soft"}) {
            std::smatch match;
            EXPECT_TRUE(std::regex_search(from, match, std::regex{fmt::format("--{}: ?#([0-9a-f]+)", name)}));
            found.push_back(shade(match[1]));
        }
        return found;
    };
    const std::vector<Shade> light = grounds(":root{"), dark = grounds("data-theme=dark]{");
    ASSERT_GT(luminance(light.front()), luminance(dark.front()));
    for (int i = 16; i < 256; ++i) {
        const std::string name = fmt::format("f{}", i);
        for (const Shade& ground : light) EXPECT_GE(contrast(value_of(sheet, name, "l"), ground), 4.5) << i;
        for (const Shade& ground : dark) EXPECT_GE(contrast(value_of(sheet, name, "d"), ground), 4.5) << i;
    }
}

}  // namespace
}  // namespace snippetd::pages
