#include "fuzz/fuzz.hpp"
#include "http/parser.hpp"
#include "http/plain_get.hpp"

#include <algorithm>

// As a connection does: the whole header at once, then the body as it comes.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    constexpr std::size_t kBodyMax = 1024, kPiece = 16;
    const std::string_view all = fuzz::text(data, size);
    const std::size_t end = all.find("\r\n\r\n");
    if (end == all.npos) return 0;
    http::Request request, plain;
    http::Parser parser{request, kBodyMax};
    std::size_t fed = parser.feed(all.substr(0, end + 4));
    if (http::read_plain_get(all.substr(0, end + 4), plain)) {
        fuzz::need(!parser.failure() && parser.done() && parser.keep_alive(), "a plain GET is a good request");
        fuzz::need(plain.target == request.target && plain.path == request.path && plain.query == request.query,
                   "both readers find the same target");
        fuzz::need(plain.fields == request.fields, "both readers find the same fields");
    }
    while (!parser.failure() && !parser.done() && fed < size) {
        const std::size_t used = parser.feed(all.substr(fed, std::min(kPiece, size - fed)));
        if (used == 0) break;
        fed += used;
    }
    fuzz::need(request.body.size() <= kBodyMax, "a body is bounded");
    return 0;
}
