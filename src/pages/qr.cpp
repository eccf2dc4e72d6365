#include "pages/qr.hpp"

#include <memory>
#include <stdexcept>

#include <fmt/format.h>
#include <qrencode.h>

namespace snippetd::pages {

namespace {

constexpr int kQuietZone = 4;  // modules

struct FreeCode {
    void operator()(QRcode* code) const { QRcode_free(code); }
};

}  // namespace

std::string qr_svg(std::string_view text) {
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    const std::unique_ptr<QRcode, FreeCode> code{
        QRcode_encodeData(static_cast<int>(text.size()), bytes, 0, QR_ECLEVEL_M)};
    if (!code) throw std::runtime_error{"too long for a QR code"};
    const int side = code->width + 2 * kQuietZone;
    std::string out =
        fmt::format(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {0}" width="{1}" height="{1}" )"
                    R"(shape-rendering="crispEdges"><path fill="#fff" d="M0 0h{0}v{0}H0z"/><path d=")",
                    side, side * 8);
    for (int y = 0; y < code->width; ++y) {
        for (int x = 0; x < code->width; ++x) {
            int run = 0;
            while (x + run < code->width && (code->data[y * code->width + x + run] & 1)) ++run;
            if (run == 0) continue;
            fmt::format_to(std::back_inserter(out), "M{} {}h{}v1h-{}z", x + kQuietZone, y + kQuietZone, run, run);
            x += run;
        }
    }
    return out + R"("/></svg>)";
}

}  // namespace snippetd::pages
