#include "http/conditions.hpp"

#include "base/ascii.hpp"
#include "http/dates.hpp"
#include "http/entity_tag.hpp"

#include <algorithm>
#include <chrono>

namespace snippetd::http {

namespace {

bool names(const EntityTag& tag, const Validators& current, Comparison comparison) {
    const std::optional<EntityTag> wanted = read_entity_tag(current.etag);
    if (!wanted) return false;
    if (is_same(tag, *wanted, comparison)) return true;
    if (!current.any_representation || !tag.opaque.starts_with(wanted->opaque)) return false;
    const EntityTag beginning{tag.weak, tag.opaque.substr(0, wanted->opaque.size())};
    return is_same(beginning, *wanted, comparison) && tag.opaque[wanted->opaque.size()] == '-';
}

struct Named {
    bool found = false;      ///< the list names what is there
    bool malformed = false;  ///< the list is none, from some place on
};

Named find_named(std::string_view list, const Validators& current, Comparison comparison) {
    if (list == "*") return {current.exists, false};  // in a list it is no entity tag
    Named named;
    named.malformed = base::trimmed(list, " \t,").empty();
    while (!named.malformed) {
        list.remove_prefix(std::min(list.find_first_not_of(" \t,"), list.size()));
        if (list.empty()) break;
        const std::optional<EntityTag> tag = take_entity_tag(list);
        const std::size_t next = list.find_first_not_of(" \t");
        named.malformed = !tag || (next != list.npos && list[next] != ',');
        if (!named.malformed && current.exists && names(*tag, current, comparison)) named.found = true;
    }
    return named;
}

std::int64_t whole_seconds(base::UnixMillis time) {
    return std::chrono::floor<std::chrono::seconds>(base::Milliseconds{time}).count();
}

/// Whether the target has been modified after the date in `field`; nothing when that cannot be said.
std::optional<bool> modified_since(std::string_view field, const Validators& current) {
    if (!current.exists || !current.modified_at) return std::nullopt;
    const std::optional<std::int64_t> date = parse_http_date(field, base::unix_now_ms());
    if (!date) return std::nullopt;
    return whole_seconds(*current.modified_at) > *date;
}

bool reads(const Request& request) {
    return request.method == Method::get || request.method == Method::head;
}

}  // namespace

Precondition weigh_preconditions(const Request& request, const Validators& current) {
    if (request.has(Field::if_match)) {
        if (!find_named(request.field(Field::if_match), current, Comparison::strong).found) return Precondition::failed;
    } else if (request.has(Field::if_unmodified_since)) {
        if (modified_since(request.field(Field::if_unmodified_since), current).value_or(false))
            return Precondition::failed;
    }
    if (request.has(Field::if_none_match)) {
        const Named named = find_named(request.field(Field::if_none_match), current, Comparison::weak);
        if (reads(request)) return named.found ? Precondition::not_modified : Precondition::met;
        return named.found || named.malformed ? Precondition::failed : Precondition::met;
    }
    if (reads(request) && request.has(Field::if_modified_since)) {
        if (!modified_since(request.field(Field::if_modified_since), current).value_or(true))
            return Precondition::not_modified;
    }
    return Precondition::met;
}

bool has_preconditions(const Request& request) {
    return request.has(Field::if_match) || request.has(Field::if_none_match) || request.has(Field::if_modified_since) ||
           request.has(Field::if_unmodified_since);
}

bool is_known(const Request& request, const Validators& current) {
    if (request.has(Field::if_match) || request.has(Field::if_unmodified_since)) return false;
    return weigh_preconditions(request, current) == Precondition::not_modified;
}

}  // namespace snippetd::http
