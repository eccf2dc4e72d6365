#include "http/ranges.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace snippetd::http {

namespace {

/// What is asked for of a text: from `first` to `last`, both included and both perhaps beyond its end; without `first`
/// its last `last` bytes.
struct Range {
    std::optional<std::size_t> first, last;
};

/// Digits and nothing else. What is larger than any text is as good as the largest number.
std::optional<std::size_t> number_of(std::string_view digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != digits.npos) return std::nullopt;
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return failure == std::errc::result_out_of_range ? std::string_view::npos : number;
}

/// `bytes=0-499`, `bytes=500-`, `bytes=-500`; nothing for all else.
std::optional<Range> parse_range(std::string_view field) {
    constexpr std::string_view kUnit = "bytes=";
    if (!base::equals_without_case(field.substr(0, kUnit.size()), kUnit)) return std::nullopt;
    const std::string_view asked = base::trimmed(field.substr(kUnit.size()), " \t");
    const std::size_t dash = asked.find('-');
    if (dash == asked.npos) return std::nullopt;
    const Range range{number_of(asked.substr(0, dash)), number_of(asked.substr(dash + 1))};
    const bool understood = (range.first || dash == 0) && (range.last || dash + 1 == asked.size()) &&
                            (range.first || range.last) && (!range.first || !range.last || *range.first <= *range.last);
    return understood ? std::optional{range} : std::nullopt;
}

/// Section 13.1.5: a tag by strong comparison, or the date to the letter. Without the field it does.
bool is_of_this_text(const Request& request, const Response& response) {
    if (!request.has(Field::if_range)) return true;
    const std::string_view known = base::trimmed(request.field(Field::if_range), " \t");
    return known == response.field(known.starts_with('"') ? "ETag" : "Last-Modified");
}

}  // namespace

void cut_to_range(const Request& request, Response& response) {
    if (request.method != Method::get || response.status != 200 || !request.has(Field::range)) return;
    const std::optional<Range> range = parse_range(request.field(Field::range));
    if (!range || !is_of_this_text(request, response)) return;
    const std::size_t size = response.content_length();
    const std::size_t first = range->first ? *range->first : size - std::min(size, *range->last);
    if (first >= size) {
        response = problem({base::ErrorKind::range_not_satisfiable, fmt::format("It has {} bytes.", size), {}, 0});
        response.add("Content-Range", fmt::format("bytes */{}", size));
        return;
    }
    const std::size_t last = range->first && range->last ? std::min(*range->last, size - 1) : size - 1;
    response.status = 206;
    response.add("Content-Range", fmt::format("bytes {}-{}/{}", first, last, size));
    response.keep_part(first, last - first + 1);
}

}  // namespace snippetd::http
