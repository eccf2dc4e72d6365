#pragma once

#include <optional>
#include <string_view>

/// Lists in which a client says what it would rather have: `Accept`, `Accept-Encoding` (RFC 9110 section 12).
namespace snippetd::base {

/// One element of such a list.
struct Preference {
    std::string_view value;  ///< a media range or a coding, as it was sent: capitals mean nothing
    int weight = 1000;       ///< in thousandths; 0 is not acceptable. A weight that is none counts as absent.

    bool is(std::string_view name) const;  ///< `name` in lower case
};

/// Takes the first element off the list; nothing at its end. Commas and semicolons in quotes are part of a value.
std::optional<Preference> take_preference(std::string_view& list);

}  // namespace snippetd::base
