#include "exchange/burning.hpp"

#include "base/ascii.hpp"
#include "http/negotiation.hpp"

#include <algorithm>

namespace snippetd::exchange {

namespace {

using http::Field;

/// Calls `visit` with each media range of `Accept` that is acceptable.
template <class Visit>
void for_each_range(const http::Request& request, Visit visit) {
    std::string_view accept = request.field(Field::accept);
    while (const std::optional<http::Preference> range = http::take_preference(accept)) {
        if (range->weight > 0) visit(*range);
    }
}

bool is_page(const http::Preference& range) {
    return range.is("text/html") || range.is("application/xhtml+xml");
}

/// Whether JSON or plain text is asked for by name. A list with `*/*` as well, which is what many libraries send unless
/// they are told otherwise, takes anything, and one with other names may be anybody's: servers of the Fediverse ask for
/// `application/activity+json` to preview a link.
bool asks_by_name(const http::Request& request) {
    bool named = false, takes_more = false;
    for_each_range(request, [&](const http::Preference& range) {
        const bool text = range.is("application/json") || range.is("text/plain") ||
                          base::starts_without_case(range.value, "application/vnd.github");
        (text ? named : takes_more) = true;
    });
    return named && !takes_more;
}

bool takes_page(const http::Request& request) {
    bool takes = false;
    for_each_range(request, [&](const http::Preference& range) { takes = takes || is_page(range); });
    return takes;
}

/// Whether it is a program that people give an address to, by the product that its name begins with.
bool is_named_program(const http::Request& request) {
    const std::string_view agent = request.field(Field::user_agent);
    constexpr std::string_view kPrograms[] = {"curl/", "wget/", "httpie/", "snip/"};
    return std::any_of(std::begin(kPrograms), std::end(kPrograms),
                       [&](std::string_view name) { return base::starts_without_case(agent, name); });
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
    for_each_range(request, [&](const http::Preference& range) {
        anything = anything || range.is("*/*") || range.is("text/*") || is_page(range);
    });
    return anything;
}

bool names_json(const http::Request& request) {
    bool named = false;
    for_each_range(request, [&](const http::Preference& range) { named = named || range.is("application/json"); });
    return named;
}

}  // namespace snippetd::exchange
