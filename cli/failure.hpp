#pragma once

#include <stdexcept>
#include <string>

namespace snippetd::cli {

/// What the program ends with, by the kind of the first failure. `snip --help` and the man page say the same.
enum class ExitCode {
    ok = 0,
    other = 1,          ///< what fits nowhere else
    bad_input = 2,      ///< wrong use, or the server refuses the content (400, 413, 422)
    not_found = 3,      ///< 404, 410
    not_permitted = 4,  ///< 401, 403
    conflict = 5,       ///< 409, 412
    rate_limited = 6,   ///< 429
    server_broken = 7,  ///< any 5xx
    network = 8,        ///< no answer: could not connect, cut, timed out, TLS
    local_file = 9,     ///< a local file, or standard output, could not be read or written
};

/// The code for an answer that is not a success.
ExitCode exit_code_of_status(int status);

/// Why one file or snippet could not be done. The text is for people: it says what was tried and what to do.
class Failure : public std::runtime_error {
  public:
    Failure(ExitCode code, const std::string& text) : std::runtime_error{text}, code_{code} {}

    ExitCode code() const { return code_; }

  private:
    ExitCode code_;
};

/// A signal asked the program to end; `number` is which.
struct Interrupted {
    int number;
};

}  // namespace snippetd::cli
