#include "picture/canvas.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include <png.h>

namespace snippetd::picture {

namespace {

std::uint8_t between(std::uint8_t from, std::uint8_t to, int level) {
    return static_cast<std::uint8_t>(from + (to - from) * level / (Canvas::kLevels - 1));
}

}  // namespace

Canvas::Canvas(int width, int height)
    : width_{width},
      height_{height},
      pixels_(static_cast<std::size_t>(width) * static_cast<std::size_t>(height), index(Ramp{0}, 0)) {}

Ramp Canvas::make_ramp(Rgb ground, Rgb ink) {
    const std::size_t number = palette_.size() / kLevels;
    SNIPPETD_ASSERT(number < kRampsMax, number);
    for (int level = 0; level < kLevels; ++level) {
        palette_.push_back({between(ground.red, ink.red, level), between(ground.green, ink.green, level),
                            between(ground.blue, ink.blue, level)});
    }
    return {static_cast<std::uint8_t>(number)};
}

void Canvas::fill(Box box, Ramp ramp, std::uint8_t level) {
    const int left = std::max(box.left, 0), right = std::min(box.left + box.width, width_);
    const int bottom = std::min(box.top + box.height, height_);
    if (left >= right) return;
    for (int y = std::max(box.top, 0); y < bottom; ++y) {
        const auto row = pixels_.begin() + static_cast<std::ptrdiff_t>(y) * width_;
        std::fill(row + left, row + right, index(ramp, level));
    }
}

void Canvas::fill_rounded(Box box, int radius, Ramp edge, Ramp inside) {
    fill_ground({box.left + radius, box.top, box.width - 2 * radius, box.height}, inside);
    fill_ground({box.left, box.top + radius, box.width, box.height - 2 * radius}, inside);
    // How much of a pixel of a corner is within the circle: about, by how far its middle is from the circle's.
    for (int y = 0; y < radius; ++y) {
        for (int x = 0; x < radius; ++x) {
            const double distance = std::hypot(radius - x - 0.5, radius - y - 0.5);
            const double within = std::clamp(radius - distance + 0.5, 0.0, 1.0);
            const int right = box.left + box.width - 1 - x, bottom = box.top + box.height - 1 - y;
            for (const auto& [px, py] : {std::pair{box.left + x, box.top + y}, std::pair{right, box.top + y},
                                         std::pair{box.left + x, bottom}, std::pair{right, bottom}}) {
                if (within == 1.0) {
                    fill_ground({px, py, 1, 1}, inside);
                } else {
                    cover(px, py, edge, static_cast<unsigned>(within * 255));
                }
            }
        }
    }
}

void Canvas::cover(int x, int y, Ramp ramp, unsigned coverage) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return;
    const unsigned level = (coverage * (kLevels - 1) + 127) / 255;
    std::uint8_t& pixel =
        pixels_[static_cast<std::size_t>(y) * static_cast<std::size_t>(width_) + static_cast<std::size_t>(x)];
    if (level > pixel % kLevels) pixel = index(ramp, level);
}

std::string Canvas::png() const {
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(width_);
    image.height = static_cast<png_uint_32>(height_);
    image.format = PNG_FORMAT_RGB_COLORMAP;
    image.flags = PNG_IMAGE_FLAG_FAST;
    image.colormap_entries = static_cast<png_uint_32>(palette_.size());
    std::string made(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
    png_alloc_size_t bytes = made.size();
    if (png_image_write_to_memory(&image, made.data(), &bytes, 0, pixels_.data(), width_, palette_.data()) == 0) {
        throw std::runtime_error{image.message};
    }
    made.resize(bytes);
    return made;
}

}  // namespace snippetd::picture
