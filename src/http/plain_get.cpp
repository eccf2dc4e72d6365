#include "http/plain_get.hpp"

#include "base/ascii.hpp"
#include "http/lists.hpp"

namespace snippetd::http {

namespace {

constexpr std::string_view kMethod = "GET ", kVersion = " HTTP/1.1\r\n", kLineEnd = "\r\n";
constexpr std::size_t kHeaderBytesMax = 8 * 1024;  // beyond, the parser's bound is near

/// How many of the first characters are of that class.
std::size_t count_leading(std::string_view text, CharacterClass wanted) {
    std::size_t count = 0;
    while (count < text.size() && is_of(static_cast<unsigned char>(text[count]), wanted)) ++count;
    return count;
}

/// Takes `method SP target SP version CRLF` off `header`.
bool take_request_line(std::string_view& header, Request& request) {
    if (!header.starts_with(kMethod)) return false;
    const std::string_view rest = header.substr(kMethod.size());
    const std::string_view target = rest.substr(0, count_leading(rest, kTarget));
    if (!target.starts_with('/') || !rest.substr(target.size()).starts_with(kVersion)) return false;
    request.method = Method::get;
    request.method_text = header.substr(0, kMethod.size() - 1);
    request.target = target;
    const std::size_t mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != target.npos) request.query = target.substr(mark + 1);
    header.remove_prefix(kMethod.size() + target.size() + kVersion.size());
    return true;
}

/// Whether the field says how the connection goes on, or that there is a body. `Transfer-Encoding` and `Expect` are
/// among the known ones.
bool is_about_framing(std::string_view name, std::string_view value) {
    constexpr std::string_view kConnection = "Connection";
    switch (name.size()) {
        case kConnection.size():
            return base::equals_without_case(name, kConnection) && !base::equals_without_case(value, "keep-alive");
        case std::string_view{"Content-Length"}.size(): return base::equals_without_case(name, "Content-Length");
        case std::string_view{"Proxy-Connection"}.size(): return base::equals_without_case(name, "Proxy-Connection");
        default: return false;
    }
}

/// Takes `name ":" value CRLF` off `header`.
bool take_field(std::string_view& header, Request& request) {
    const std::string_view name = header.substr(0, count_leading(header, kToken));
    std::string_view rest = header.substr(name.size());
    if (name.empty() || !rest.starts_with(':')) return false;
    rest.remove_prefix(1);
    const std::string_view line = rest.substr(0, count_leading(rest, kText));
    rest.remove_prefix(line.size());
    if (!rest.starts_with(kLineEnd)) return false;
    header = rest.substr(kLineEnd.size());
    std::string_view value = line;
    while (value.starts_with(' ') || value.starts_with('\t')) value.remove_prefix(1);
    while (value.ends_with(' ') || value.ends_with('\t')) value.remove_suffix(1);
    if (is_about_framing(name, value)) return false;
    if (const std::optional<Field> field = field_named(name)) {
        std::string_view& kept = request.fields[static_cast<std::size_t>(*field)];
        if (kept.data() != nullptr) return false;
        kept = value;
    }
    return true;
}

bool read_header(std::string_view header, Request& request) {
    if (header.size() > kHeaderBytesMax || !take_request_line(header, request)) return false;
    while (header != kLineEnd) {
        if (!take_field(header, request)) return false;
    }
    const std::string_view host = request.field(Field::host);
    return is_host(host) && !host.ends_with(':') && !request.has(Field::expect) &&
           !request.has(Field::transfer_encoding);
}

}  // namespace

bool read_plain_get(std::string_view header, Request& request) {
    if (read_header(header, request)) return true;
    request.clear();
    return false;
}

}  // namespace snippetd::http
