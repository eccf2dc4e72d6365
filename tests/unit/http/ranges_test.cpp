#include "http/ranges.hpp"

#include <string>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

struct Asked {
    std::string_view range, if_range{};
    Method method = Method::get;
};

Response answer(const Asked& asked, std::string_view text = "0123456789") {
    Request request;
    request.method = asked.method;
    request.fields[static_cast<std::size_t>(Field::range)] = asked.range;
    if (!asked.if_range.empty()) request.fields[static_cast<std::size_t>(Field::if_range)] = asked.if_range;
    Response response;
    response.fields = "ETag: \"v1-raw\"\r\nLast-Modified: Tue, 24 Nov 2026 08:15:39 GMT\r\n";
    response.add_piece(text);
    cut_to_range(request, response);
    return response;
}

void expect_part(const Asked& asked, std::string_view part, std::string_view place) {
    const Response response = answer(asked);
    EXPECT_EQ(response.status, 206u) << asked.range;
    EXPECT_EQ(response.piece(0), part) << asked.range;
    EXPECT_EQ(response.field("Content-Range"), place) << asked.range;
    EXPECT_EQ(response.content_length(), part.size());
}

void expect_whole(const Asked& asked) {
    const Response response = answer(asked);
    EXPECT_EQ(response.status, 200u) << asked.range;
    EXPECT_EQ(response.piece(0), "0123456789") << asked.range;
    EXPECT_EQ(response.field("Content-Range"), "") << asked.range;
}

TEST(Ranges, GiveThePartThatIsAskedFor) {
    expect_part({"bytes=0-4"}, "01234", "bytes 0-4/10");
    expect_part({"bytes=4-4"}, "4", "bytes 4-4/10");
    expect_part({"bytes=5-"}, "56789", "bytes 5-9/10");
    expect_part({"bytes=-3"}, "789", "bytes 7-9/10");
    expect_part({"Bytes= 2-3 "}, "23", "bytes 2-3/10");
}

TEST(Ranges, EndWithTheText) {
    expect_part({"bytes=8-99"}, "89", "bytes 8-9/10");
    expect_part({"bytes=-99"}, "0123456789", "bytes 0-9/10");
    expect_part({"bytes=1-99999999999999999999999"}, "123456789", "bytes 1-9/10");
    expect_part({"bytes=-99999999999999999999999"}, "0123456789", "bytes 0-9/10");
}

TEST(Ranges, ThatTheTextHasNothingOfAreRefused) {
    for (const std::string_view range :
         {"bytes=10-", "bytes=10-20", "bytes=-0", "bytes=99999999999999999999999-", "bytes=99-100"}) {
        const Response response = answer({range});
        EXPECT_EQ(response.status, 416u) << range;
        EXPECT_EQ(response.field("Content-Range"), "bytes */10") << range;
    }
    EXPECT_EQ(answer({"bytes=0-"}, "").status, 416u);
}

TEST(Ranges, ThatCannotBeUnderstoodSayNothing) {
    for (const std::string_view range :
         {"", "bytes", "bytes=", "bytes=-", "bytes=x-", "bytes=1", "bytes=5-4", "bytes=0-1,3-4", "bytes=1--2",
          "lines=1-2", "bytes=0x1-2", "bytes=+1-2", "bytes=1-2-3", "bytes =1-2"}) {
        expect_whole({range});
    }
}

TEST(Ranges, OfAnotherTextSayNothing) {
    expect_part({"bytes=0-1", "\"v1-raw\""}, "01", "bytes 0-1/10");
    expect_part({"bytes=0-1", "Tue, 24 Nov 2026 08:15:39 GMT"}, "01", "bytes 0-1/10");
    expect_whole({"bytes=0-1", "\"v0-raw\""});
    expect_whole({"bytes=0-1", "W/\"v1-raw\""});
    expect_whole({"bytes=0-1", "Tue, 24 Nov 2026 08:15:40 GMT"});
    expect_whole({"bytes=99-", "\"v0-raw\""});
}

TEST(Ranges, AreOfAGet) {
    expect_whole({"bytes=0-1", {}, Method::head});
    expect_whole({"bytes=0-1", {}, Method::post});
}

}  // namespace
}  // namespace snippetd::http
