#include "pages/terminal_style.hpp"

#include "base/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

using Shade = std::array<std::uint8_t, 3>;

constexpr std::size_t kParametersMax = 64;
constexpr double kContrastMin = 4.5;  // of WCAG 2.2, AA

/// As web/terminal.mjs has them.
constexpr std::array<Shade, 16> kBasic{{
    {0x00, 0x00, 0x00},
    {0xCD, 0x31, 0x31},
    {0x0D, 0xBC, 0x79},
    {0xE5, 0xE5, 0x10},
    {0x24, 0x72, 0xC8},
    {0xBC, 0x3F, 0xBC},
    {0x11, 0xA8, 0xCD},
    {0xE5, 0xE5, 0xE5},
    {0x66, 0x66, 0x66},
    {0xF1, 0x4C, 0x4C},
    {0x23, 0xD1, 0x8B},
    {0xF5, 0xF5, 0x43},
    {0x3B, 0x8E, 0xEA},
    {0xD6, 0x70, 0xD6},
    {0x29, 0xB8, 0xDB},
    {0xFF, 0xFF, 0xFF},
}};
// After these comes a cube of colours, and after that a row of greys.
constexpr int kCubeBegin = 16, kGreysBegin = 232, kGreys = 24;
constexpr std::array<int, 6> kCubeSteps{0, 95, 135, 175, 215, 255};

int nearest_step(int value) {
    const auto distance = [value](int step) { return std::abs(step - value); };
    const auto found =
        std::min_element(kCubeSteps.begin(), kCubeSteps.end(), [&](int a, int b) { return distance(a) < distance(b); });
    return static_cast<int>(found - kCubeSteps.begin());
}

