#include "http/codings.hpp"

#include "base/assert.hpp"
#include "http/negotiation.hpp"

#include <cstdint>
#include <memory>
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

namespace {

void append_little_endian(std::string& out, std::uint32_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(number >> (8 * i));
}

EncodedBeginning gzip_beginning(std::string_view text) {
    z_stream stream{};
    if (deflateInit2(&stream, kGzipLevel, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error{"cannot compress"};
    constexpr std::size_t kFlushBytes = 16;  // of an empty block, with which it ends on a byte
    EncodedBeginning beginning{std::string(deflateBound(&stream, text.size()) + kFlushBytes, '\0'), text.size(), 0};
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(beginning.bytes.data());
    stream.avail_out = static_cast<uInt>(beginning.bytes.size());
    const int outcome = deflate(&stream, Z_SYNC_FLUSH);
    const bool whole = outcome == Z_OK && stream.avail_in == 0 && stream.avail_out > 0;
    beginning.bytes.resize(stream.total_out);
    beginning.check = static_cast<std::uint32_t>(stream.adler);
    deflateEnd(&stream);
    if (!whole) throw std::runtime_error{"cannot compress"};
    return beginning;
}

EncodedBeginning brotli_beginning(std::string_view text) {
    const std::unique_ptr<BrotliEncoderState, decltype(&BrotliEncoderDestroyInstance)> encoder{
        BrotliEncoderCreateInstance(nullptr, nullptr, nullptr), BrotliEncoderDestroyInstance};
    if (!encoder) throw std::runtime_error{"cannot compress"};
    const int quality = text.size() < kLargeText ? kBrotliQuality : kBrotliQualityLarge;
    BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(quality));
    BrotliEncoderSetParameter(encoder.get(), BROTLI_PARAM_MODE, BROTLI_MODE_TEXT);
    constexpr std::size_t kMargin = 1024;  // for the flush
    EncodedBeginning beginning{std::string(BrotliEncoderMaxCompressedSize(text.size()) + kMargin, '\0'), text.size(),
                               0};
    const auto* input = reinterpret_cast<const std::uint8_t*>(text.data());
    auto* output = reinterpret_cast<std::uint8_t*>(beginning.bytes.data());
    std::size_t left = text.size(), room = beginning.bytes.size(), size = 0;
    const bool encoded = BrotliEncoderCompressStream(encoder.get(), BROTLI_OPERATION_FLUSH, &left, &input, &room,
                                                     &output, &size) != BROTLI_FALSE;
    if (!encoded || left > 0 || BrotliEncoderHasMoreOutput(encoder.get())) throw std::runtime_error{"cannot compress"};
    beginning.bytes.resize(size);
    return beginning;
}

}  // namespace

EncodedBeginning encode_beginning(std::string_view text, Coding coding) {
    SNIPPETD_ASSERT(coding != Coding::identity, text.size());
    EncodedBeginning beginning = coding == Coding::gzip ? gzip_beginning(text) : brotli_beginning(text);
    beginning.bytes.shrink_to_fit();
    return beginning;
}

void append_encoded_end(std::string& out, const EncodedBeginning& beginning, std::string_view end, Coding coding) {
    constexpr std::size_t kEndMax = 65'535;
    SNIPPETD_ASSERT(!end.empty() && end.size() <= kEndMax, end.size());
    const auto size = static_cast<std::uint32_t>(end.size());
    if (coding == Coding::brotli) {
        // Not the last meta-block, four nibbles for its length, the length less one, uncompressed; then an empty last.
        append_little_endian(out, (size - 1) << 3U | 1U << 19U, 3);
        out += end;
        out += '\x03';
        return;
    }
    out += '\x01';  // the last block, stored
    append_little_endian(out, size, 2);
    append_little_endian(out, ~size, 2);
    out += end;
    const auto check = static_cast<std::uint32_t>(
        crc32_z(0, reinterpret_cast<const Bytef*>(end.data()), static_cast<z_size_t>(end.size())));
    append_little_endian(out, static_cast<std::uint32_t>(crc32_combine(beginning.check, check, size)), 4);
    append_little_endian(out, static_cast<std::uint32_t>(beginning.text_bytes + size), 4);
}

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
