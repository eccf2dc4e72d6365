#include "application/hot_read.hpp"

#include "exchange/access.hpp"
#include "exchange/exposure.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"
#include "http/codings.hpp"
#include "ui/read_pages.hpp"

#include <fmt/format.h>

namespace snippetd::application {

using namespace exchange;

namespace {

bool says_who_asks(const http::Request& request) {
    return request.has(http::Field::cookie) || request.has(http::Field::authorization);
}

bool is_conditional(const http::Request& request) {
    return request.has(http::Field::if_none_match) || request.has(http::Field::if_modified_since);
}

/// What the answer to a near hit says beside what the entry has ready.
std::string fields_of_hit(bool listable) {
    return fmt::format("Cache-Status: {}\r\n{}", cache::cache_status(cache::Status::near_hit),
                       exposure_fields(true, listable));
}
const std::string kListable = fields_of_hit(true), kNotListable = fields_of_hit(false);

}  // namespace

bool answer_hot_read(Services& services, const http::Request& request, http::Service::Answer& answer) {
    constexpr std::string_view kPrefix = "/s/", kRawSuffix = "/raw";
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads || !request.query.empty() || !request.path.starts_with(kPrefix)) return false;
    if (services.options.views == ViewsMode::sync) return false;
    // Rare, and may be 412: not worth a place here.
    if (request.has(http::Field::if_match) || request.has(http::Field::if_unmodified_since)) return false;
    if (request.has(http::Field::range)) return false;
    std::string_view id = request.path.substr(kPrefix.size());
    const bool raw = id.ends_with(kRawSuffix);
    if (raw) id.remove_suffix(kRawSuffix.size());
    if (!is_snippet_id(id)) return false;
    std::shared_ptr<const cache::Entry> entry = services.cache.find_near(id, request.arrived_at);
    if (!entry) return false;
    if (entry->kind == cache::Entry::Kind::missing && says_who_asks(request)) return false;
    const bool page = !raw && prefers_page(request);
    std::shared_ptr<const pages::Page> rendered;
    std::string base;
    if (page) {
        if (entry->kind != cache::Entry::Kind::snippet) return false;
        append_base_url(base, services.options, request);
        rendered = services.pages.find(*entry->snippet, base, pages::Face::page);
        const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
        if (!rendered || rendered->content(encoding).empty()) return false;
        if (rendered->due(entry->view_count, base::steady_now())) return false;
    }
    const std::string_view route = raw ? "/s/{id}/raw" : "/s/{id}";
    if (entry->kind != cache::Entry::Kind::snippet) {
        answer.route = route;
        answer.response = http::problem(use_cases::absence(entry->kind));
        answer.response.constant_fields = exposure_fields(true, false);
        return true;
    }
    const bool listable = is_listable(*entry->snippet);
    const std::string_view exposure = exposure_fields(true, listable);
    const bool counts = !request.head() && services.options.views == ViewsMode::async;
    if (page) {
        if (counts) services.views.record(id);
        answer.route = route;
        answer.response = ui::respond_with_page(std::move(rendered), *entry->snippet, request, base,
                                                cache::Status::near_hit, pages::Face::page);
        answer.response.constant_fields = exposure;
        return true;
    }
    const Representation representation = raw ? Representation::raw : Representation::json;
    Encoded encoded = find_encoded(services, request, *entry, representation);
    if (raw && encoded.coding == http::Coding::identity && !is_conditional(request)) {
        if (counts) services.views.record(id);
        answer.route = route;
        http::Response& response = answer.response;
        response.cache_status = cache::cache_status(cache::Status::near_hit);
        response.prepared_head = entry->raw_head;
        response.constant_fields = listable ? kListable : kNotListable;
        response.add_piece(entry->snippet->body);
        response.owner = std::move(entry);
        return true;
    }
    std::optional<http::Response> response = respond_from(std::move(entry), representation, request, services.options,
                                                          cache::Status::near_hit, std::move(encoded));
    if (!response) return false;
    answer.route = route;
    if (counts) services.views.record(id);
    answer.response = *std::move(response);
    answer.response.constant_fields = exposure;
    return true;
}

}  // namespace snippetd::application
