#pragma once

#include "base/clock.hpp"
#include "http/request.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

/// Conditional requests: RFC 9110 section 13, of which `If-Range` is in http/ranges.hpp.
namespace snippetd::http {

/// What a request's preconditions are held against: the target as it is now.
struct Validators {
    /// False where nothing is yet, as before something is made.
    bool exists = true;
    /// The entity tag, with its quotes, and `W/` before them when it is weak. Empty: there is none.
    std::string_view etag;
    /// Tags that go on with `-` where `etag` ends belong to other representations of the same state, and name it as
    /// well. For writes: what they change is the state, whatever of it the client has seen.
    bool any_representation = false;
    /// Compared in whole seconds, as `Last-Modified` says it. Absent: the conditions with dates say nothing.
    std::optional<base::UnixMillis> modified_at;
};

enum class Precondition {
    met,           ///< or there is none
    not_modified,  ///< 304; for GET and HEAD only
    failed,        ///< 412
};

/// Weighs the four conditions in the order of section 13.2.2. A date that is none, or a list of dates, is passed over,
/// as sections 13.1.3 and 13.1.4 ask. A list of entity tags that is malformed names nothing; with a write, where that
/// would let `If-None-Match` pass, it fails.
Precondition weigh_preconditions(const Request& request, const Validators& current);

bool has_preconditions(const Request& request);

/// Whether what the client has is current, when nothing but that is asked: for answers that are costly to make. With
/// `If-Match` or `If-Unmodified-Since` too it is false, and `weigh_preconditions` decides.
bool is_known(const Request& request, const Validators& current);

}  // namespace snippetd::http
