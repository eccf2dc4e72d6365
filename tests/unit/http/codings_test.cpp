#include "http/codings.hpp"

#include <array>
#include <string>

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace snippetd::http {
namespace {

std::string gunzipped(std::string_view text, std::size_t size) {
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    std::string out(size, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream.avail_in = static_cast<uInt>(text.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    inflateEnd(&stream);
    return out;
}

std::string unbrotlied(std::string_view text, std::size_t size) {
    std::string out(size, '\0');
    EXPECT_EQ(BrotliDecoderDecompress(text.size(), reinterpret_cast<const std::uint8_t*>(text.data()), &size,
                                      reinterpret_cast<std::uint8_t*>(out.data())),
              BROTLI_DECODER_RESULT_SUCCESS);
    EXPECT_EQ(size, out.size());
    return out;
}

TEST(Coding, IsTheBestThatIsAccepted) {
    EXPECT_EQ(choose_coding("gzip, deflate, br, zstd"), Coding::brotli);
    EXPECT_EQ(choose_coding("gzip, deflate"), Coding::gzip);
    EXPECT_EQ(choose_coding("x-gzip"), Coding::gzip);
    EXPECT_EQ(choose_coding(""), Coding::identity);
    EXPECT_EQ(choose_coding("deflate, zstd, identity"), Coding::identity);
}

TEST(Coding, AWeightOfZeroRefuses) {
    EXPECT_EQ(choose_coding("br;q=0, gzip"), Coding::gzip);
    EXPECT_EQ(choose_coding("br; q=0.000, gzip;q=0"), Coding::identity);
    EXPECT_EQ(choose_coding("br;q=0.1"), Coding::brotli);
}

TEST(Coding, IsTheOneThatWeighsMostAndCapitalsMeanNothing) {
    EXPECT_EQ(choose_coding("GZIP"), Coding::gzip);
    EXPECT_EQ(choose_coding("Br;Q=0, X-Gzip"), Coding::gzip);
    EXPECT_EQ(choose_coding("br;q=0.5, gzip;q=0.8"), Coding::gzip);
    EXPECT_EQ(choose_coding("br;q=0.5, gzip;q=0.5"), Coding::brotli);
    EXPECT_EQ(choose_coding("gzip;q=0.5, identity"), Coding::identity);
    EXPECT_EQ(choose_coding("*"), Coding::identity) << "whoever takes anything may not know ours";
}

TEST(Coding, ComesBackAsItWas) {
    std::string large;
    for (int i = 0; i < 100000; ++i) large += "line " + std::to_string(i) + "\n";
    for (const std::string& text : {std::string{"x"}, std::string{"<html>"}, large}) {
        EXPECT_EQ(gunzipped(encode(text, Coding::gzip), text.size()), text);
        EXPECT_EQ(unbrotlied(encode(text, Coding::brotli), text.size()), text);
        EXPECT_EQ(encode(text, Coding::identity), text);
    }
    EXPECT_LT(encode(large, Coding::brotli).size(), large.size() / 3);
}

/// What a browser decodes: the whole, though only its end was made for this reader.
TEST(Coding, ABeginningAndAnEndAreOneText) {
    const std::string lines = [] {
        std::string text;
        for (int i = 0; i < 30'000; ++i) text += "line " + std::to_string(i) + "\n";
        return text;
    }();
    std::string noise(100'000, '\0');
    for (std::size_t i = 0; i < noise.size(); ++i) noise[i] = static_cast<char>(i * i * 2654435761u >> 11);
    std::string numbers;
    for (int i = 0; i < 131'072; ++i) numbers += std::to_string(10'000'000 + i) + '\n';
    for (const std::string& text : {std::string{}, std::string{"x"}, lines, noise, numbers, numbers + numbers}) {
        const EncodedBeginning gzip = encode_beginning(text, Coding::gzip);
        const EncodedBeginning brotli = encode_beginning(text, Coding::brotli);
        for (const std::string& end :
             {std::string{"}"}, std::string{"12,\"url\":\"/s/x\"}"}, noise.substr(0, 65'535)}) {
            std::string zipped = gzip.bytes, brotlied = brotli.bytes;
            append_encoded_end(zipped, gzip, end, Coding::gzip);
            append_encoded_end(brotlied, brotli, end, Coding::brotli);
            EXPECT_EQ(gunzipped(zipped, text.size() + end.size()), text + end);
            EXPECT_EQ(unbrotlied(brotlied, text.size() + end.size()), text + end);
        }
    }
    EXPECT_LT(encode_beginning(lines, Coding::brotli).bytes.size(), lines.size() / 3);
    EXPECT_LT(encode_beginning(lines, Coding::gzip).bytes.size(), lines.size() / 3);
}

}  // namespace
}  // namespace snippetd::http
