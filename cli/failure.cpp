#include "failure.hpp"

namespace snippetd::cli {

ExitCode exit_code_of_status(int status) {
    switch (status) {
        case 400:
        case 413:
        case 422: return ExitCode::bad_input;
        case 404:
        case 410: return ExitCode::not_found;
        case 401:
        case 403: return ExitCode::not_permitted;
        case 409:
        case 412: return ExitCode::conflict;
        case 429: return ExitCode::rate_limited;
        default: return status >= 500 && status <= 599 ? ExitCode::server_broken : ExitCode::other;
    }
}

}  // namespace snippetd::cli
