#include "exchange/link.hpp"

#include "base/assert.hpp"
#include "base/percent.hpp"
#include "exchange/access.hpp"
#include "exchange/burning.hpp"
#include "exchange/page.hpp"
#include "exchange/snippet_json.hpp"
#include "http/conditions.hpp"
#include "http/entity_tag.hpp"
#include "http/ranges.hpp"
#include "pages/template.hpp"
#include "use_cases/texts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

void add_download_fields(http::Response& response, const cache::Entry& entry) {
    const std::string name = download_name(entry.id, entry.snippet->title, entry.snippet->language);
    std::string ascii = name;
    std::replace_if(
        ascii.begin(), ascii.end(), [](unsigned char c) { return c >= 0x80; }, '_');
    // RFC 6266: the plain form for old clients, the encoded one for all others.
    response.add("Content-Disposition",
                 fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", ascii, base::percent_encoded(name)));
}

/// What a request gets that does not ask on purpose: the page with the button, or, where the answer is for programs or
/// a page is not wanted, a refusal that says how it is done.
Awaitable<Result<http::Response>> ask_first(Exchange& exchange, const model::Snippet& snippet, Reader reader) {
    const http::Request& request = exchange.request;
    if (prefers_page(request) || (reader == Reader::anybody && takes_anything(request))) {
        co_return co_await confirm_burning(exchange, snippet);
    }
    co_return error(ErrorKind::forbidden,
                    fmt::format("This snippet burns after reading, and this request does not ask for that on purpose. "
                                "POST to {}/s/{}/reveal shows it once, and so does a GET with ?burn=1.",
                                exchange.base_url(), snippet.id));
}

}  // namespace

bool has_it(const http::Request& request, std::string_view etag, const model::Snippet& snippet) {
    http::Validators current;
    current.etag = etag;
    current.modified_at = snippet.updated_at;
    return http::is_known(request, current);
}

