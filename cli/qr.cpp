#include "qr.hpp"

#include "failure.hpp"

#include <memory>

#include <qrencode.h>

namespace snippetd::cli {

namespace {

constexpr int kQuietZone = 4;  // modules

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

}  // namespace

std::string draw_qr(std::string_view text, bool coloured) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::unique_ptr<QRcode, FreeCode> code{
        QRcode_encodeData(static_cast<int>(text.size()), bytes, 0, QR_ECLEVEL_M)};
    if (!code) throw Failure{ExitCode::other, "the link is too long for a QR code"};
    const int width = code->width;
    const auto light = [&](int x, int y) {
        const bool outside = x < 0 || y < 0 || x >= width || y >= width;
        return outside || (code->data[y * width + x] & 1) == 0;
    };
    std::string out;
    for (int y = -kQuietZone; y < width + kQuietZone; y += 2) {
        if (coloured) out += "\x1b[40;97m";
        for (int x = -kQuietZone; x < width + kQuietZone; ++x) {
            const bool upper = light(x, y), lower = light(x, y + 1);
            out += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
        }
        out += coloured ? "\x1b[0m\n" : "\n";
    }
    return out;
}

}  // namespace snippetd::cli
