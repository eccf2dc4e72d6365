#include "base/units.hpp"

#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace snippetd::base {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t factor;
};

// Largest first, so that the first one that divides a number is the one to write it in.
constexpr Unit kDurations[] = {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}};
constexpr Unit kSeconds[] = {{"w", 604'800}, {"d", 86'400}, {"h", 3600}, {"m", 60}, {"s", 1}};
constexpr Unit kSizes[] = {{"GiB", 1ull << 30}, {"MiB", 1ull << 20}, {"KiB", 1ull << 10}, {"B", 1}};

/// `bare`: the unit of a number that has none; empty when it must have one.
std::optional<std::uint64_t> parse(std::string_view text, std::span<const Unit> units, std::uint64_t max,
                                   std::string_view bare = {}) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc::invalid_argument) return std::nullopt;
    auto name = text.substr(static_cast<std::size_t>(end - text.data()));
    if (name.empty()) name = bare;
    for (const Unit& unit : units) {
        if (unit.name != name) continue;
        const bool too_large = error == std::errc::result_out_of_range || number > max / unit.factor;
        return too_large ? max : number * unit.factor;
    }
    return std::nullopt;
}

/// Writes `number` in the largest unit that divides it; zero in the smallest.
std::string format(std::uint64_t number, std::span<const Unit> units, std::string_view unit_left_out) {
    for (const Unit& unit : units) {
        if (unit.name == unit_left_out || number == 0 || number % unit.factor != 0) continue;
        return std::to_string(number / unit.factor).append(unit.name);
    }
    return std::string("0").append(units.back().name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    constexpr auto kMax = static_cast<std::uint64_t>(std::chrono::milliseconds::max().count());
    auto count = parse(text, kDurations, kMax);
    if (!count) return std::nullopt;
    return std::chrono::milliseconds(static_cast<std::chrono::milliseconds::rep>(*count));
}

std::optional<std::int64_t> parse_seconds(std::string_view text, std::string_view bare) {
    const auto count = parse(text, kSeconds, (1ull << 53) - 1, bare);
    if (!count) return std::nullopt;
    return static_cast<std::int64_t>(*count);
}

std::optional<std::uint64_t> parse_size(std::string_view text) {
    return parse(text, kSizes, std::numeric_limits<std::uint64_t>::max());
}

std::string format_duration(std::chrono::milliseconds duration) {
    return format(static_cast<std::uint64_t>(duration.count()), kDurations, "m");
}

std::string format_size(std::uint64_t bytes) {
    return format(bytes, kSizes, "");
}

}  // namespace snippetd::base
