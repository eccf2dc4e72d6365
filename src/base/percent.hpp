#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Percent-encoding (RFC 3986 section 2.1), by Boost.URL.
namespace snippetd::base {

/// The marks that may stand in any place of a URL, beside letters and digits (RFC 3986 section 2.3).
inline constexpr std::string_view kUnreservedMarks = "-._~";

/// `text` with every byte encoded but ASCII's letters and digits and those in `plain_marks`, which has no percent sign.
std::string percent_encoded(std::string_view text, std::string_view plain_marks = kUnreservedMarks);

enum class Plus {
    itself,
    space,  ///< in what a form sends: bodies and queries
};

/// What `text` stands for, which may be any bytes. Nothing when a percent sign is not followed by two digits.
std::optional<std::string> percent_decoded(std::string_view text, Plus plus);

}  // namespace snippetd::base
