#include "http/negotiation.hpp"

#include "base/ascii.hpp"
#include "base/assert.hpp"
#include "http/lists.hpp"

#include <algorithm>
#include <tuple>

namespace snippetd::http {

namespace {

/// Of `0.25`, in thousandths; nothing when it is no number. What is above 1 is 1.
std::optional<int> weight_of(std::string_view text) {
    int weight = 0, unit = 1000;
    bool fraction = false;
    if (text.empty() || text.front() == '.') return std::nullopt;
    for (const char c : text) {
        if (c == '.' && !fraction) {
            fraction = true;
            unit = 100;
        } else if (c < '0' || c > '9') {
            return std::nullopt;
        } else if (fraction) {
            weight += (c - '0') * unit;
            unit /= 10;
        } else {
            weight = std::min(weight * 10 + (c - '0') * unit, 1000);
        }
    }
    return std::min(weight, 1000);
}

/// How precisely a media range names the offer.
Welcome::Precision precision_of(const Preference& range, const Offer& offer) {
    if (range.is(offer.type) || range.is(offer.other)) return Welcome::by_name;
    if (!range.value.ends_with("/*")) return Welcome::not_at_all;
    const std::string_view type = range.value.substr(0, range.value.size() - 1);
    if (base::starts_without_case(offer.type, type)) return Welcome::by_type;
    return type == "*/" ? Welcome::by_anything : Welcome::not_at_all;
}

void note(Welcome& welcome, const Preference& range, Welcome::Precision precision, int place) {
    const auto rank = [](Welcome::Precision by, bool has_parameters, int weight) {
        return std::make_tuple(by, !has_parameters, weight);
    };
    if (rank(precision, range.has_parameters, range.weight) >
        rank(welcome.precision, welcome.has_parameters, welcome.weight))
        welcome = {range.weight, precision, place, range.has_parameters};
}

}  // namespace

bool Preference::is(std::string_view name) const {
    return base::equals_without_case(value, name);
}

std::optional<Preference> take_preference(std::string_view& list) {
    while (std::optional<std::string_view> element = take_element(list)) {
        Preference preference;
        preference.value = take_part(*element, ';');
        while (!element->empty()) {
            const std::string_view parameter = take_part(*element, ';');
            if (base::starts_without_case(parameter, "q=")) {
                preference.weight = weight_of(base::trimmed(parameter.substr(2))).value_or(preference.weight);
            } else if (!parameter.empty()) {
                preference.has_parameters = true;
            }
        }
        if (!preference.value.empty()) return preference;
    }
    return std::nullopt;
}

void weigh_offers(std::string_view accept, std::span<const Offer> offers, std::span<Welcome> welcomes) {
    SNIPPETD_ASSERT(offers.size() == welcomes.size(), offers.size(), welcomes.size());
    int place = 0;
    while (const std::optional<Preference> range = take_preference(accept)) {
        ++place;
        for (std::size_t i = 0; i < offers.size(); ++i) {
            const Welcome::Precision precision = precision_of(*range, offers[i]);
            if (precision != Welcome::not_at_all) note(welcomes[i], *range, precision, place);
        }
    }
}

}  // namespace snippetd::http
