#include "fuzz/fuzz.hpp"
#include "http/parser.hpp"

#include <algorithm>

// As a connection does: the whole header at once, then the body as it comes.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    constexpr std::size_t kBodyMax = 1024, kPiece = 16;
    const std::string_view all = fuzz::text(data, size);
    const std::size_t end = all.find("\r\n\r\n");
    if (end == all.npos) return 0;
    http::Parser parser{kBodyMax};
    std::size_t fed = parser.feed(all.substr(0, end + 4));
    while (!parser.failure() && !parser.done() && fed < size) {
        const std::size_t used = parser.feed(all.substr(fed, std::min(kPiece, size - fed)));
        if (used == 0) break;
        fed += used;
    }
    fuzz::need(parser.request.body.size() <= kBodyMax, "a body is bounded");
    return 0;
}
