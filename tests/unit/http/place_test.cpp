#include "http/place.hpp"

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

std::string written(std::string_view url) {
    const std::optional<Place> place = place_of(url);
    return place ? place->scheme + "|" + place->authority + "|" + std::string{place->rest} : "none";
}

TEST(Place, IsWrittenInOneWay) {
    for (const char* url : {"https://paste.example/s/X", "HTTPS://Paste.EXAMPLE/s/X", "https://paste.example:443/s/X",
                            "https://paste.example:/s/X"}) {
        EXPECT_EQ(written(url), "https|paste.example|/s/X") << url;
    }
    EXPECT_EQ(written("http://a:80"), "http|a|");
    EXPECT_EQ(written("http://a:443?x"), "http|a:443|?x");
    EXPECT_EQ(written("https://a:80#x"), "https|a:80|#x");
    EXPECT_EQ(written("http://[::1]:80/"), "http|[::1]|/");
    EXPECT_EQ(written("http://[2001:DB8::80]"), "http|[2001:db8::80]|");
    EXPECT_EQ(written("http://[::1]:3000"), "http|[::1]:3000|");
}

TEST(Place, IsNoneForWhatLeadsElsewhere) {
    for (const char* url : {"", "null", "a", "//a", "ftp://a", "http://", "http:///x", "http://u@a", "http://:80",
                            "javascript://a", "http:/a", " http://a"}) {
        EXPECT_EQ(written(url), "none") << url;
    }
}

TEST(Place, AHostFieldIsWrittenLikeAUrl) {
    EXPECT_EQ(normal_authority("Paste.Example:80", "http"), "paste.example");
    EXPECT_EQ(normal_authority("paste.example:443", "https"), "paste.example");
    EXPECT_EQ(normal_authority("paste.example:443", "http"), "paste.example:443");
    EXPECT_EQ(normal_authority("", "http"), "");
}

}  // namespace
}  // namespace snippetd::http
