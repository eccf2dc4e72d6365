#include "api/burning.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace snippetd::api {

namespace {

using http::Field;

std::string lower_case(std::string_view text) {
    std::string out{text};
    std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
    return out;
}

/// Calls `visit` with each media range of `Accept` in lower case, without its parameters; those with a weight of zero
/// are not acceptable (RFC 9110 section 12.4.2) and left out.
template <class Visit>
void for_each_range(const http::Request& request, Visit visit) {
    const std::string accept = lower_case(request.field(Field::accept));
    std::string_view rest = accept;
    while (!rest.empty()) {
        const std::size_t comma = rest.find(',');
        const std::string_view range = rest.substr(0, comma);
        rest = comma == rest.npos ? std::string_view{} : rest.substr(comma + 1);
        const std::size_t begin = std::min(range.find_first_not_of(" \t"), range.size());
        const std::size_t end = std::min(range.find_first_of("; \t", begin), range.size());
        const std::string_view parameters = range.substr(end);
        const std::size_t weight = parameters.find("q=0");
        const bool refused =
            weight != parameters.npos && parameters.find_first_not_of(".0 \t", weight + 2) == parameters.npos;
        if (begin < end && !refused) visit(range.substr(begin, end - begin));
    }
}

bool is_page(std::string_view type) {
    return type == "text/html" || type == "application/xhtml+xml";
}

/// Whether JSON or plain text is asked for by name. A list with `*/*` as well, which is what many libraries send unless
/// they are told otherwise, takes anything, and one with other names may be anybody's: servers of the Fediverse ask for
/// `application/activity+json` to preview a link.
bool asks_by_name(const http::Request& request) {
    bool named = false, takes_more = false;
    for_each_range(request, [&](std::string_view type) {
        const bool text =
            type == "application/json" || type == "text/plain" || type.starts_with("application/vnd.github");
        (text ? named : takes_more) = true;
    });
    return named && !takes_more;
}

bool takes_page(const http::Request& request) {
    bool takes = false;
    for_each_range(request, [&](std::string_view type) { takes = takes || is_page(type); });
    return takes;
}

/// Whether it is a program that people give an address to, by the product that its name begins with.
bool is_named_program(const http::Request& request) {
    const std::string agent = lower_case(request.field(Field::user_agent));
    constexpr std::string_view kPrograms[] = {"curl/", "wget/", "httpie/", "snip/"};
    return std::any_of(std::begin(kPrograms), std::end(kPrograms),
                       [&](std::string_view name) { return agent.starts_with(name); });
}

/// Whether a browser made it, and not for a script of this site's own.
bool comes_from_browser(const http::Request& request) {
    if (request.has(Field::purpose)) return true;
    const auto says_other_than = [&request](Field field, std::initializer_list<std::string_view> values) {
        return request.has(field) && std::find(values.begin(), values.end(), request.field(field)) == values.end();
    };
    return says_other_than(Field::sec_fetch_dest, {"empty"}) ||
           says_other_than(Field::sec_fetch_mode, {"cors", "same-origin"}) ||
           says_other_than(Field::sec_fetch_site, {"same-origin"});
}

}  // namespace

bool asks_to_burn(const http::Request& request) {
    if (comes_from_browser(request) || takes_page(request)) return false;
    return http::find_parameter(request.query, "burn").value == "1" || asks_by_name(request) ||
           is_named_program(request);
}

bool takes_anything(const http::Request& request) {
    bool anything = !request.has(Field::accept);
    for_each_range(request, [&](std::string_view type) {
        anything = anything || type == "*/*" || type == "text/*" || is_page(type);
    });
    return anything;
}

bool names_json(const http::Request& request) {
    bool named = false;
    for_each_range(request, [&](std::string_view type) { named = named || type == "application/json"; });
    return named;
}

}  // namespace snippetd::api
