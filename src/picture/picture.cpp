#include "picture/picture.hpp"

#include "base/utf8.hpp"
#include "picture/canvas.hpp"
#include "picture/font.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace snippetd::picture {

namespace {

using highlight::Colour;

constexpr Rgb rgb(std::uint32_t hex) {
    return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8), static_cast<std::uint8_t>(hex)};
}

/// As style.css has them.
struct Colours {
    Rgb page, panel, edge, ink, soft, faint, accent;
    Rgb keyword, string, comment, number, title, type, attribute, tag;
};
constexpr Colours kLight{rgb(0xfbfbf9), rgb(0xffffff), rgb(0xe2e5e1), rgb(0x1b1f1e), rgb(0x505a57),
                         rgb(0x68726f), rgb(0x0b6e67), rgb(0x8b2fa0), rgb(0x1a6b32), rgb(0x626c66),
                         rgb(0x96470a), rgb(0x0b57b5), rgb(0x0b6a63), rgb(0x775000), rgb(0xad241c)};
constexpr Colours kDark{rgb(0x111514), rgb(0x171c1b), rgb(0x29312f), rgb(0xe4e9e7), rgb(0xaab5b2),
                        rgb(0x8d9996), rgb(0x5ed0c0), rgb(0xd3a4f0), rgb(0x8fd39c), rgb(0x909c97),
                        rgb(0xf0b27a), rgb(0x8fbcff), rgb(0x6fd6c7), rgb(0xe0c27a), rgb(0xff9d94)};

constexpr int kTabColumns = 4;
/// Of a picture's characters, one in so many may be one that the font lacks.
constexpr std::size_t kMissingShare = 4;
constexpr std::string_view kName = "snippetd";

/// A character of a line.
struct Cell {
    char32_t value;
    Colour colour;
    std::uint8_t columns;
};
using Row = std::vector<Cell>;

std::size_t columns_of(const Row& row) {
    std::size_t columns = 0;
    for (const Cell& cell : row) columns += cell.columns;
    return columns;
}

/// Takes lines off a text, each as what is drawn of it.
class Lines {
  public:
    Lines(std::string_view text, std::span<const highlight::Run> colours) : text_{text}, colours_{colours} {}

    bool done() const { return text_.empty(); }

    /// The next line; of what stands behind so many columns, nothing.
    Row take(std::size_t columns_max) {
        Row row;
        std::size_t columns = 0;
        while (!text_.empty()) {
            const base::CodePoint point = base::first_code_point(text_);
            const std::size_t bytes = std::max<std::size_t>(point.bytes, 1);
            const Colour colour = colour_of(bytes);
            text_.remove_prefix(bytes);
            if (point.value == '\n') break;
            if (columns >= columns_max || (point.value == '\r' && (text_.empty() || text_.front() == '\n'))) continue;
            if (point.value == '\t') {
                const std::size_t blanks = kTabColumns - columns % kTabColumns;
                row.insert(row.end(), blanks, Cell{' ', Colour::none, 1});
                columns += blanks;
                continue;
            }
            row.push_back(cell_of(point, colour));
            columns += row.back().columns;
        }
        return row;
    }

  private:
    static Cell cell_of(base::CodePoint point, Colour colour) {
        // What nobody would see is shown to be there.
        if (point.bytes == 0 || base::is_unseen(point.value)) return {0xFFFD, Colour::deleted, 1};
        const int columns = picture::columns_of(point.value);
        return {point.value, colour, static_cast<std::uint8_t>(std::clamp(columns, 0, 2))};
    }

    /// Of the character that begins here, and moves on.
    Colour colour_of(std::size_t bytes) {
        const Colour colour = at_ < colours_.size() ? colours_[at_].colour : Colour::none;
        for (done_ += bytes; at_ < colours_.size() && done_ >= colours_[at_].bytes; ++at_) done_ -= colours_[at_].bytes;
        return colour;
    }

