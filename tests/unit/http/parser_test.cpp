#include "http/parser.hpp"

#include "http/plain_get.hpp"

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace snippetd::http {
namespace {

using base::ErrorKind;
using namespace std::string_literals;

constexpr std::uint64_t kBodyMax = 100;

/// A parser that is fed a request in pieces, as a connection does it: the wire's bytes stay where they are, and what
/// the parser has not used comes again together with what has arrived since.
struct Feeding {
    explicit Feeding(std::string wire_, std::uint64_t body_max = kBodyMax)
        : wire{std::move(wire_)}, parser{request, body_max} {}

    void arrive(std::size_t end) {
        while (fed < end && !parser.done() && !parser.failure()) {
            const std::size_t used = parser.feed(std::string_view{wire}.substr(fed, end - fed));
            if (used == 0) return;
            fed += used;
        }
    }
    void arrive_whole() { arrive(wire.size()); }
    void arrive_bytewise() {
        for (std::size_t end = 1; end <= wire.size() && !parser.done() && !parser.failure(); ++end) arrive(end);
    }

    std::string wire;
    std::size_t fed = 0;
    Request request;
    Parser parser;
};

/// A service that has a bound of its own for what is sent to `/brief`.
class BoundedService : public Service {
  public:
    std::uint64_t body_bytes_max(const Request& request) const override {
        return request.path == "/brief" ? 10 : UINT64_MAX;
    }
    bool answer_now(const Request&, Answer&) override { return false; }
    base::Awaitable<Answer> answer(Request&) override { throw std::logic_error{"nothing is answered here"}; }
};

TEST(Parser, TheServiceBoundsTheBodyOfARequestBeforeItIsRead) {
    const BoundedService service{};
    const auto refused = [&](const std::string& path, const std::string& rest) {
        const std::string header = "POST " + path + " HTTP/1.1\r\nHost: a\r\n" + rest;
        Request request;
        Parser parser{request, kBodyMax, &service};
        parser.feed(header);
        EXPECT_TRUE(request.body.size() <= kBodyMax);
        return parser.failure() && parser.failure()->kind == ErrorKind::payload_too_large;
    };
    EXPECT_FALSE(refused("/brief", "Content-Length: 10\r\n\r\n"));
    EXPECT_TRUE(refused("/brief", "Content-Length: 11\r\n\r\n"));
    EXPECT_TRUE(refused("/brief?a=b", "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n"));
    EXPECT_FALSE(refused("/brief", "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"));
    EXPECT_TRUE(refused("/brief", "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n"));
    EXPECT_TRUE(refused("/brief", "Transfer-Encoding: chunked\r\n\r\n9\r\n012345678\r\n2\r\n01\r\n0\r\n\r\n"));
    EXPECT_FALSE(refused("/other", "Content-Length: 100\r\n\r\n"));
    EXPECT_TRUE(refused("/other", "Content-Length: 101\r\n\r\n")) << "the bound of all";
}

struct Good {
    std::string name;
    std::string wire;
    Method method;
    std::string path;
    std::string query;
    std::string body;
    std::string behind{};  ///< what is left of the wire
};
void PrintTo(const Good& good, std::ostream* out) {
    *out << good.name;
}

const std::vector<Good> kGood{
    {"Get", "GET /s/abc HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/s/abc", "", ""},
    {"Query", "GET /explore?limit=5&q=a%20b? HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/explore", "limit=5&q=a%20b?",
     ""},
    {"EmptyQuery", "GET /? HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/", "", ""},
    {"Head", "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", Method::head, "/", "", ""},
    {"Put", "PUT / HTTP/1.1\r\nHost: a\r\n\r\n", Method::put, "/", "", ""},
    {"Patch", "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n", Method::patch, "/", "", ""},
    {"Delete", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n", Method::delete_, "/", "", ""},
    {"OptionsOfTheServer", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", Method::options, "*", "", ""},
    {"UnknownMethod", "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n", Method::other, "/pot", "", ""},
    {"ContentLength", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", Method::post, "/", "", "hello"},
    {"ContentLengthZero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", Method::post, "/", "", ""},
    {"BodyWithLineBreaks", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\n\r\n\r\n\r\n\r\n\r\n", Method::post, "/",
     "", "\r\n\r\n\r\n\r\n"},
    {"BodyWithZeros", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n\0a\0"s, Method::post, "/", "", "\0a\0"s},
    {"Chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
     Method::post, "/", "", "hello"},
    {"ChunkedWithoutAnything", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
     Method::post, "/", "", ""},
    {"ChunkedInAnyCase",
     "POST / HTTP/1.1\r\nHost: a\r\ntransfer-ENCODING: CHUNKED\r\n\r\nA\r\n0123456789\r\n00\r\n\r\n", Method::post, "/",
     "", "0123456789"},
    {"ChunkExtensions",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b;c=\"d\"\r\nhello\r\n0;x\r\n\r\n",
     Method::post, "/", "", "hello"},
    {"ChunkExtensionsOfAllKinds",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5 ;\ta = \"b;\\\"\t\\\\\xff\" ; "
     "c;d=e\r\nhello\r\n0;x=\"\"\r\n\r\n",
     Method::post, "/", "", "hello"},
    {"TrailersWithEmptyAndForeignValues",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX-A:\r\nX-B:  \xff\t1 \r\n\r\n",
     Method::post, "/", "", ""},
    {"Trailers",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Checksum: 1\r\nX-More: "
     "2\r\n\r\n",
     Method::post, "/", "", "hello"},
    {"AbsoluteForm", "GET http://a.example/s/x?y=1 HTTP/1.1\r\nHost: a.example\r\n\r\n", Method::get, "/s/x", "y=1",
     ""},
    {"AbsoluteFormWithoutPath", "GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", Method::get, "/", "", ""},
    {"AbsoluteFormWithoutPathWithQuery", "GET http://a.example?limit=5 HTTP/1.1\r\nHost: a.example\r\n\r\n",
     Method::get, "/", "limit=5", ""},
    {"AbsoluteFormWithASlashInTheQuery", "GET http://a.example?q=/s/x HTTP/1.1\r\nHost: a.example\r\n\r\n", Method::get,
     "/", "q=/s/x", ""},
    {"Fragment", "GET /s/x?y=1#z?w HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/s/x", "y=1", ""},
    {"UrlInTheQuery", "GET /explore?q=http://b/c HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/explore", "q=http://b/c",
     ""},
    {"Http10", "GET / HTTP/1.0\r\n\r\n", Method::get, "/", "", ""},
    {"Pipelined", "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n", Method::get, "/1", "", "",
     "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"PipelinedBehindABody", "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\n",
     Method::post, "/1", "", "hi", "GET /2 HTTP/1.1\r\n"},
    {"PipelinedBehindChunks",
     "POST /1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\nGET /2 HTTP/1.1\r\n",
     Method::post, "/1", "", "hi", "GET /2 HTTP/1.1\r\n"},
};

class GoodRequests : public testing::TestWithParam<Good> {};

TEST_P(GoodRequests, AreReadAsAWholeAndByteByByteAlike) {
    const Good& good = GetParam();
    Feeding whole{good.wire}, bytewise{good.wire};
    whole.arrive_whole();
    bytewise.arrive_bytewise();
    for (const Feeding* feeding : {&whole, &bytewise}) {
        SCOPED_TRACE(feeding == &whole ? "whole" : "byte by byte");
        const Request& request = feeding->request;
        ASSERT_FALSE(feeding->parser.failure()) << feeding->parser.failure()->detail;
        ASSERT_TRUE(feeding->parser.done());
        EXPECT_EQ(request.method, good.method);
        EXPECT_EQ(request.path, good.path);
        EXPECT_EQ(request.query, good.query);
        EXPECT_EQ(request.body, good.body);
        EXPECT_EQ(feeding->wire.substr(feeding->fed), good.behind);
        EXPECT_EQ(feeding->parser.http_1_0(), good.name == "Http10");
        EXPECT_EQ(std::string(request.method_text), good.wire.substr(0, good.wire.find(' ')));
    }
    EXPECT_EQ(whole.request.fields, bytewise.request.fields);
}

/// What `read_plain_get` takes, `Parser` takes, and both say the same of it.
void expect_same_if_plain(const std::string& wire) {
    const std::size_t end = wire.find("\r\n\r\n");
    if (end == wire.npos) return;
    const std::string header = wire.substr(0, end + 4);
    Request plain, request;
    if (!read_plain_get(header, plain)) {
        EXPECT_EQ(plain.fields, request.fields);
        EXPECT_TRUE(plain.target.empty());
        return;
    }
    Parser parser{request, kBodyMax};
    EXPECT_EQ(parser.feed(header), header.size());
    ASSERT_FALSE(parser.failure()) << header << parser.failure()->detail;
    EXPECT_TRUE(parser.done() && parser.keep_alive() && !parser.http_1_0() && !parser.expects_continue());
    EXPECT_EQ(plain.method, request.method);
    EXPECT_EQ(plain.method_text, request.method_text);
    EXPECT_EQ(plain.target, request.target);
    EXPECT_EQ(plain.path, request.path);
    EXPECT_EQ(plain.query, request.query);
    EXPECT_EQ(plain.fields, request.fields);
    for (std::size_t i = 0; i < kFieldCount; ++i) {
        EXPECT_EQ(plain.has(static_cast<Field>(i)), request.has(static_cast<Field>(i))) << i;
    }
    EXPECT_FALSE(request.has_body);
}

TEST_P(GoodRequests, AreReadAlikeWhenTheyArePlain) {
    expect_same_if_plain(GetParam().wire);
}

TEST_P(GoodRequests, AreNeverDoneBeforeTheirLastByte) {
    const Good& good = GetParam();
    const std::size_t size = good.wire.size() - good.behind.size();
    for (std::size_t end = 0; end < size; ++end) {
        Feeding feeding{good.wire};
        feeding.arrive(end);
        ASSERT_FALSE(feeding.parser.failure()) << "after " << end << " bytes";
        ASSERT_FALSE(feeding.parser.done()) << "after " << end << " bytes";
    }
}
INSTANTIATE_TEST_SUITE_P(Parser, GoodRequests, testing::ValuesIn(kGood),
                         [](const auto& test) { return test.param.name; });

struct Bad {
    std::string name;
    std::string wire;
    ErrorKind kind = ErrorKind::bad_request;
};
void PrintTo(const Bad& bad, std::ostream* out) {
    *out << bad.name;
}

std::string with_fields(const std::string& fields, const std::string& rest = "") {
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + rest;
}
std::string with_host(const std::string& host) {
    return "GET / HTTP/1.1\r\n" + host + "\r\n";
}
std::string with_chunks(const std::string& chunks) {
    return with_fields("Transfer-Encoding: chunked\r\n", chunks);
}

const std::vector<Bad> kBad{
    // Two ways to tell the length: whoever is before this server may believe the other one (RFC 9112 section 11.2).
    {"LengthThenChunked", with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"ChunkedThenLength", with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
    {"TwoLengths", with_fields("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")},
    {"AListOfLengths", with_fields("Content-Length: 5, 6\r\n", "hello!")},
    {"LengthWithPlus", with_fields("Content-Length: +5\r\n", "hello")},
    {"LengthWithMinus", with_fields("Content-Length: -5\r\n", "hello")},
    {"LengthInHexadecimal", with_fields("Content-Length: 0x5\r\n", "hello")},
    {"LengthWithALetter", with_fields("Content-Length: 5a\r\n", "hello")},
    {"LengthWithASpace", with_fields("Content-Length: 5 5\r\n", "hello")},
    {"LengthEmpty", with_fields("Content-Length:\r\n", "hello")},
    {"LengthBeyond64Bits", with_fields("Content-Length: 18446744073709551617\r\n", "h")},
    {"SpaceBeforeTheColonOfALength", with_fields("Content-Length : 5\r\n", "hello")},
    {"SpaceBeforeTheColonOfACoding", with_fields("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
    {"CodingIdentity", with_fields("Transfer-Encoding: identity\r\n")},
    {"CodingGzip", with_fields("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
    {"CodingAfterChunked", with_fields("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
    {"CodingChunkedTwiceInALine", with_fields("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
    {"CodingOnTwoLines", with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"CodingOnTwoLinesTheFirstOther",
     with_fields("Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"CodingOnTwoLinesTheFirstEmpty", with_fields("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"CodingWithAParameter", with_fields("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")},
    {"CodingThatOnlyLooksLikeIt", with_fields("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
    {"CodingWithAVerticalTab", with_fields("Transfer-Encoding: \vchunked\r\n", "0\r\n\r\n")},
    {"CodingEmpty", with_fields("Transfer-Encoding:\r\n", "0\r\n\r\n")},
    {"CodingInHttp10", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
    {"HostFoldedWhole", "GET / HTTP/1.1\r\nHost:\r\n a\r\n\r\n"},
    {"CodingFolded", with_fields("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
    {"ChunkSizeWithSign", with_chunks("-5\r\nhello\r\n0\r\n\r\n")},
    {"ChunkSizeWithPrefix", with_chunks("0x5\r\nhello\r\n0\r\n\r\n")},
    {"ChunkSizeEmpty", with_chunks("\r\nhello\r\n0\r\n\r\n")},
    {"ChunkSizeBeyond64Bits", with_chunks("10000000000000005\r\nhello\r\n0\r\n\r\n")},
    {"ChunkLongerThanItSays", with_chunks("3\r\nhello\r\n0\r\n\r\n")},
    {"ChunkEndsWithoutCarriageReturn", with_chunks("5\r\nhello\n0\r\n\r\n")},
    {"ChunkSizeEndsWithoutCarriageReturn", with_chunks("5\nhello\r\n0\r\n\r\n")},
    {"LineFeedInAQuotedExtension", with_chunks("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n")},
    {"LineBreakInAQuotedExtension", with_chunks("5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n")},
    {"ZeroInAQuotedExtension", with_chunks("5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s)},
    {"EscapedZeroInAQuotedExtension", with_chunks("5;a=\"\\\0\"\r\nhello\r\n0\r\n\r\n"s)},
    {"DelInAQuotedExtension", with_chunks("5;a=\"\x7f\"\r\nhello\r\n0\r\n\r\n")},
    {"ZeroInTheLastExtension", with_chunks("5\r\nhello\r\n0;a=\"\0\"\r\n\r\n"s)},
    {"ExtensionThatEndsWithABlank", with_chunks("5;a=b \r\nhello\r\n0\r\n\r\n")},
    {"ExtensionWithoutAName", with_chunks("5;\r\nhello\r\n0\r\n\r\n")},
    {"ExtensionWithoutAValue", with_chunks("5;a=\r\nhello\r\n0\r\n\r\n")},
    {"ExtensionWithoutASemicolon", with_chunks("5 a\r\nhello\r\n0\r\n\r\n")},
    {"TrailerFolded", with_chunks("0\r\nX-A: 1\r\n 2\r\n\r\n")},
    {"TrailerFoldedWhole", with_chunks("0\r\nX-A:\r\n\t2\r\n\r\n")},
    {"FirstTrailerFolded", with_chunks("0\r\n X-A: 1\r\n\r\n")},
    {"TrailerWithAZero", with_chunks("0\r\nX-A: \0\r\n\r\n"s)},
    {"TrailerWithoutAColon", with_chunks("0\r\nX-A\r\n\r\n")},
    {"TrailerWithABlankInItsName", with_chunks("0\r\nX A: 1\r\n\r\n")},
    {"TrailerEndsWithoutCarriageReturn", with_chunks("0\r\nX-A: 1\nX-B: 2\r\n\r\n")},
    // Lines.
    {"Folded", with_fields("X-A: 1\r\n 2\r\n")},
    {"FoldedWithATab", with_fields("X-A: 1\r\n\t2\r\n")},
    {"FirstFieldFolded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {"ALineFeedAlone", "GET / HTTP/1.1\r\nHost: a\nX-A: 1\r\n\r\n"},
    {"ACarriageReturnAlone", "GET / HTTP/1.1\r\nHost: a\rX-A: 1\r\n\r\n"},
    {"ZeroInAValue", with_fields("X-A: 1\0002\r\n"s)},
    {"ZeroInAName", with_fields("X\0A: 1\r\n"s)},
    {"ControlCharacterInAValue", with_fields("X-A: 1\x01\r\n")},
    {"NoColon", with_fields("X-A\r\n")},
    {"NoName", with_fields(": 1\r\n")},
    {"SpaceInAName", with_fields("X A: 1\r\n")},
    // The request line.
    {"NoVersion", "GET /\r\nHost: a\r\n\r\n"},
    {"Version2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"},
    {"Version09", "GET / HTTP/0.9\r\nHost: a\r\n\r\n"},
    {"Version12", "GET / HTTP/1.2\r\nHost: a\r\n\r\n"},
    {"VersionInLowerCase", "GET / http/1.1\r\nHost: a\r\n\r\n"},
    {"TwoSpaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"SpaceInTheTarget", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"SpaceAtTheEnd", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"},
    {"ControlCharacterInTheTarget", "GET /a\x01 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"DelInTheTarget", "GET /a\x7f HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"NoMethod", " / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"MethodWithASlash", "G/T / HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"SpeaksTls", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 / HTTP/1.1\r\nHost: a\r\n\r\n"s},
    // Host (RFC 9112 section 3.2).
    {"NoHost", with_host("")},
    {"TwoHosts", with_host("Host: a\r\nHost: a\r\n")},
    {"EmptyHost", with_host("Host:\r\n")},
    {"HostWithASpace", with_host("Host: a b\r\n")},
    {"HostWithAComma", with_host("Host: a,b\r\n")},
    {"HostWithAPath", with_host("Host: a/b\r\n")},
    {"HostWithAUser", with_host("Host: u@a\r\n")},
    {"HostWithMarkup", with_host("Host: a\"><script>\r\n")},
    {"HostWithPercent", with_host("Host: a%2fb\r\n")},
    {"HostOfAPortAlone", with_host("Host: :80\r\n")},
    {"HostWithAPortOfLetters", with_host("Host: a:b\r\n")},
    {"NoHostWithAnAbsoluteTarget", "GET http://a/ HTTP/1.1\r\n\r\n"},
    {"BadHostWithAnAbsoluteTarget", "GET http://a/ HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {"TwoHostsWithAnAbsoluteTarget", "GET http://a/ HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"},
    {"TwoHostsInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"},
    // Other errors than 400.
    {"UnknownExpectation", with_fields("Expect: 200-ok\r\n"), ErrorKind::expectation_failed},
    {"LengthAboveTheLimit", with_fields("Content-Length: 101\r\n"), ErrorKind::payload_too_large},
    {"LengthFarAboveTheLimit", with_fields("Content-Length: 18446744073709551615\r\n"), ErrorKind::payload_too_large},
    {"ChunkAboveTheLimit", with_chunks("65\r\nxxx"), ErrorKind::payload_too_large},
    {"ChunksAboveTheLimit", with_chunks("32\r\n" + std::string(50, 'x') + "\r\n33\r\n"), ErrorKind::payload_too_large},
    {"HeaderAboveTheLimit", with_fields("X-A: " + std::string(Parser::kHeaderBytesMax, 'x') + "\r\n"),
     ErrorKind::header_fields_too_large},
    {"TargetAboveTheLimit", "GET /" + std::string(Parser::kHeaderBytesMax, 'x') + " HTTP/1.1\r\nHost: a\r\n\r\n",
     ErrorKind::header_fields_too_large},
};

class BadRequests : public testing::TestWithParam<Bad> {};

TEST_P(BadRequests, AreRefusedAsAWholeAndByteByByteAlike) {
    const Bad& bad = GetParam();
    Feeding whole{bad.wire}, bytewise{bad.wire};
    whole.arrive_whole();
    bytewise.arrive_bytewise();
    for (const Feeding* feeding : {&whole, &bytewise}) {
        SCOPED_TRACE(feeding == &whole ? "whole" : "byte by byte");
        ASSERT_TRUE(feeding->parser.failure());
        EXPECT_EQ(feeding->parser.failure()->kind, bad.kind) << feeding->parser.failure()->detail;
        EXPECT_FALSE(feeding->parser.failure()->detail.empty());
    }
}
TEST_P(BadRequests, AreNotPlain) {
    expect_same_if_plain(GetParam().wire);
}

INSTANTIATE_TEST_SUITE_P(Parser, BadRequests, testing::ValuesIn(kBad),
                         [](const auto& test) { return test.param.name; });

struct Beginning {
    std::string name;
    std::string bytes;
};
void PrintTo(const Beginning& beginning, std::ostream* out) {
    *out << beginning.name;
}

/// What is complete and malformed is refused although the rest may still come. The last byte here is what tells.
const std::vector<Beginning> kBadChunkBeginnings{
    {"Size", "z"},
    {"SizeAfterData", "2\r\nhiz"},
    {"SizeAfterALineBreak", "2\r\nhi\r\nz"},
    {"SizeWithALineFeed", "2\n"},
    {"SizeAndMore", "2x"},
    {"UnclosedQuote", "2;a=\"b\r\n"},
    {"UnclosedQuoteOfTheLast", "0;a=\"b\r\n"},
    {"UnclosedEscape", "2;a=\"b\\\r\n"},
    {"QuotedLineFeed", "2;a=\"b\n"},
    {"QuotedZero", "2;a=\"b\0"s},
    {"NoName", "2;\r\n"},
    {"FoldedTrailer", "0\r\nX-A: 1\r\n "},
    {"FoldedFirstTrailer", "0\r\n\t"},
    {"TrailerWithoutAColon", "0\r\nX-A\r\n"},
    {"TrailerWithALineFeed", "0\r\nX-A: 1\n"},
    {"TrailerWithAZero", "0\r\nX-A: \0"s},
};

class BadChunkBeginnings : public testing::TestWithParam<Beginning> {};

TEST_P(BadChunkBeginnings, AreNotWaitedFor) {
    const std::string wire = with_chunks(GetParam().bytes);
    Feeding whole{wire}, bytewise{wire};
    whole.arrive_whole();
    EXPECT_TRUE(whole.parser.failure());
    bytewise.arrive(wire.find("\r\n\r\n") + 4);
    for (std::size_t end = bytewise.fed + 1; end < wire.size(); ++end) {
        bytewise.arrive(end);
        ASSERT_FALSE(bytewise.parser.failure()) << "before the end, after " << end << " bytes";
    }
    bytewise.arrive_whole();
    EXPECT_TRUE(bytewise.parser.failure());
}
INSTANTIATE_TEST_SUITE_P(Parser, BadChunkBeginnings, testing::ValuesIn(kBadChunkBeginnings),
                         [](const auto& test) { return test.param.name; });

const std::vector<Beginning> kBadHeaderBeginnings{
    {"Tls", "\x16"},
    {"NoTarget", "GET\r"},
    {"NoVersion", "GET /\r"},
    {"ShortVersion", "GET / HTTP/\r\n"},
    {"EmptyVersion", "GET / \r\n"},
    {"OtherVersion", "GET / HTTP/2.0"},
    {"LineFeed", "GET / HTTP/1.1\n"},
    {"TargetIsNone", "GET x HTTP/1.1\r\n"},
    {"FieldWithoutAColon", "GET / HTTP/1.1\r\nX-A\r"},
    {"FieldWithALineFeed", "GET / HTTP/1.1\r\nX-A: 1\n"},
    {"FieldWithAZero", "GET / HTTP/1.1\r\nX-A: \0"s},
    {"FoldedField", "GET / HTTP/1.1\r\nX-A: 1\r\n 2\r\nX"},
    {"TwoWaysToTellTheLength", "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\nX"},
};

class BadHeaderBeginnings : public testing::TestWithParam<Beginning> {};

TEST_P(BadHeaderBeginnings, AreNotWaitedFor) {
    const std::string& bytes = GetParam().bytes;
    const auto fault = Parser::find_early_fault(bytes);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind, ErrorKind::bad_request);
    for (std::size_t end = 1; end < bytes.size(); ++end) {
        EXPECT_FALSE(Parser::find_early_fault(std::string_view{bytes}.substr(0, end))) << "after " << end << " bytes";
    }
}
INSTANTIATE_TEST_SUITE_P(Parser, BadHeaderBeginnings, testing::ValuesIn(kBadHeaderBeginnings),
                         [](const auto& test) { return test.param.name; });

TEST(Parser, TheBeginningOfAGoodHeaderHasNoFault) {
    for (const Good& good : kGood) {
        const std::size_t size = good.wire.find("\r\n\r\n") + 4;
        for (std::size_t end = 0; end < size; ++end) {
            ASSERT_FALSE(Parser::find_early_fault(std::string_view{good.wire}.substr(0, end)))
                << good.name << ", " << end;
        }
    }
}

TEST(Parser, AHeaderWithoutAnEndIsAFaultAtItsLimit) {
    const std::string beginning = "GET / HTTP/1.1\r\nX-A: " + std::string(Parser::kHeaderBytesMax, 'x');
    EXPECT_FALSE(Parser::find_early_fault(std::string_view{beginning}.substr(0, Parser::kHeaderBytesMax - 1)));
    const auto fault = Parser::find_early_fault(std::string_view{beginning}.substr(0, Parser::kHeaderBytesMax));
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind, ErrorKind::header_fields_too_large);
}

TEST(Parser, LinesThatEndWithALineFeedAloneNeverBecomeARequest) {
    Feeding feeding{"GET / HTTP/1.1\nHost: a\n\n"};
    feeding.arrive_whole();
    EXPECT_FALSE(feeding.parser.done());
}

TEST(Parser, AHeaderThatNeverEndsIsRefusedAtTheLimit) {
    Feeding feeding{with_fields("X-A: " + std::string(20'000, 'x'))};
    std::size_t end = 1;
    for (; end <= feeding.wire.size() && !feeding.parser.failure(); ++end) feeding.arrive(end);
    ASSERT_TRUE(feeding.parser.failure());
    EXPECT_EQ(feeding.parser.failure()->kind, ErrorKind::header_fields_too_large);
    EXPECT_LE(end, Parser::kHeaderBytesMax + 2);
}

TEST(Parser, WhatIsJustWithinTheLimitsIsTaken) {
    const std::string start = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\nX-A: ";
    const std::string header = start + std::string(Parser::kHeaderBytesMax - start.size() - 4, 'x') + "\r\n\r\n";
    ASSERT_EQ(header.size(), Parser::kHeaderBytesMax);
    Feeding feeding{header + std::string(kBodyMax, 'b')};
    feeding.arrive_whole();
    ASSERT_FALSE(feeding.parser.failure()) << feeding.parser.failure()->detail;
    EXPECT_TRUE(feeding.parser.done());
    EXPECT_EQ(feeding.request.body.size(), kBodyMax);
}

TEST(Parser, ALengthAloneReservesNoMoreThanItsBound) {
    Feeding feeding{with_fields("Content-Length: 1000000000\r\n"), 2'000'000'000};
    feeding.arrive_whole();
    ASSERT_TRUE(feeding.parser.header_done());
    EXPECT_LE(feeding.request.body.capacity(), 128u * 1024);
}

const Request& parsed(Feeding& feeding) {
    feeding.arrive_whole();
    EXPECT_TRUE(feeding.parser.done());
    return feeding.request;
}

TEST(Parser, KeepsTheFieldsThatTheServiceLooksAt) {
    Feeding feeding{
        "GET / HTTP/1.1\r\nhOST: a.example:80\r\nAccept: text/html\r\nauthorization:   Bearer x y \t\r\nContent-Type: "
        "t\r\n"
        "Cookie: session=1\r\nX-Edit-Token: e\r\nX-Forwarded-For: f\r\nIdempotency-Key: k\r\nIf-Match: m\r\n"
        "If-None-Match: n\r\nIf-Modified-Since: a\r\nIf-Unmodified-Since: b\r\nIf-Range: g\r\nRange: j\r\n"
        "Origin: o\r\nX-Request-Id: r\r\nSec-Fetch-Site: s\r\nX-Other: z\r\nReferer: q\r\n"
        "Sec-Fetch-Dest: d\r\nSec-Fetch-Mode: w\r\nPurpose: p\r\n"
        "Accept-Encoding: br\r\nUser-Agent: u\r\n\r\n"};
    const Request& request = parsed(feeding);
    const std::vector<std::pair<Field, std::string_view>> expected{{Field::host, "a.example:80"},
                                                                   {Field::accept, "text/html"},
                                                                   {Field::authorization, "Bearer x y"},
                                                                   {Field::content_type, "t"},
                                                                   {Field::cookie, "session=1"},
                                                                   {Field::edit_token, "e"},
                                                                   {Field::forwarded_for, "f"},
                                                                   {Field::idempotency_key, "k"},
                                                                   {Field::if_match, "m"},
                                                                   {Field::if_modified_since, "a"},
                                                                   {Field::if_unmodified_since, "b"},
                                                                   {Field::if_none_match, "n"},
                                                                   {Field::if_range, "g"},
                                                                   {Field::range, "j"},
                                                                   {Field::origin, "o"},
                                                                   {Field::request_id, "r"},
                                                                   {Field::sec_fetch_site, "s"},
                                                                   {Field::transfer_encoding, ""},
                                                                   {Field::expect, ""},
                                                                   {Field::accept_encoding, "br"},
                                                                   {Field::user_agent, "u"},
                                                                   {Field::sec_fetch_dest, "d"},
                                                                   {Field::sec_fetch_mode, "w"},
                                                                   {Field::purpose, "p"}};
    ASSERT_EQ(expected.size(), kFieldCount);
    for (const auto& [field, value] : expected) {
        EXPECT_EQ(request.field(field), value);
        EXPECT_EQ(request.has(field), !value.empty());
    }
}

TEST(Parser, AFieldWithoutAValueIsThere) {
    Feeding feeding{"GET / HTTP/1.1\r\nHost: a\r\nIdempotency-Key:\r\n\r\n"};
    const Request& request = parsed(feeding);
    EXPECT_TRUE(request.has(Field::idempotency_key));
    EXPECT_EQ(request.field(Field::idempotency_key), "");
    EXPECT_FALSE(request.has(Field::accept));
}

TEST(Parser, LinesOfAListAreJoinedAndOfOthersTheFirstCounts) {
    Feeding feeding{
        "GET / HTTP/1.1\r\nHost: a\r\nAccept: 1\r\nAccept: 2\r\nAccept: 3\r\nCookie: a=1\r\nCookie: b=2\r\n"
        "X-Forwarded-For: 1\r\nX-Forwarded-For: 2\r\nIf-None-Match: \"v1\"\r\nIf-None-Match: \"v2\"\r\n"
        "Authorization: Bearer 1\r\nAuthorization: Bearer 2\r\n\r\n"};
    const Request& request = parsed(feeding);
    EXPECT_EQ(request.field(Field::accept), "1, 2, 3");
    EXPECT_EQ(request.field(Field::cookie), "a=1; b=2");
    EXPECT_EQ(request.field(Field::forwarded_for), "1, 2");
    EXPECT_EQ(request.field(Field::if_none_match), "\"v1\", \"v2\"");
    EXPECT_EQ(request.field(Field::authorization), "Bearer 1");
}

TEST(Parser, TrailersAreNotFields) {
    Feeding feeding{with_chunks("0\r\nAuthorization: Bearer x\r\nX-Forwarded-For: 10.0.0.1\r\nHost: b\r\n\r\n")};
    const Request& request = parsed(feeding);
    EXPECT_FALSE(request.has(Field::authorization));
    EXPECT_FALSE(request.has(Field::forwarded_for));
    EXPECT_EQ(request.field(Field::host), "a");
}

TEST(Parser, SaysBeforeTheBodyThatTheClientWaitsForContinue) {
    for (const char* value : {"100-continue", "100-CONTINUE"}) {
        Feeding feeding{with_fields("Expect: "s + value + "\r\nContent-Length: 2\r\n", "hi")};
        feeding.arrive(feeding.wire.size() - 2);
        ASSERT_TRUE(feeding.parser.header_done());
        EXPECT_FALSE(feeding.parser.done());
        EXPECT_TRUE(feeding.parser.expects_continue());
        feeding.arrive_whole();
        EXPECT_TRUE(feeding.parser.done());
    }
    Feeding without{with_fields("Content-Length: 2\r\n", "hi")};
    EXPECT_EQ(parsed(without).body, "hi");
    EXPECT_FALSE(without.parser.expects_continue());
}

TEST(Parser, InHttp10NobodyWaitsForContinue) {
    Feeding feeding{"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"};
    parsed(feeding);
    EXPECT_FALSE(feeding.parser.expects_continue());
}

TEST(Parser, AnExpectationAboveTheBodyLimitIsRefusedBeforeTheBody) {
    Feeding feeding{with_fields("Expect: 100-continue\r\nContent-Length: 101\r\n")};
    feeding.arrive_whole();
    ASSERT_TRUE(feeding.parser.failure());
    EXPECT_EQ(feeding.parser.failure()->kind, ErrorKind::payload_too_large);
}

TEST(Parser, HostsOfEveryFormAreTaken) {
    for (const char* host : {"a", "a.example", "a.example:8080", "127.0.0.1:3000", "[::1]:3000", "a_b-c.example."}) {
        Feeding feeding{with_host("Host: "s + host + "\r\n")};
        EXPECT_EQ(parsed(feeding).field(Field::host), host);
    }
}

TEST(Parser, AnEmptyPortIsTheUsualOne) {
    for (const char* host : {"a:", "[::1]:"}) {
        Feeding feeding{with_host("Host: "s + host + "\r\n")};
        EXPECT_EQ(std::string{parsed(feeding).field(Field::host)} + ":", host);
    }
}

TEST(Parser, TheHostOfAnAbsoluteTargetIsTheOneThatCounts) {
    for (const auto& [target, host] : {std::pair{"http://a.example/x", "a.example"},
                                       {"https://a.example:81?x", "a.example:81"},
                                       {"http://a.example:/x", "a.example"},
                                       {"http://[::1]/", "[::1]"}}) {
        for (const std::string fields : {"Host: b.example\r\n", "X-A: 1\r\nHost: a.example\r\n"}) {
            Feeding feeding{"GET "s + target + " HTTP/1.1\r\n" + fields + "\r\n"};
            EXPECT_EQ(parsed(feeding).field(Field::host), host);
            const std::string copy = feeding.wire;
            feeding.request.move_views(feeding.wire, copy.data());
            EXPECT_EQ(feeding.request.field(Field::host), host);
        }
    }
    Feeding old{"GET http://a.example/ HTTP/1.0\r\n\r\n"};
    EXPECT_EQ(parsed(old).field(Field::host), "a.example");
}

TEST(Parser, RequestsWithoutABodyHaveNone) {
    Feeding without{with_fields("")}, with{with_fields("Content-Length: 2\r\n", "hi")};
    EXPECT_FALSE(parsed(without).has_body);
    EXPECT_TRUE(parsed(with).has_body);
}

/// What browsers and tools send.
const std::vector<std::string> kPlain{
    "GET /s/abcdefghijkl/raw HTTP/1.1\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nhost:127.0.0.1:8080\r\n\r\n",
    "GET /s/a?x=1&y=%20?z HTTP/1.1\r\nHost:\t [::1]:80 \t\r\nX:\r\nUser-Agent: curl/8.0 (\xC3\xA4)\r\nAccept: "
    "*/*\r\n\r\n",
    "GET /s/a HTTP/1.1\r\nHost: example.org\r\nConnection: Keep-Alive\r\nPragma: no-cache\r\nAccept: "
    "text/html,*/*;q=0.8\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: de;q=0.9\r\nCookie: a=b; c=\"d\"\r\nDNT: 1\r\n"
    "Sec-Fetch-Dest: document\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Site: none\r\nSec-Fetch-User: ?1\r\n"
    "If-None-Match: \"v1\"\r\nX-Forwarded-For: 192.0.2.1\r\nUpgrade-Insecure-Requests: 1\r\n\r\n",
};

TEST(PlainGet, TakesWhatIsUsual) {
    for (const std::string& wire : kPlain) {
        Request request;
        EXPECT_TRUE(read_plain_get(wire, request)) << wire;
        expect_same_if_plain(wire);
    }
}

TEST(PlainGet, IsExactlyWhatTheParserWouldTake) {
    // Each byte of each usual request replaced by each other byte, and each left out.
    for (const std::string& wire : kPlain) {
        for (std::size_t at = 0; at < wire.size(); ++at) {
            for (const int byte :
                 {0, 1, 9, 10, 13, 32, 34, 35, 37, 44, 47, 58, 59, 63, 65, 91, 93, 127, 128, 160, 255}) {
                std::string changed = wire;
                changed[at] = static_cast<char>(byte);
                expect_same_if_plain(changed);
            }
            expect_same_if_plain(wire.substr(0, at) + wire.substr(at + 1));
            if (HasFailure()) FAIL() << "at " << at << " of " << wire;
        }
    }
}

TEST(PlainGet, LeavesTheRestToTheParser) {
    for (const std::string& fields :
         {""s, "Host: a\r\nHost: a\r\n"s, "Host: a:\r\n"s, "Host: a b\r\n"s, "Host: a\r\nConnection: close\r\n"s,
          "Host: a\r\nContent-Length: 0\r\n"s, "Host: a\r\nTransfer-Encoding: chunked\r\n"s,
          "Host: a\r\nExpect: 100-continue\r\n"s, "Host: a\r\nProxy-Connection: close\r\n"s,
          "Host: a\r\nCookie: a=b\r\nCookie: c=d\r\n"s, "Host: a\r\nX: a\r\n b\r\n"s, "Host: a\r\nX : a\r\n"s,
          "Host: a\r\nX: a\rb\r\n"s, "Host: a\nX: b\r\n"s, "Host: a\r\nConnection: keep-alive, Upgrade\r\n"s}) {
        Request request;
        EXPECT_FALSE(read_plain_get("GET / HTTP/1.1\r\n" + fields + "\r\n", request)) << fields;
    }
    for (const std::string& line :
         {"HEAD / HTTP/1.1"s, "GET / HTTP/1.0"s, "GET http://a/ HTTP/1.1"s, "GET * HTTP/1.1"s, "GET /#a HTTP/1.1"s,
          "GET  / HTTP/1.1"s, "get / HTTP/1.1"s, "GET /\xC3\xA4 HTTP/1.1"s, "GET / HTTP/1.1 "s, "POST / HTTP/1.1"s}) {
        Request request;
        EXPECT_FALSE(read_plain_get(line + "\r\nHost: a\r\n\r\n", request)) << line;
    }
}

}  // namespace
}  // namespace snippetd::http
