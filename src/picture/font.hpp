#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::picture {

/// DejaVu Sans, of which the binary holds two faces.
enum class Face { mono, bold };

/// A letter as it is drawn.
struct Glyph {
    int left = 0, top = 0;    ///< from where the pen stands on the line to the upper left corner; up is positive
    int width = 0, rows = 0;  ///< pixels
    int advance = 0;          ///< how far the pen moves, in 1/64 of a pixel
    std::vector<std::uint8_t> coverage;  ///< row by row
};

/// A face at one size. Not thread-safe.
class Font {
  public:
    /// `pixels`: of a line's height. Throws std::runtime_error when the library cannot read the face.
    Font(Face face, int pixels);
    ~Font();
    Font(const Font&) = delete;
    Font& operator=(const Font&) = delete;

    bool has(char32_t c) const;
    /// Of what the font does not have, an empty box.
    const Glyph& glyph(char32_t c);
    /// What a text of one line takes, in pixels.
    int width_of(std::string_view text);

  private:
    struct Opened;
    std::unique_ptr<Opened> opened_;
    std::unordered_map<std::uint32_t, Glyph> glyphs_;  ///< by the font's number
};

/// How many columns a character takes in a terminal: none, one or two (UAX 11).
int columns_of(char32_t c);

}  // namespace snippetd::picture
