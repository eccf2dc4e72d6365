#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace snippetd::picture {

struct Rgb {
    std::uint8_t red, green, blue;
};

/// Of pixels; from the upper left corner.
struct Box {
    int left, top, width, height;

    Box within(int margin) const { return {left + margin, top + margin, width - 2 * margin, height - 2 * margin}; }
};

/// From a ground to an ink upon it, in sixteen levels.
struct Ramp {
    std::uint8_t number;
};

/// A picture of few colours, a byte for a pixel: letters are drawn in levels between a ground and an ink, and a picture
/// has at most sixteen pairs of them. That takes a third of the memory of red, green and blue, and of the time to
/// compress it; sixteen levels are as many as an eye tells apart at the edge of a letter.
class Canvas {
  public:
    static constexpr std::uint8_t kLevels = 16;
    static constexpr std::size_t kRampsMax = 16;

    /// All of it has the first level of the first ramp that is made.
    Canvas(int width, int height);

    int width() const { return width_; }
    int height() const { return height_; }

    Ramp make_ramp(Rgb ground, Rgb ink);

    /// Fills what lies within the picture with the ground of `ramp`, or with its ink.
    void fill_ground(Box box, Ramp ramp) { fill(box, ramp, 0); }
    void fill_ink(Box box, Ramp ramp) { fill(box, ramp, kLevels - 1); }
    /// A box with round corners, whose edges go over from the ground of `edge` to its ink. What is within is the ground
    /// of `inside`, which is that ink.
    void fill_rounded(Box box, int radius, Ramp edge, Ramp inside);

    /// Lays ink over a pixel, `coverage` of 255 of it; what is there already stays when it is more. Nothing outside.
    void cover(int x, int y, Ramp ramp, unsigned coverage);

    /// As PNG (ISO 15948). Throws std::runtime_error when the library cannot.
    std::string png() const;

  private:
    void fill(Box box, Ramp ramp, std::uint8_t level);
    static std::uint8_t index(Ramp ramp, unsigned level) {
        return static_cast<std::uint8_t>(ramp.number * kLevels + level);
    }

    const int width_, height_;
    std::vector<std::uint8_t> pixels_;  ///< the ramp's number, then the level
    std::vector<Rgb> palette_;
};

}  // namespace snippetd::picture