    std::string_view text_;
    std::span<const highlight::Run> colours_;
    std::size_t at_ = 0, done_ = 0;  ///< the run, and how much of it
};

/// The pairs of colours that a picture has.
struct Ramps {
    Ramps(Canvas& canvas, const Colours& colours)
        : ink{canvas.make_ramp(colours.page, colours.ink)},
          soft{canvas.make_ramp(colours.page, colours.soft)},
          accent{canvas.make_ramp(colours.page, colours.accent)},
          border{canvas.make_ramp(colours.page, colours.edge)},
          panel{canvas.make_ramp(colours.edge, colours.panel)},
          faint{canvas.make_ramp(colours.panel, colours.faint)} {
        const auto on_panel = [&](Rgb colour) { return canvas.make_ramp(colours.panel, colour); };
        const Ramp string = on_panel(colours.string), number = on_panel(colours.number), tag = on_panel(colours.tag);
        code = {on_panel(colours.ink),   on_panel(colours.comment), on_panel(colours.keyword),   string, number, number,
                on_panel(colours.title), on_panel(colours.type),    on_panel(colours.attribute), tag,    string, tag};
    }

    Ramp ink, soft, accent, border;  ///< on the page
    Ramp panel;                      ///< on its border
    Ramp faint;                      ///< on the panel, as the code's
    std::array<Ramp, highlight::kColours> code{};
};

/// Where ink becomes less, up to nothing.
struct Fade {
    int right = -1, bottom = -1;  ///< where nothing is left; -1: nowhere
    int over = 1;                 ///< pixels

    unsigned operator()(unsigned coverage, int x, int y) const {
        const auto left = [this](int end, int at) { return end < 0 ? over : std::clamp(end - at, 0, over); };
        return coverage * static_cast<unsigned>(left(right, x)) / static_cast<unsigned>(over) *
               static_cast<unsigned>(left(bottom, y)) / static_cast<unsigned>(over);
    }
};

class Drawing {
  public:
    Drawing(Canvas& canvas, Font& code, const Fade& fade = {}) : canvas_{canvas}, code_{code}, fade_{fade} {}

    /// What a column takes, in pixels.
    static double column(Font& code) { return code.glyph('0').advance / 64.0; }

    void draw_row(const Row& row, int left, int baseline, const Ramps& ramps) {
        const double column = Drawing::column(code_);
        double x = left;
        for (const Cell& cell : row) {
            if (cell.value != ' ') {
                // What combines stands upon what is before it.
                const double pen = cell.columns == 0 ? x - column : x;
                draw(code_.glyph(cell.value), static_cast<int>(std::lround(pen)), baseline,
                     ramps.code[static_cast<std::size_t>(cell.colour)]);
            }
            x += column * cell.columns;
        }
    }

    /// A text of one line, which ends with an ellipsis where it takes more than so many pixels. Returns what it takes.
    int draw_text(Font& font, std::string_view text, int left, int baseline, Ramp ramp, int width_max) {
        const int ellipsis = font.glyph(U'…').advance;
        const bool fits = font.width_of(text) <= width_max;
        int pen = 0;
        while (!text.empty()) {
            const base::CodePoint point = base::first_code_point(text);
            text.remove_prefix(std::max<std::size_t>(point.bytes, 1));
            const bool unseen = point.bytes == 0 || base::is_unseen(point.value);
            const Glyph& glyph = font.glyph(unseen ? 0xFFFD : point.value);
            if (!fits && (pen + glyph.advance + ellipsis) / 64 > width_max) {
                draw(font.glyph(U'…'), left + pen / 64, baseline, ramp);
                return (pen + ellipsis) / 64;
            }
            draw(glyph, left + pen / 64, baseline, ramp);
            pen += glyph.advance;
        }
        return pen / 64;
    }

