#include "use_cases/complaints.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::use_cases {

namespace {

std::string cut(std::string_view text) {
    if (text.size() <= Complaints::kBytesMax) return std::string{text};
    std::size_t end = Complaints::kBytesMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
    return std::string{text.substr(0, end)} + "…";
}

}  // namespace

void Complaints::add(std::string_view name, std::string_view why) {
    overflows_ = complaints_.size() >= kMax;
    if (!overflows_) complaints_.emplace_back(cut(name), cut(why));
}

bool Complaints::about(std::string_view name) const {
    return std::any_of(complaints_.begin(), complaints_.end(),
                       [name](const auto& complaint) { return complaint.first == name; });
}

std::optional<Error> Complaints::to_error() const {
    if (complaints_.empty()) return std::nullopt;
    std::string detail = "Some members have values that are not allowed.";
    if (overflows_) detail += fmt::format(" The first {} are named.", kMax);
    return Error{ErrorKind::invalid, std::move(detail), complaints_, 0};
}

std::string lifetime_fault(std::int64_t seconds_max) {
    return fmt::format("must be null or a whole number from 1 to {}", seconds_max);
}

}  // namespace snippetd::use_cases
