#pragma once

#include "base/party.hpp"

#include <chrono>
#include <compare>
#include <cstdint>
#include <string>

namespace snippetd::base {

using Milliseconds = std::chrono::milliseconds;

/// For intervals and deadlines: never set back.
using SteadyTime = std::chrono::steady_clock::time_point;

inline SteadyTime steady_now() {
    return std::chrono::steady_clock::now();
}

/// An absolute point after which nobody waits for the answer any more, and who waits: so whoever has a queue can share
/// it out. One travels with each request.
struct Deadline {
    Deadline() = default;
    /// Without a party it is the service that waits.
    Deadline(SteadyTime at_, const Party& party_ = {}) : at{at_}, party{party_} {}

    SteadyTime at{};
    Party party;

    Deadline earlier_by(SteadyTime::duration duration) const { return {at - duration, party}; }
    operator SteadyTime() const { return at; }
    friend bool operator==(const Deadline& deadline, SteadyTime time) { return deadline.at == time; }
    friend auto operator<=>(const Deadline& deadline, SteadyTime time) { return deadline.at <=> time; }
    friend SteadyTime operator+(const Deadline& deadline, SteadyTime::duration more) { return deadline.at + more; }
    friend SteadyTime::duration operator-(const Deadline& deadline, SteadyTime time) { return deadline.at - time; }
};

inline Deadline deadline_in(Milliseconds duration, const Party& party = {}) {
    return {steady_now() + duration, party};
}

/// Milliseconds since 1970-01-01T00:00:00Z, the form in which times are stored and compared.
using UnixMillis = std::int64_t;

UnixMillis unix_now_ms();

/// `2026-11-24T08:15:30.123Z` (RFC 3339, UTC, always with milliseconds).
std::string format_rfc3339(UnixMillis time);

/// `Tue, 24 Nov 2026 08:15:30 GMT` (IMF-fixdate, RFC 9110 section 5.6.7).
std::string format_http_date(UnixMillis time);

}  // namespace snippetd::base
