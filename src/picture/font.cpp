#include "picture/font.hpp"

#include "base/utf8.hpp"

#include <algorithm>
#include <stdexcept>

#include <ft2build.h>
#include FT_FREETYPE_H
#include <utf8proc.h>

// cmake/embed.cmake
extern "C" const unsigned char snippetd_font_mono[], snippetd_font_mono_end[];
extern "C" const unsigned char snippetd_font_bold[], snippetd_font_bold_end[];

namespace snippetd::picture {

namespace {

class Library {
  public:
    Library() {
        if (FT_Init_FreeType(&library_) != 0) throw std::runtime_error{"FreeType cannot be started"};
    }
    ~Library() { FT_Done_FreeType(library_); }
    Library(const Library&) = delete;
    Library& operator=(const Library&) = delete;

    FT_Library get() const { return library_; }

  private:
    FT_Library library_ = nullptr;
};

}  // namespace

struct Font::Opened {
    Opened(const unsigned char* begin, const unsigned char* end, int pixels) {
        if (FT_New_Memory_Face(library.get(), begin, end - begin, 0, &face) != 0) {
            throw std::runtime_error{"a font cannot be read"};
        }
        FT_Set_Pixel_Sizes(face, 0, static_cast<FT_UInt>(pixels));
    }
    ~Opened() { FT_Done_Face(face); }
    Opened(const Opened&) = delete;
    Opened& operator=(const Opened&) = delete;

    Library library;
    FT_Face face = nullptr;
};

Font::Font(Face face, int pixels)
    : opened_{face == Face::mono ? std::make_unique<Opened>(snippetd_font_mono, snippetd_font_mono_end, pixels)
                                 : std::make_unique<Opened>(snippetd_font_bold, snippetd_font_bold_end, pixels)} {}

Font::~Font() = default;

bool Font::has(char32_t c) const {
    return FT_Get_Char_Index(opened_->face, c) != 0;
}

const Glyph& Font::glyph(char32_t c) {
    const FT_Face face = opened_->face;
    const FT_UInt number = FT_Get_Char_Index(face, c);
    const auto [at, is_new] = glyphs_.try_emplace(number);
    Glyph& glyph = at->second;
    if (!is_new) return glyph;
    if (FT_Load_Glyph(face, number, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0) return glyph;
    const FT_GlyphSlot slot = face->glyph;
    const FT_Bitmap& bitmap = slot->bitmap;
    glyph.left = slot->bitmap_left;
    glyph.top = slot->bitmap_top;
    glyph.width = static_cast<int>(bitmap.width);
    glyph.rows = static_cast<int>(bitmap.rows);
    glyph.advance = static_cast<int>(slot->advance.x);
    glyph.coverage.reserve(std::size_t{bitmap.width} * bitmap.rows);
    for (unsigned row = 0; row < bitmap.rows; ++row) {
        const unsigned char* begin = bitmap.buffer + static_cast<std::ptrdiff_t>(row) * bitmap.pitch;
        glyph.coverage.insert(glyph.coverage.end(), begin, begin + bitmap.width);
    }
    return glyph;
}

int Font::width_of(std::string_view text) {
    int width = 0;
    while (!text.empty()) {
        const base::CodePoint point = base::first_code_point(text);
        width += glyph(point.value).advance;
        text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
    }
    return width / 64;
}

int columns_of(char32_t c) {
    return c < 0x300 ? 1 : utf8proc_charwidth(static_cast<utf8proc_int32_t>(c));
}

}  // namespace snippetd::picture