  private:
    void draw(const Glyph& glyph, int x, int baseline, Ramp ramp) {
        std::size_t at = 0;
        for (int row = 0; row < glyph.rows; ++row) {
            for (int column = 0; column < glyph.width; ++column) {
                const unsigned coverage = glyph.coverage[at++];
                if (coverage == 0) continue;
                const int px = x + glyph.left + column, py = baseline - glyph.top + row;
                canvas_.cover(px, py, ramp, fade_(coverage, px, py));
            }
        }
    }

    Canvas& canvas_;
    Font& code_;
    const Fade fade_;
};

/// Whether the font lacks so many of the characters that there is nothing to be seen.
bool is_unreadable(const std::vector<Row>& rows, const Font& font) {
    std::size_t seen = 0, missing = 0;
    for (const Row& row : rows) {
        for (const Cell& cell : row) {
            if (cell.value == ' ' || cell.columns == 0) continue;
            ++seen;
            if (!font.has(cell.value)) ++missing;
        }
    }
    return missing * kMissingShare > seen;
}

/// A panel with a border, on which code stands.
void draw_panel(Canvas& canvas, const Ramps& ramps, Box box, int radius) {
    canvas.fill_rounded(box, radius, ramps.border, ramps.panel);
    canvas.fill_rounded(box.within(2), radius - 2, ramps.panel, ramps.faint);
}

// --- What previews of links show.

constexpr int kCardWidth = 1200, kCardHeight = 630, kCardMargin = 64, kCardPadding = 40;
constexpr int kCardLargest = 36, kCardSmallest = 20;  // of a letter, in pixels
constexpr std::size_t kCardRowsMax = 20, kCardColumnsMax = 100;

std::optional<std::string> card_of(const Picture& picture) {
    constexpr int kTop = 190, kLeft = kCardMargin + kCardPadding, kInner = kCardWidth - 2 * kLeft;
    std::vector<Row> rows;
    std::size_t longest = 1;
    for (Lines lines{picture.text, picture.colours}; !lines.done() && rows.size() < kCardRowsMax;) {
        rows.push_back(lines.take(kCardColumnsMax));
        longest = std::max(longest, columns_of(rows.back()));
    }
    // As large as the longest line allows.
    Font measure{Face::mono, 100};
    const double wanted = 100 * kInner / (static_cast<double>(longest) * Drawing::column(measure));
    const int size = static_cast<int>(std::clamp<double>(wanted, kCardSmallest, kCardLargest));
    Font code{Face::mono, size}, title{Face::bold, 46}, caption{Face::mono, 26}, name{Face::bold, 28};
    if (is_unreadable(rows, code)) return std::nullopt;

    Canvas canvas{kCardWidth, kCardHeight};
    const Ramps ramps{canvas, picture.theme == Theme::dark ? kDark : kLight};
    canvas.fill_ink({0, 0, kCardWidth, 10}, ramps.accent);
    draw_panel(canvas, ramps, {kCardMargin, kTop, kCardWidth - 2 * kCardMargin, kCardHeight}, 18);
    Drawing head{canvas, code};
    const int name_width = name.width_of(kName);
    head.draw_text(title, picture.title, kCardMargin, 98, ramps.ink, kCardWidth - 2 * kCardMargin);
    head.draw_text(caption, picture.caption, kCardMargin, 150, ramps.soft,
                   kCardWidth - 2 * kCardMargin - name_width - 40);
    head.draw_text(name, kName, kCardWidth - kCardMargin - name_width, 150, ramps.accent, name_width);
    // Lines and a text that go on fade away.
    Drawing body{canvas, code, Fade{kCardWidth - kCardMargin - 4, kCardHeight - 4, kCardPadding - 4}};
    int baseline = kTop + kCardPadding + size * 3 / 4;
    for (const Row& row : rows) {
        body.draw_row(row, kLeft, baseline, ramps);
        baseline += size * 3 / 2;
    }
    return canvas.png();
}

// --- What people show to each other.

constexpr int kSize = 26, kRowHeight = 42;  // twice what the page has
constexpr int kMargin = 56, kPadding = 36, kFoot = 64;
constexpr std::size_t kColumnsMin = 48;

