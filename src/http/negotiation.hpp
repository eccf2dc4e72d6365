#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

/// What a client says it would rather have: proactive negotiation (RFC 9110 section 12).
namespace snippetd::http {

/// One element of a list such as `Accept` or `Accept-Encoding`.
struct Preference {
    std::string_view value;       ///< a media range or a coding, as it was sent: capitals mean nothing
    int weight = 1000;            ///< in thousandths; 0 is not acceptable. A weight that is none counts as absent
    bool has_parameters = false;  ///< others than the weight

    bool is(std::string_view name) const;
};

/// Takes the first element off the list; nothing at its end. Commas and semicolons in quotes are part of a value.
std::optional<Preference> take_preference(std::string_view& list);

/// A form in which an answer can be sent.
struct Offer {
    std::string_view type;   ///< its media type
    std::string_view other;  ///< a media type that means the same to whoever asks for it
};

/// How welcome it is: the weight of the media range that names it most precisely (section 12.5.1).
struct Welcome {
    enum Precision { not_at_all, by_anything, by_type, by_name };

    int weight = 0;  ///< in thousandths; 0 when nothing in the list takes it
    Precision precision = not_at_all;
    int place = 0;  ///< of that range in the list, from 1
    /// Whether that range has parameters. What is offered has none, so of two ranges the one without them is more
    /// precise; but who asks for `application/json;odata=verbose` alone means JSON.
    bool has_parameters = false;
};

/// How welcome `Accept` makes each of the offers, in one walk. Without the field nothing is.
void weigh_offers(std::string_view accept, std::span<const Offer> offers, std::span<Welcome> welcomes);

template <std::size_t N>
std::array<Welcome, N> weigh_offers(std::string_view accept, const std::array<Offer, N>& offers) {
    std::array<Welcome, N> welcomes{};
    weigh_offers(accept, offers, welcomes);
    return welcomes;
}

}  // namespace snippetd::http
