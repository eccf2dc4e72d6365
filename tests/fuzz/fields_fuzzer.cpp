#include "base/assert.hpp"
#include "fuzz/fuzz.hpp"
#include "http/client_address.hpp"
#include "http/codings.hpp"
#include "http/conditions.hpp"
#include "http/dates.hpp"
#include "http/entity_tag.hpp"
#include "http/lists.hpp"
#include "http/negotiation.hpp"

// The values of header fields, each parser on the same text.

/// An assertion that a text can break is a finding. The service's own says it in its log.
void snippetd::base::fail_assertion(std::string_view condition, std::string_view, std::initializer_list<Seen>,
                                    const char*, int) {
    fuzz::need(false, std::string{condition}.c_str());
    std::abort();
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    const std::string_view text = fuzz::text(data, size);
    const auto inside = [text](std::string_view part) {
        return part.empty() || (part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size());
    };
    std::string_view list = text;
    while (const auto element = http::take_element(list))
        fuzz::need(inside(*element), "an element is part of the list");
    list = text;
    while (const auto preference = http::take_preference(list)) {
        fuzz::need(inside(preference->value), "a value is part of the list");
        fuzz::need(preference->weight >= 0 && preference->weight <= 1000, "a weight is from 0 to 1");
    }
    const std::array<http::Offer, 2> offers{{{"text/html", "application/xhtml+xml"}, {"application/json", ""}}};
    for (const http::Welcome& welcome : http::weigh_offers(text, offers)) {
        fuzz::need((welcome.precision == http::Welcome::not_at_all) == (welcome.place == 0),
                   "who is named has a place");
    }
    http::choose_coding(text);
    http::credentials_of(text, "bearer");
    if (const auto parameter = http::parameter_of(text, "a"))
        fuzz::need(parameter->size() <= size, "a parameter is in what was sent");
    if (const auto tag = http::read_entity_tag(text); tag && !tag->weak)
        fuzz::need(http::strong_entity_tag(tag->opaque) == text, "a tag that was read can be written");
    http::parse_http_date(text, 0);
    http::Request request;
    request.method = http::Method::get;
    for (const http::Field field : {http::Field::if_match, http::Field::if_none_match})
        request.fields[static_cast<std::size_t>(field)] = text;
    http::Validators current;
    current.etag = "\"v1\"";
    current.any_representation = true;
    http::weigh_preconditions(request, current);
    const auto peer = boost::asio::ip::make_address("10.0.0.1");
    http::client_address(peer, text, std::array{*base::Cidr::parse("0.0.0.0/0"), *base::Cidr::parse("::/0")});
    return 0;
}