namespace {

/// What is the same for all readers of an answer.
struct Sent {
    std::shared_ptr<const cache::Entry> entry;
    std::shared_ptr<const CodedText> text;
};

/// Begins `response` with all fields but the entity tag.
void begin_response(http::Response& response, const cache::Entry& entry, Representation representation,
                    cache::Status status, http::Coding coding) {
    constexpr std::size_t kFieldsSize = 192;  // what they are mostly, so that they are allocated once
    response.cache_status = cache::cache_status(status);
    response.fields.reserve(kFieldsSize);
    response.fields = "Cache-Status: ";
    response.fields += response.cache_status;
    response.fields += "\r\n";
    response.prepared_fields =
        representation == Representation::raw ? entry.raw_fields() : std::string_view{entry.json_fields};
    if (coding == http::Coding::identity) return;
    response.fields += "Content-Encoding: ";
    response.fields += http::to_text(coding);
    response.fields += "\r\n";
}

/// Nothing when its text has not been encoded.
std::optional<http::Response> respond_raw(std::shared_ptr<const cache::Entry> entry, const http::Request& request,
                                          cache::Status status, Encoded encoded, bool conditional) {
    std::optional<http::Response> made{std::in_place};
    http::Response& response = *made;
    begin_response(response, *entry, Representation::raw, status, encoded.coding);
    response.unconditional = !conditional;
    if (encoded.coding == http::Coding::identity) {
        if (conditional && has_it(request, entry->raw_etag, *entry->snippet)) {
            response.status = 304;
        } else {
            response.add_piece(entry->snippet->body);
        }
        response.owner = std::move(entry);
        return made;
    }
    std::string etag = entry->raw_etag;
    append_coding(etag, encoded.coding);
    response.prepared_fields.remove_prefix(response.prepared_fields.find('\n') + 1);  // the tag of the text as it is
    response.add("ETag", etag);
    if (conditional && has_it(request, etag, *entry->snippet)) {
        response.become_not_modified();
        response.owner = std::move(entry);
        return made;
    }
    if (!encoded.text) return std::nullopt;
    response.add_piece(encoded.text->beginning.bytes);
    response.owner = std::make_shared<Sent>(Sent{std::move(entry), std::move(encoded.text)});
    return made;
}

/// Nothing when it has JSON in it that has not been made or encoded.
std::optional<http::Response> respond_json(std::shared_ptr<const cache::Entry> entry, const http::Request& request,
                                           const Options& options, cache::Status status, Encoded encoded,
                                           bool conditional) {
    constexpr std::size_t kBodySize = 64;
    std::optional<http::Response> made{std::in_place};
    http::Response& response = *made;
    begin_response(response, *entry, Representation::json, status, encoded.coding);
    response.unconditional = !conditional;
    // `body` holds what differs between readers and between moments; the pieces around it are the entry's.
    const std::int64_t view_count = entry->view_count;
    response.body.reserve(kBodySize);
    response.body = std::to_string(view_count);
    const std::size_t digits = response.body.size();
    append_base_url(response.body, options, request);
    const std::string_view base = std::string_view{response.body}.substr(digits);
    response.fields += "ETag: ";
    const std::size_t tag_begin = response.fields.size();
    append_json_etag(response.fields, entry->version, view_count, base);
    append_coding(response.fields, encoded.coding);
    const bool has_current =
        conditional && has_it(request, std::string_view{response.fields}.substr(tag_begin), *entry->snippet);
    response.fields += "\r\n";
    if (has_current) {
        response.become_not_modified();
    } else if (encoded.coding != http::Coding::identity) {
        if (!encoded.text) return std::nullopt;
        const std::string end = fmt::format("{}{}{}{}", response.body.substr(0, digits), entry->json_after_count, base,
                                            entry->json_after_base);
        response.body.clear();
        http::append_encoded_end(response.body, encoded.text->beginning, end, encoded.coding);
        response.add_piece(encoded.text->beginning.bytes);
        response.add_body_piece(0, response.body.size());
        response.owner = std::make_shared<Sent>(Sent{std::move(entry), std::move(encoded.text)});
        return made;
    } else if (!entry->whole() && !request.head()) {
        return std::nullopt;
    } else {
        response.add_piece(entry->json_before_count);
        response.unmade_bytes = entry->json_before_count_bytes - entry->json_before_count.size();
        response.add_body_piece(0, digits);
        response.add_piece(entry->json_after_count);
        response.add_body_piece(digits, base.size());
        response.add_piece(entry->json_after_base);
    }
    response.owner = std::move(entry);
    return made;
}

// What is left to send the text as it is, when encoding it takes too long.
constexpr base::Milliseconds kTimeToSend{300};

/// The text encoded, or as it is when that cannot be had in time.
Awaitable<Encoded> encode(Exchange& exchange, std::shared_ptr<const cache::Entry> entry, Representation representation,
                          http::Coding coding) {
    const base::Deadline patience = exchange.deadline.earlier_by(kTimeToSend);
    try {
        if (representation == Representation::json && !entry->whole()) {
            entry = co_await exchange.services.cache.complete(entry, patience);
        }
        std::shared_ptr<const CodedText> text =
            co_await exchange.worker.coded_texts.make(std::move(entry), representation, coding, patience);
        co_return Encoded{coding, std::move(text)};
    } catch (const base::Unavailable&) {
        co_return Encoded{};
    }
}

}  // namespace

std::optional<http::Response> respond_from(std::shared_ptr<const cache::Entry> entry, Representation representation,
                                           const http::Request& request, const Options& options, cache::Status status,
                                           Encoded encoded, bool conditional) {
    if (representation == Representation::raw) {
        return respond_raw(std::move(entry), request, status, std::move(encoded), conditional);
    }
    return respond_json(std::move(entry), request, options, status, std::move(encoded), conditional);
}

Encoded find_encoded(Services& worker, const http::Request& request, const cache::Entry& entry,
                     Representation representation) {
    Encoded encoded{CodedTexts::coding_for(request, entry), nullptr};
    if (encoded.coding != http::Coding::identity) {
        encoded.text = worker.coded_texts.find(entry, representation, encoded.coding);
    }
    return encoded;
}

Awaitable<std::shared_ptr<const cache::Entry>> entry_for_one(Exchange& exchange,
                                                             std::shared_ptr<const model::Snippet> snippet,
                                                             bool burned) {
    const auto work = [snippet] { return make_entry(snippet, base::Milliseconds{0}, "private, no-store"); };
    try {
        co_return co_await exchange.services.texts.by_size(Text::entry, snippet->body.size(), exchange.deadline.party,
                                                           work);
    } catch (const base::Unavailable&) {
        if (!burned) throw;
    }
    co_return work();  // nobody can ask again for what has been burned
}

