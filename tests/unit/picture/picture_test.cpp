#include "picture/picture.hpp"

#include "base/utf8.hpp"
#include "picture/canvas.hpp"
#include "picture/font.hpp"

#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <png.h>

namespace snippetd::picture {
namespace {

using Pixel = std::array<std::uint8_t, 3>;

/// What a picture shows, as another reader of PNG sees it.
struct Shown {
    explicit Shown(const std::string& png) {
        png_image image{};
        image.version = PNG_IMAGE_VERSION;
        EXPECT_NE(png_image_begin_read_from_memory(&image, png.data(), png.size()), 0) << image.message;
        image.format = PNG_FORMAT_RGB;
        std::vector<std::uint8_t> bytes(PNG_IMAGE_SIZE(image));
        EXPECT_NE(png_image_finish_read(&image, nullptr, bytes.data(), 0, nullptr), 0) << image.message;
        width = static_cast<int>(image.width);
        height = static_cast<int>(image.height);
        for (std::size_t i = 0; i + 2 < bytes.size(); i += 3) pixels.push_back({bytes[i], bytes[i + 1], bytes[i + 2]});
    }

    Pixel at(int x, int y) const { return pixels[static_cast<std::size_t>(y * width + x)]; }
    bool has(Pixel colour) const { return std::set<Pixel>(pixels.begin(), pixels.end()).contains(colour); }