int distance(const Shade& a, const Shade& b) {
    int sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

/// Of the 240 that are the same everywhere, the nearest one.
std::uint8_t nearest(const Shade& shade) {
    const int cube = kCubeBegin + nearest_step(shade[0]) * 36 + nearest_step(shade[1]) * 6 + nearest_step(shade[2]);
    const int mean = (shade[0] + shade[1] + shade[2]) / 3;
    const int grey = kGreysBegin + std::clamp((mean - 8 + 5) / 10, 0, kGreys - 1);
    const auto first = static_cast<std::uint8_t>(cube), second = static_cast<std::uint8_t>(grey);
    return distance(shade_of(second), shade) < distance(shade_of(first), shade) ? second : first;
}

/// Of 256; nothing for the terminal's own.
std::optional<std::uint8_t> index_of(const Ink& ink) {
    if (ink.kind == Ink::Kind::none) return std::nullopt;
    return ink.kind == Ink::Kind::indexed ? ink.red : nearest({ink.red, ink.green, ink.blue});
}

/// Relative luminance and contrast: WCAG 2.2, "Relative luminance", "Contrast ratio".
double luminance(const Shade& shade) {
    const auto linear = [](std::uint8_t value) {
        const double part = value / 255.0;
        return part <= 0.04045 ? part / 12.92 : std::pow((part + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(shade[0]) + 0.7152 * linear(shade[1]) + 0.0722 * linear(shade[2]);
}

double contrast(const Shade& a, const Shade& b) {
    const double first = luminance(a), second = luminance(b);
    return (std::max(first, second) + 0.05) / (std::min(first, second) + 0.05);
}

/// A parameter, which may have parts of its own: `38:2::255:0:0`.
using Parameter = std::vector<int>;

constexpr int kNothing = -1;  // no number, or one that is far too large

int number_of(std::string_view text) {
    if (text.empty()) return 0;
    const auto number = base::parse_number<std::uint16_t>(text);
    return number ? *number : kNothing;
}

/// Calls `visit` with each part of `text` between separators.
template <class Visit>
void split(std::string_view text, char separator, Visit visit) {
    while (true) {
        const std::size_t end = std::min(text.find(separator), text.size());
        visit(text.substr(0, end));
        if (end == text.size()) return;
        text.remove_prefix(end + 1);
    }
}

std::vector<Parameter> parameters_of(std::string_view text) {
    std::vector<Parameter> parameters;
    split(text, ';', [&](std::string_view one) {
        if (parameters.size() >= kParametersMax) return;
        Parameter& parts = parameters.emplace_back();
        split(one, ':', [&](std::string_view part) {
            if (parts.size() < kParametersMax) parts.push_back(number_of(part));
        });
    });
    return parameters;
}

bool is_byte(int value) {
    return value >= 0 && value <= 255;
}

std::optional<Ink> direct(int red, int green, int blue) {
    if (!is_byte(red) || !is_byte(green) || !is_byte(blue)) return std::nullopt;
    return Ink{Ink::Kind::direct, static_cast<std::uint8_t>(red), static_cast<std::uint8_t>(green),
               static_cast<std::uint8_t>(blue)};
}

std::optional<Ink> indexed(int index) {
    if (!is_byte(index)) return std::nullopt;
    return Ink{Ink::Kind::indexed, static_cast<std::uint8_t>(index)};
}

/// The colour that `38`, `48` or `58` at `at` tells of, in parts of its own or in the parameters after it, which are
/// skipped then.
std::optional<Ink> colour_at(const std::vector<Parameter>& all, std::size_t& at) {
    const Parameter& own = all[at];
    if (own.size() > 1) {
        if (own[1] == 5 && own.size() > 2) return indexed(own[2]);
        // A colour space may stand before the three, and what follows is of no interest.
        if (own[1] == 2 && own.size() > 5) return direct(own[3], own[4], own[5]);
        if (own[1] == 2 && own.size() == 5) return direct(own[2], own[3], own[4]);
        return std::nullopt;
    }
    const auto after = [&](std::size_t count) { return at + count < all.size() ? all[at + count].front() : kNothing; };
    if (after(1) == 5) {
        const std::optional<Ink> ink = indexed(after(2));
        at += 2;
        return ink;
    }
    if (after(1) == 2) {
        const std::optional<Ink> ink = direct(after(2), after(3), after(4));
        at += 4;
        return ink;
    }
    return std::nullopt;
}

}  // namespace

void apply(TerminalStyle& style, std::string_view text) {
    const std::vector<Parameter> all = parameters_of(text);
    for (std::size_t at = 0; at < all.size(); ++at) {
        const int code = all[at].front();
        if (code == 38 || code == 48 || code == 58) {
            const std::optional<Ink> ink = colour_at(all, at);
            if (ink && code == 38) style.text = *ink;
            if (ink && code == 48) style.ground = *ink;
            continue;
        }
        if (code >= 30 && code <= 37) style.text = *indexed(code - 30);
        if (code >= 90 && code <= 97) style.text = *indexed(code - 90 + 8);
        if (code >= 40 && code <= 47) style.ground = *indexed(code - 40);
        if (code >= 100 && code <= 107) style.ground = *indexed(code - 100 + 8);
        switch (code) {
            case 0: style = {}; break;
            case 1: style.bold = true; break;
            case 2: style.dim = true; break;
            case 3: style.italic = true; break;
            case 4: style.underlined = all[at].size() < 2 || all[at][1] != 0; break;
            case 7: style.inverse = true; break;
            case 9: style.struck = true; break;
            case 21: style.underlined = true; break;
            case 22: style.bold = style.dim = false; break;
            case 23: style.italic = false; break;
            case 24: style.underlined = false; break;
            case 27: style.inverse = false; break;
            case 29: style.struck = false; break;
            case 39: style.text = {}; break;
            case 49: style.ground = {}; break;
            default: break;
        }
    }
}

std::string classes_of(const TerminalStyle& style) {
    std::string classes;
    const auto add = [&classes](bool wanted, std::string_view name) {
        if (!wanted) return;
        if (!classes.empty()) classes += ' ';
        classes += name;
    };
    std::optional<std::uint8_t> text = index_of(style.text), ground = index_of(style.ground);
    // The page's own colours, changed for each other.
    const bool inverse_own = style.inverse && !text;
    if (style.inverse) text = std::exchange(ground, text);
    if (ground) {
        add(true, fmt::format("b{}", *ground));
        const bool legible = text && contrast(shade_of(*text), shade_of(*ground)) >= kContrastMin;
        if (legible) add(true, fmt::format("o{}", *text));
    } else if (inverse_own) {
        add(true, "iv");
    } else if (text) {
        add(true, fmt::format("f{}", *text));
    }
    add(style.bold, "bo");
    add(style.dim && !text && !ground && !inverse_own, "di");
    add(style.italic, "it");
    add(style.underlined, "un");
    add(style.struck, "st");
    return classes;
}

std::string sequence_of(const TerminalStyle& style) {
    if (style.plain()) return {};
    std::string sequence = "\x1B[0";
    const auto add = [&sequence](bool wanted, int code) {
        if (wanted) sequence += fmt::format(";{}", code);
    };
    const auto add_ink = [&sequence](const Ink& ink, int base) {
        if (ink.kind == Ink::Kind::none) return;
        if (ink.kind == Ink::Kind::direct) {
            sequence += fmt::format(";{};2;{};{};{}", base + 8, ink.red, ink.green, ink.blue);
        } else if (ink.red < 8) {
            sequence += fmt::format(";{}", base + ink.red);
        } else if (ink.red < kCubeBegin) {
            sequence += fmt::format(";{}", base + 60 + ink.red - 8);
        } else {
            sequence += fmt::format(";{};5;{}", base + 8, ink.red);
        }
    };
    add(style.bold, 1);
    add(style.dim, 2);
    add(style.italic, 3);
    add(style.underlined, 4);
    add(style.inverse, 7);
    add(style.struck, 9);
    const auto text = index_of(style.text), ground = index_of(style.ground);
    const bool same = text && ground && shade_of(*text) == shade_of(*ground);
    if (!same) add_ink(style.text, 30);
    add_ink(style.ground, 40);
    return sequence + 'm';
}

Shade shade_of(std::uint8_t index) {
    if (index < kCubeBegin) return kBasic[index];
    if (index >= kGreysBegin) {
        const auto grey = static_cast<std::uint8_t>(8 + (index - kGreysBegin) * 10);
        return {grey, grey, grey};
    }
    const int cube = index - kCubeBegin;
    const auto step = [](int at) { return static_cast<std::uint8_t>(kCubeSteps[static_cast<std::size_t>(at)]); };
    return {step(cube / 36), step(cube / 6 % 6), step(cube % 6)};
}

}  // namespace snippetd::pages
