#include "http/codings.hpp"

#include "http/negotiation.hpp"

#include <cstdint>
#include <stdexcept>

#include <brotli/encode.h>
#include <zlib.h>

namespace snippetd::http {

namespace {

constexpr int kGzipLevel = 6;
constexpr std::size_t kLargeText = 256 * 1024;  // from here on, faster and a little larger
constexpr int kBrotliQuality = 5, kBrotliQualityLarge = 3;

std::string gzip(std::string_view text) {
    z_stream stream{};
    // 16 more than the window's bits asks for gzip's header.
    if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error{"cannot compress"};
    std::string out(deflateBound(&stream, text.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    const int outcome = deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    if (outcome != Z_STREAM_END) throw std::runtime_error{"cannot compress"};
    return out;
}

std::string brotli(std::string_view text) {
    std::string out(BrotliEncoderMaxCompressedSize(text.size()), '\0');
    std::size_t size = out.size();
    const int quality = text.size() < kLargeText ? kBrotliQuality : kBrotliQualityLarge;
    const auto* input = reinterpret_cast<const std::uint8_t*>(text.data());
    if (!BrotliEncoderCompress(quality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.size(), input, &size,
                               reinterpret_cast<std::uint8_t*>(out.data()))) {
        throw std::runtime_error{"cannot compress"};
    }
    out.resize(size);
    return out;
}

}  // namespace

std::string_view to_text(Coding coding) {
    switch (coding) {
        case Coding::brotli: return "br";
        case Coding::gzip: return "gzip";
        case Coding::identity: break;
    }
    return {};
}

Coding choose_coding(std::string_view accept_encoding) {
    // An asterisk brings nothing: who sends it may not know what brotli is. Unnamed, the plain form is the last resort.
    int brotli = 0, gzip = 0, identity = 0;
    while (const std::optional<Preference> coding = take_preference(accept_encoding)) {
        if (coding->is("br")) brotli = coding->weight;
        if (coding->is("gzip") || coding->is("x-gzip")) gzip = coding->weight;  // section 8.4.1.3
        if (coding->is("identity")) identity = coding->weight;
    }
    if (brotli > 0 && brotli >= gzip && brotli >= identity) return Coding::brotli;
    return gzip > 0 && gzip >= identity ? Coding::gzip : Coding::identity;
}

std::string encode(std::string_view text, Coding coding) {
    switch (coding) {
        case Coding::brotli: return brotli(text);
        case Coding::gzip: return gzip(text);
        case Coding::identity: break;
    }
    return std::string{text};
}

}  // namespace snippetd::http
