#include "api/read_shared.hpp"

#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/snippet_json.hpp"
#include "base/secret.hpp"

#include <fmt/format.h>

namespace snippetd::api {

namespace {

enum class Representation { json, raw };

/// The answer from an entry: nothing of the snippet is copied.
http::Response respond_from(std::shared_ptr<const cache::Entry> entry, Representation representation,
                            const http::Request& request, const Options& options, cache::Status status,
                            bool conditional = true) {
    http::Response response;
    const bool raw = representation == Representation::raw;
    response.cache_status = cache::cache_status(status);
    response.fields = "Cache-Status: ";
    response.fields += response.cache_status;
    response.fields += "\r\n";
    response.prepared_fields = raw ? entry->raw_fields : entry->json_fields;
    if (conditional &&
        names_etag(request.field(http::Field::if_none_match), raw ? entry->raw_etag : entry->json_etag)) {
        response.status = 304;
    } else if (raw) {
        response.add_piece(entry->snippet.body);
    } else {
        // `body` holds what differs between readers and between moments; the pieces around it are the entry's.
        response.body = std::to_string(entry->view_count);
        const std::size_t digits = response.body.size();
        response.body += base_url(options, request);
        response.add_piece(entry->json_before_count);
        response.add_body_piece(0, digits);
        response.add_piece(entry->json_after_count);
        response.add_body_piece(digits, response.body.size() - digits);
        response.add_piece(entry->json_after_base);
    }
    response.owner = std::move(entry);
    return response;
}

/// No `Cache-Status`: it would tell a missing id, which is cached, from somebody's private snippet, which never is.
http::Response not_there(cache::Entry::Kind kind) {
    return http::problem(error(kind == cache::Entry::Kind::gone ? ErrorKind::gone : ErrorKind::not_found));
}

void add_download_fields(http::Response& response, const cache::Entry& entry) {
    const std::string name = download_name(entry.id, entry.snippet.title, entry.snippet.language);
    std::string ascii, encoded;
    for (const char c : name) {
        const auto byte = static_cast<unsigned char>(c);
        ascii += byte < 0x80 ? c : '_';
        if (std::isalnum(byte) || c == '.' || c == '-' || c == '_') {
            encoded += c;
        } else {
            encoded += fmt::format("%{:02X}", byte);
        }
    }
    // RFC 6266: the plain form for old clients, the encoded one for all others.
    response.add("Content-Disposition",
                 fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", ascii, encoded));
}

Awaitable<void> count_view(Exchange& exchange, std::string id) {
    switch (exchange.services.options.views) {
        case ViewsMode::off: co_return;
        case ViewsMode::async: exchange.services.views.record(id); co_return;
        case ViewsMode::sync: break;
    }
    store::ViewCounts one{{std::move(id), 1}};
    co_await exchange.services.store.apply_views(base::random_alphanumeric(20), std::move(one), exchange.deadline);
    exchange.services.views.note_applied();
}

/// The snippet itself, for one request only: private, or burning.
Awaitable<Result<std::shared_ptr<const cache::Entry>>> read_uncached(Exchange& exchange,
                                                                     const model::Snippet& snippet) {
    constexpr std::string_view kPrivately = "private, no-store";
    co_await identify(exchange);
    if (!may_read(exchange.caller, snippet)) co_return error(ErrorKind::not_found);
    if (snippet.expired(base::unix_now_ms())) co_return error(ErrorKind::gone);
    if (!snippet.burn_after_reading || exchange.request.head()) {
        co_return make_entry(snippet, base::Milliseconds{0}, kPrivately);
    }
    // Of all who come this far, on any instance, the store lets one through.
    std::optional<model::Snippet> burned = co_await exchange.services.store.burn_snippet(snippet.id, exchange.deadline);
    if (!burned) co_return error(ErrorKind::gone);
    co_return make_entry(*burned, base::Milliseconds{0}, kPrivately);
}

Answer read_link(Exchange& exchange, Representation representation) {
    const std::string id = exchange.parameters.front();
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await exchange.services.cache.read(id, exchange.deadline);
    std::shared_ptr<const cache::Entry> entry = std::move(read.fill.entry);
    if (entry && entry->kind != cache::Entry::Kind::snippet) co_return not_there(entry->kind);
    bool burned = false;
    if (!entry) {
        Result<std::shared_ptr<const cache::Entry>> uncached = co_await read_uncached(exchange, *read.fill.snippet);
        if (!uncached) co_return uncached.error();
        entry = *uncached;
        burned = read.fill.snippet->burn_after_reading;
    }
    if (!exchange.request.head()) co_await count_view(exchange, id);
    const http::Parameter download = http::find_parameter(exchange.request.query, "download");
    const bool downloads = representation == Representation::raw && download.value == "1";
    // What has just been burned is sent whatever the reader claims to have: a 304 would have burned it unread.
    http::Response response =
        respond_from(entry, representation, exchange.request, exchange.services.options, read.status, !burned);
    if (downloads) add_download_fields(response, *entry);
    co_return response;
}

}  // namespace

bool answer_hot_read(Services& services, const http::Request& request, http::Service::Answer& answer) {
    constexpr std::string_view kPrefix = "/s/", kRawSuffix = "/raw";
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads || !request.query.empty() || !request.path.starts_with(kPrefix)) return false;
    if (services.options.views == ViewsMode::sync) return false;
    std::string_view id = request.path.substr(kPrefix.size());
    const bool raw = id.ends_with(kRawSuffix);
    if (raw) id.remove_suffix(kRawSuffix.size());
    if (!is_snippet_id(id)) return false;
    std::shared_ptr<const cache::Entry> entry = services.cache.find_near(id);
    if (!entry) return false;
    answer.route = raw ? "/s/{id}/raw" : "/s/{id}";
    if (entry->kind != cache::Entry::Kind::snippet) {
        answer.response = not_there(entry->kind);
        return true;
    }
    if (!request.head() && services.options.views == ViewsMode::async) services.views.record(id);
    answer.response = respond_from(std::move(entry), raw ? Representation::raw : Representation::json, request,
                                   services.options, cache::Status::near_hit);
    return true;
}

Answer read_shared(Exchange& exchange) {
    return read_link(exchange, Representation::json);
}
Answer read_shared_raw(Exchange& exchange) {
    return read_link(exchange, Representation::raw);
}

}  // namespace snippetd::api