    int width = 0, height = 0;
    std::vector<Pixel> pixels;
};

Shown draw(const Picture& picture) {
    const std::optional<std::string> png = png_of(picture);
    EXPECT_TRUE(png);
    return Shown{png.value_or("")};
}

Picture lines(std::string_view text) {
    Picture picture;
    picture.shape = Shape::lines;
    picture.text = text;
    return picture;
}

constexpr Pixel kKeyword{0xd3, 0xa4, 0xf0}, kString{0x8f, 0xd3, 0x9c}, kPage{0x11, 0x15, 0x14},
    kPanel{0x17, 0x1c, 0x1b};
constexpr Pixel kTag{0xff, 0x9d, 0x94}, kLightPage{0xfb, 0xfb, 0xf9};

TEST(Picture, ACardHasTheSizeThatPreviewsHaveRoomFor) {
    for (const char* text : {"", "a", "a\nb\n", "\n\n\n"}) {
        Picture picture;
        picture.text = text;
        const Shown shown = draw(picture);
        EXPECT_EQ(shown.width, 1200);
        EXPECT_EQ(shown.height, 630);
        EXPECT_EQ(shown.at(20, 300), kPage);
        EXPECT_EQ(shown.at(600, 600), kPanel);
    }
}

TEST(Picture, CodeHasItsColours) {
    const std::vector<highlight::Run> runs{{3, highlight::Colour::keyword}, {1, highlight::Colour::none}};
    Picture picture = lines("let a\n");
    EXPECT_FALSE(draw(picture).has(kKeyword));
    picture.colours = runs;
    const Shown shown = draw(picture);
    EXPECT_TRUE(shown.has(kKeyword));
    EXPECT_FALSE(shown.has(kString));
}

TEST(Picture, AThemeIsTheWholePictures) {
    Picture picture = lines("a\n");
    EXPECT_EQ(draw(picture).at(2, 2), kPage);
    picture.theme = Theme::light;
    EXPECT_EQ(draw(picture).at(2, 2), kLightPage);
}

TEST(Picture, EveryLineHasARow) {
    const int one = draw(lines("a\n")).height, two = draw(lines("a\nb\n")).height;
    EXPECT_GT(two, one);
    EXPECT_EQ(draw(lines("a\n\n\nb")).height, one + 3 * (two - one));
}

TEST(Picture, LongLinesAreBrokenAndTooManyRowsEnd) {
    const std::string full(kColumnsMax, 'a');
    const Shown one = draw(lines(full)), two = draw(lines(full + "b")), most = draw(lines(std::string(100'000, 'a')));
    const int row = two.height - one.height;
    EXPECT_GT(row, 0);
    EXPECT_EQ(one.width, two.width);
    EXPECT_EQ(most.width, two.width);
    EXPECT_EQ(most.height, one.height + row * static_cast<int>(kRowsMax - 1));
}

TEST(Picture, LettersOfTwoColumnsAndMarksTakeTheRoomTheyNeed) {
    EXPECT_EQ(columns_of('a'), 1);
    EXPECT_EQ(columns_of(U'\u6f22'), 2);
    EXPECT_EQ(columns_of(U'\u0301'), 0);
    // Sixty letters with a mark each stay in the least width; sixty of two columns do not.
    std::string marked, wide;
    for (int i = 0; i < 40; ++i) marked += "e\xCC\x81";
    for (int i = 0; i < 40; ++i) wide += "\xE6\xBC\xA2 ";
    const int least = draw(lines("a")).width;
    EXPECT_EQ(draw(lines(marked)).width, least);
    EXPECT_GT(draw(lines(std::string(300, 'a') + "\n" + wide)).width, least);
}

TEST(Picture, WhatNobodyWouldSeeIsShown) {
    EXPECT_FALSE(draw(lines("a b\n")).has(kTag));
    EXPECT_TRUE(draw(lines("a \xE2\x80\xAE b\n")).has(kTag));  // U+202E
    EXPECT_TRUE(draw(lines("a \x1B[31m b\n")).has(kTag));
    EXPECT_FALSE(draw(lines("a\r\nb\r\n")).has(kTag));
}

TEST(Picture, ThereIsNoneOfWhatTheFontsLack) {
    std::string han;
    for (int i = 0; i < 20; ++i) han += "\xE6\xBC\xA2\xE5\xAD\x97 ";
    EXPECT_FALSE(png_of(lines(han)));
    EXPECT_TRUE(png_of(lines("printf(\"\xE6\xBC\xA2\");")));
    EXPECT_TRUE(png_of(lines("\xD0\xBF\xD1\x80\xD0\xB8\xD0\xB2\xD0\xB5\xD1\x82 \xCE\xB1 \xE2\x94\x80")));
}

TEST(Picture, ATitleOfAnyLengthStaysWithin) {
    const std::string title(3000, 'W');
    for (const Shape shape : {Shape::card, Shape::lines}) {
        Picture picture = lines("a\n");
        picture.shape = shape;
        const int width = draw(picture).width;
        picture.title = picture.caption = title;
        const Shown shown = draw(picture);
        EXPECT_EQ(shown.width, width);
        for (int y = 20; y < shown.height; ++y) ASSERT_EQ(shown.at(width - 20, y), kPage) << y;
    }
}

TEST(Picture, AnyTextIsDrawn) {
    std::mt19937 random{1};  // NOLINT: the same each time
    for (int i = 0; i < 40; ++i) {
        std::string text;
        std::vector<highlight::Run> runs;
        for (std::size_t n = random() % 400; n > 0; --n) {
            const char32_t c = random() % 3 == 0 ? random() % 0x2FFFF : 9 + random() % 100;
            const std::size_t before = text.size();
            base::append_code_point(text, c);
            if (random() % 2 == 0) {
                runs.push_back({static_cast<std::uint32_t>(text.size() - before),
                                static_cast<highlight::Colour>(random() % highlight::kColours)});
            }
        }
        Picture picture;
        picture.shape = i % 2 == 0 ? Shape::card : Shape::lines;
        picture.text = text;
        picture.colours = runs;
        picture.title = picture.caption = text;
        const auto png = png_of(picture);
        EXPECT_TRUE(!png || Shown{*png}.width > 0);
    }
}

TEST(Canvas, InkNeverTakesInkAway) {
    Canvas canvas{2, 1};
    const Ramp ramp = canvas.make_ramp({0, 0, 0}, {255, 255, 255});
    canvas.cover(0, 0, ramp, 255);
    canvas.cover(0, 0, ramp, 100);
    canvas.cover(-1, 0, ramp, 255);
    canvas.cover(2, 0, ramp, 255);
    const Shown shown{canvas.png()};
    EXPECT_EQ(shown.at(0, 0), (Pixel{255, 255, 255}));
    EXPECT_EQ(shown.at(1, 0), (Pixel{0, 0, 0}));
}

}  // namespace
}  // namespace snippetd::picture
