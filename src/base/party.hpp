#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace snippetd::base {

/// What kind of work something is: each has a share of its own of what is scarce (`FairQueue`).
enum class Work : std::uint8_t {
    hot,        ///< from memory, whatever is asked for
    operation,  ///< health, metrics, and what the service does on its own account
    own,        ///< somebody's own write or read
    read,       ///< a snippet, when it is in no cache that is near
    list,       ///< many of them; with a condition it is a search
    render,     ///< a page, a diff, a picture
    auth,       ///< a password is tried, or made
    bulk,       ///< an export
};
inline constexpr std::size_t kWorks = 8;

/// Among those who have as much of a share, who goes first when not all can be served.
enum class Standing : std::uint8_t {
    bot,  ///< says of itself that it is one
    anonymous,
    account,
    service,
};

/// Whose work it is. A client is an account, or an address; 0 is the service itself.
struct Party {
    std::uint64_t client = 0;
    Work work = Work::operation;
    Standing standing = Standing::service;

    friend bool operator==(const Party&, const Party&) = default;
};

/// A client by its name: an account's id or `http::share_key` of its address. Never 0.
inline std::uint64_t client_number(std::string_view name) {
    return std::hash<std::string_view>{}(name) | 1;
}

}  // namespace snippetd::base