Awaitable<http::Response> confirm_burning(Exchange& exchange, const model::Snippet& snippet) {
    pages::Fields fields;
    fields.set("HEADING", "Read it once?");
    fields.set("TEXT", "This snippet burns after reading: it is shown one time, to one person, and is gone then.");
    fields.set("ACTION", fmt::format("/s/{}/reveal", snippet.id));
    fields.set("BUTTON", "Show it now");
    fields.show("CALM");
    fields.add("PROGRAMS", "PROGRAMS_URL", fmt::format("{}/s/{}/reveal", exchange.base_url(), snippet.id));
    return show_page(exchange, 200, unlisted_layout("confirm", "A snippet that burns after reading"),
                     pages::render("confirm", fields));
}

use_cases::Visit visit_of(Exchange& exchange) {
    use_cases::Visit visit;
    visit.identify = [&exchange] { return identify(exchange); };
    visit.only_looks = exchange.request.head();
    visit.burns = asks_to_burn(exchange.request);
    visit.condition = condition_of(exchange);
    return visit;
}

Awaitable<Result<Opened>> open_link(Exchange& exchange, std::string id, Opening opening) {
    use_cases::Visit visit = visit_of(exchange);
    visit.has_it = std::move(opening.has_it);
    Result<use_cases::Followed> followed = co_await use_cases::follow_link(exchange, std::move(id), std::move(visit));
    if (!followed) co_return followed.error();
    Opened opened{std::move(followed->entry), std::move(followed->snippet), followed->status, followed->burned};
    if (followed->unasked) {
        Result<http::Response> asked = co_await ask_first(exchange, *opened.snippet, opening.reader);
        if (!asked) co_return asked.error();
        opened.asked = *std::move(asked);
    } else if (!opened.entry) {
        opened.entry = co_await entry_for_one(exchange, opened.snippet, opened.burned);
    }
    co_return opened;
}

Awaitable<http::Response> respond_whole(Exchange& exchange, std::shared_ptr<const cache::Entry> entry,
                                        Representation representation, cache::Status status, bool conditional) {
    const Options& options = exchange.services.options;
    const auto respond = [&](Encoded encoded) {
        return respond_from(entry, representation, exchange.request, options, status, std::move(encoded), conditional);
    };
    // What only one reader ever gets is not worth it.
    Encoded encoded = conditional ? find_encoded(exchange.worker, exchange.request, *entry, representation) : Encoded{};
    const http::Coding coding = encoded.coding;
    std::optional<http::Response> response = respond(std::move(encoded));
    if (!response && coding != http::Coding::identity) {
        encoded = co_await encode(exchange, entry, representation, coding);
        response = respond(std::move(encoded));
    }
    if (response) co_return *std::move(response);
    try {
        entry = co_await exchange.services.cache.complete(entry, exchange.deadline);
    } catch (const base::Unavailable&) {
        if (conditional) throw;
        entry = make_whole(*entry);  // nobody can ask again for what has been burned
    }
    response = respond({});
    SNIPPETD_ASSERT(response);
    co_return *std::move(response);
}

Awaitable<Result<http::Response>> read_link(Exchange& exchange, Representation representation) {
    Opening opening;
    Result<Opened> opened = co_await open_link(exchange, exchange.parameters.front(), std::move(opening));
    if (!opened) co_return opened.error();
    if (opened->asked) co_return *std::move(opened->asked);
    const http::Parameter download = http::find_parameter(exchange.request.query, "download");
    const bool downloads = representation == Representation::raw && download.value == "1";
    // What has just been burned is sent whatever the reader claims to have: a 304 would have burned it unread.
    const bool conditional = !opened->burned;
    http::Response response =
        co_await respond_whole(exchange, opened->entry, representation, opened->status, conditional);
    if (downloads) add_download_fields(response, *opened->entry);
    if (representation == Representation::raw && conditional) http::cut_to_range(exchange.request, response);
    co_return response;
}

http::Response respond_with_link(const Opened& opened, const http::Request& request, std::string_view representation,
                                 std::string_view content_type) {
    const model::Snippet& snippet = *opened.snippet;
    const std::string etag = http::strong_entity_tag(fmt::format("v{}-{}", snippet.version, representation));
    http::Response response;
    response.cache_status = cache::cache_status(opened.status);
    response.fields =
        fmt::format("Content-Type: {}\r\nCache-Status: {}\r\nETag: {}\r\nLast-Modified: {}\r\nCache-Control: {}\r\n",
                    content_type, response.cache_status, etag, base::format_http_date(snippet.updated_at),
                    snippet.cacheable() ? "public, no-cache" : "private, no-store");
    response.unconditional = opened.burned;
    if (!opened.burned && has_it(request, etag, snippet)) response.status = 304;
    return response;
}

}  // namespace snippetd::exchange
