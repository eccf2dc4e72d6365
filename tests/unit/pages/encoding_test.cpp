#include "pages/encoding.hpp"

#include <array>
#include <string>

#include <brotli/decode.h>
#include <gtest/gtest.h>
#include <zlib.h>

namespace snippetd::pages {
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

TEST(Encoding, IsTheBestThatIsAccepted) {
    EXPECT_EQ(choose_encoding("gzip, deflate, br, zstd"), Encoding::brotli);
    EXPECT_EQ(choose_encoding("gzip, deflate"), Encoding::gzip);
    EXPECT_EQ(choose_encoding("x-gzip"), Encoding::gzip);
    EXPECT_EQ(choose_encoding(""), Encoding::identity);
    EXPECT_EQ(choose_encoding("deflate, zstd, identity"), Encoding::identity);
}

TEST(Encoding, AWeightOfZeroRefuses) {
    EXPECT_EQ(choose_encoding("br;q=0, gzip"), Encoding::gzip);
    EXPECT_EQ(choose_encoding("br; q=0.000, gzip;q=0"), Encoding::identity);
    EXPECT_EQ(choose_encoding("br;q=0.1"), Encoding::brotli);
}

TEST(Encoding, IsTheOneThatWeighsMostAndCapitalsMeanNothing) {
    EXPECT_EQ(choose_encoding("GZIP"), Encoding::gzip);
    EXPECT_EQ(choose_encoding("Br;Q=0, X-Gzip"), Encoding::gzip);
    EXPECT_EQ(choose_encoding("br;q=0.5, gzip;q=0.8"), Encoding::gzip);
    EXPECT_EQ(choose_encoding("br;q=0.5, gzip;q=0.5"), Encoding::brotli);
    EXPECT_EQ(choose_encoding("gzip;q=0.5, identity"), Encoding::identity);
    EXPECT_EQ(choose_encoding("*"), Encoding::identity) << "whoever takes anything may not know ours";
}

TEST(Encoding, ComesBackAsItWas) {
    std::string large;
    for (int i = 0; i < 100000; ++i) large += "line " + std::to_string(i) + "\n";
    for (const std::string& text : {std::string{"x"}, std::string{"<html>"}, large}) {
        EXPECT_EQ(gunzipped(encode(text, Encoding::gzip), text.size()), text);
        EXPECT_EQ(unbrotlied(encode(text, Encoding::brotli), text.size()), text);
        EXPECT_EQ(encode(text, Encoding::identity), text);
    }
    EXPECT_LT(encode(large, Encoding::brotli).size(), large.size() / 3);
}

}  // namespace
}  // namespace snippetd::pages
