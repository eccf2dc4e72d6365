#include "use_cases/complaints.hpp"

#include "base/utf8.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::use_cases {

namespace {

constexpr std::int64_t kSecondsOfADay = 24 * 3600;

std::string shortened(std::string_view text) {
    std::string out{base::cut(text, Complaints::kBytesMax)};
    if (out.size() < text.size()) out += "…";
    return out;
}

}  // namespace

void Complaints::add(std::string_view name, std::string_view why) {
    std::string about = shortened(name);
    const auto is_same = [&about](const auto& complaint) { return complaint.first == about; };
    if (std::any_of(complaints_.begin(), complaints_.end(), is_same)) return;
    overflows_ = complaints_.size() >= kMax;
    if (!overflows_) complaints_.emplace_back(std::move(about), shortened(why));
}

std::optional<Error> Complaints::to_error() const {
    if (complaints_.empty()) return std::nullopt;
    std::string detail = "Some values are not allowed.";
    if (overflows_) detail += fmt::format(" The first {} are named.", kMax);
    return Error{ErrorKind::invalid, std::move(detail), complaints_, 0};
}

std::string lifetime_fault(std::int64_t seconds_max) {
    return fmt::format("is from 1 second to {} days, or never (null)", seconds_max / kSecondsOfADay);
}

}  // namespace snippetd::use_cases
