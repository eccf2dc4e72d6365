#include "retries.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <ctime>
#include <string>

namespace snippetd::cli {

namespace {

constexpr Milliseconds kFirstWait{200};
constexpr Milliseconds kLongestWait{8000};
constexpr std::int64_t kAskedSecondsMax = 100LL * 365 * 24 * 3600;  // what is more is cut to this

}  // namespace

std::optional<Milliseconds> parse_retry_after(std::string_view value, std::chrono::sys_seconds now) {
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    if (value.empty()) return std::nullopt;
    if (value.find_first_not_of("0123456789") == value.npos) {
        std::int64_t seconds = 0;
        const auto [end, failure] = std::from_chars(value.data(), value.data() + value.size(), seconds);
        if (failure != std::errc{}) seconds = kAskedSecondsMax;
        return std::chrono::seconds{std::min(seconds, kAskedSecondsMax)};
    }
    std::tm parts{};
    const std::string copy{value};
    const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
    if (!end || *end != '\0') return std::nullopt;
    const std::chrono::sys_seconds until{std::chrono::seconds{timegm(&parts)}};
    return std::max(std::chrono::seconds{0}, until - now);
}

Retries::Next Retries::after_failure(Milliseconds elapsed, std::optional<Milliseconds> asked, double jitter) {
    Milliseconds wait{0};
    if (asked) {
        wait = *asked;
    } else {
        const Milliseconds whole = std::min(kLongestWait, kFirstWait * (1 << std::min(retries_made_, 10)));
        wait = Milliseconds{static_cast<std::int64_t>(static_cast<double>(whole.count()) * (1 - jitter / 2))};
    }
    if (retries_made_ >= retries_max_) return {Next::Verdict::used_up, wait};
    if (elapsed + wait >= total_) return {Next::Verdict::too_late, wait};
    ++retries_made_;
    return {Next::Verdict::wait, wait};
}

}  // namespace snippetd::cli
