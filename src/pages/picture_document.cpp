#include "pages/picture_document.hpp"

#include "base/utf8.hpp"
#include "pages/code.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace snippetd::pages {

namespace {

/// Then come the title and the caption.
struct Head {
    picture::Shape shape;
    picture::Theme theme;
    std::uint64_t first_line;
    std::uint32_t title_bytes, caption_bytes;
};

/// Where that many lines have ended.
std::size_t end_of_lines(std::string_view text, std::size_t lines) {
    std::size_t at = 0;
    for (; lines > 0 && at < text.size(); --lines) at = std::min(text.find('\n', at), text.size() - 1) + 1;
    return at;
}

}  // namespace

Excerpt excerpt_of(std::string_view text, std::span<const highlight::Run> colours, std::size_t first,
                   std::size_t last) {
    const std::size_t begin = end_of_lines(text, first - 1);
    const std::string_view rest = text.substr(begin);
    const std::string_view lines = base::cut(rest.substr(0, end_of_lines(rest, last - first + 1)), kExcerptBytesMax);
    return {lines, highlight::runs_within(colours, begin, begin + lines.size())};
}

std::string picture_request(const picture::Picture& picture) {
    const Head head{picture.shape, picture.theme, picture.first_line, static_cast<std::uint32_t>(picture.title.size()),
                    static_cast<std::uint32_t>(picture.caption.size())};
    std::string request(sizeof head, '\0');
    std::memcpy(request.data(), &head, sizeof head);
    request += picture.title;
    request += picture.caption;
    return request;
}

std::string draw_picture(std::string_view text, std::string_view request, std::string_view colours) {
    Head head{};
    if (request.size() < sizeof head) throw std::runtime_error{"a picture's request is too short"};
    std::memcpy(&head, request.data(), sizeof head);
    request.remove_prefix(sizeof head);
    if (request.size() != std::size_t{head.title_bytes} + head.caption_bytes) {
        throw std::runtime_error{"a picture's request has another size than it says"};
    }
    const auto take = [&request](std::size_t bytes) {
        const std::string_view taken = request.substr(0, bytes);
        request.remove_prefix(bytes);
        return taken;
    };
    picture::Picture picture;
    picture.shape = head.shape;
    picture.theme = head.theme;
    picture.text = text;
    picture.first_line = head.first_line;
    picture.title = take(head.title_bytes);
    picture.caption = take(head.caption_bytes);
    const auto runs = read_runs(colours, text.size());
    if (runs) picture.colours = *runs;
    return picture::png_of(picture).value_or(std::string{});
}

}  // namespace snippetd::pages
