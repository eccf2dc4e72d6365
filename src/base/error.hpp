#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/system/result.hpp>

namespace snippetd::base {

/// What can be wrong with a request; each has one HTTP status and one stable word (see `describe`).
enum class ErrorKind {
    bad_request,
    unauthenticated,
    forbidden,
    not_found,
    method_not_allowed,
    request_timeout,
    idempotency_in_progress,
    conflict,
    gone,
    precondition_failed,
    payload_too_large,
    range_not_satisfiable,
    expectation_failed,
    invalid,
    idempotency_key_reused,
    rate_limited,
    header_fields_too_large,
    internal,
    not_implemented,
    unavailable,
    insufficient_storage,
};

/// The public face of an ErrorKind: `word` is the `error` member of the problem document.
struct ErrorDescription {
    unsigned status;
    std::string_view word;
    std::string_view title;
};
ErrorDescription describe(ErrorKind kind);

/// The caller's mistake, as a value. `detail` and `fields` are shown to the caller: nothing internal goes in.
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string detail;
    std::vector<std::pair<std::string, std::string>> fields;  ///< member name and what is wrong with it
    std::int64_t retry_after_s = 0;                           ///< when positive, the answer has `Retry-After`
};

[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

/// The first of the two failure channels: what the caller did wrong.
template <class T>
using Result = boost::system::result<T, Error>;

/// The second: a backend is broken or overloaded. Caught once per request, where it becomes 503 with `Retry-After`.
class Unavailable : public std::runtime_error {
  public:
    explicit Unavailable(const std::string& reason, std::chrono::seconds retry_after = std::chrono::seconds{1})
        : std::runtime_error{reason}, retry_after_{retry_after} {}
    /// At least one second.
    std::chrono::seconds retry_after() const { return retry_after_; }

  private:
    std::chrono::seconds retry_after_;
};

/// The store has no room left. It becomes 507 (RFC 4918 section 11.5).
class StorageFull : public Unavailable {
  public:
    using Unavailable::Unavailable;
};

}  // namespace snippetd::base