/// Breaks a line after so many columns.
void break_into(std::vector<Row>& rows, const Row& line) {
    std::size_t begin = 0, columns = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (columns + line[i].columns > kColumnsMax) {
            rows.emplace_back(line.begin() + static_cast<std::ptrdiff_t>(begin),
                              line.begin() + static_cast<std::ptrdiff_t>(i));
            begin = i;
            columns = 0;
        }
        columns += line[i].columns;
    }
    rows.emplace_back(line.begin() + static_cast<std::ptrdiff_t>(begin), line.end());
}

struct NumberedRow {
    std::size_t number;  ///< of the line; 0 where one goes on
    Row row;
};

std::vector<NumberedRow> rows_of(const Picture& picture) {
    std::vector<NumberedRow> rows;
    std::size_t number = picture.first_line;
    for (Lines lines{picture.text, picture.colours}; !lines.done(); ++number) {
        std::vector<Row> broken;
        break_into(broken, lines.take(kColumnsMax * kRowsMax));
        for (std::size_t i = 0; i < broken.size(); ++i) {
            if (rows.size() == kRowsMax) {
                rows.back() = {0, {Cell{U'…', Colour::comment, 1}}};
                return rows;
            }
            rows.push_back({i == 0 ? number : 0, std::move(broken[i])});
        }
    }
    return rows;
}

std::optional<std::string> lines_of(const Picture& picture) {
    const std::vector<NumberedRow> rows = rows_of(picture);
    Font code{Face::mono, kSize}, title{Face::bold, kSize}, caption{Face::mono, 22}, name{Face::bold, 22};
    std::vector<Row> shown;
    std::size_t columns = kColumnsMin, last = picture.first_line;
    for (const NumberedRow& row : rows) {
        columns = std::max(columns, columns_of(row.row));
        last = std::max(last, row.number);
        shown.push_back(row.row);
    }
    if (is_unreadable(shown, code)) return std::nullopt;

    const double column = Drawing::column(code);
    const int digits = static_cast<int>(fmt::formatted_size("{}", last));
    const int gutter = static_cast<int>(column * (digits + 2));
    const int width = 2 * (kMargin + kPadding) + gutter + static_cast<int>(column * static_cast<double>(columns));
    const int head = picture.title.empty() ? 0 : kRowHeight + kPadding / 2;
    const int panel_height = 2 * kPadding + head + kRowHeight * static_cast<int>(rows.size());
    Canvas canvas{width, kMargin + panel_height + kFoot};
    const Ramps ramps{canvas, picture.theme == Theme::dark ? kDark : kLight};
    draw_panel(canvas, ramps, {kMargin, kMargin, width - 2 * kMargin, panel_height}, 20);
    Drawing drawing{canvas, code};
    const int left = kMargin + kPadding, inner = width - 2 * left;
    int baseline = kMargin + kPadding + kSize;
    if (head > 0) {
        drawing.draw_text(title, picture.title, left, baseline, ramps.code.front(), inner);
        baseline += head;
    }
    for (const NumberedRow& row : rows) {
        if (row.number > 0) {
            const std::string number = fmt::format("{:>{}}", row.number, digits);
            drawing.draw_text(code, number, left, baseline, ramps.faint, gutter);
        }
        drawing.draw_row(row.row, left + gutter, baseline, ramps);
        baseline += kRowHeight;
    }
    const int name_width = name.width_of(kName), foot = kMargin + panel_height + kFoot * 5 / 8;
    drawing.draw_text(caption, picture.caption, left, foot, ramps.soft, inner - name_width - 24);
    drawing.draw_text(name, kName, width - left - name_width, foot, ramps.accent, name_width);
    return canvas.png();
}

}  // namespace

std::optional<std::string> png_of(const Picture& picture) {
    return picture.shape == Shape::card ? card_of(picture) : lines_of(picture);
}

}  // namespace snippetd::picture
