#include "api/read_shared.hpp"

#include "api/access.hpp"
#include "api/burning.hpp"
#include "api/exposure.hpp"
#include "api/handlers.hpp"
#include "api/input.hpp"
#include "api/page.hpp"
#include "api/snippet_json.hpp"
#include "base/percent.hpp"
#include "base/secret.hpp"
#include "http/codings.hpp"
#include "http/conditions.hpp"
#include "http/entity_tag.hpp"
#include "pages/assets.hpp"
#include "pages/read_page.hpp"
#include "use_cases/texts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::api {

namespace {

enum class Representation { json, raw };

constexpr base::Milliseconds kBurnedPatience{5000};

/// Whether what the reader of `snippet` has is current, by the entity tag of what would be sent.
bool has_it(const http::Request& request, std::string_view etag, const model::Snippet& snippet) {
    http::Validators current;
    current.etag = etag;
    current.modified_at = snippet.updated_at;
    return http::is_known(request, current);
}

/// Whether the answer has the entry's JSON in it.
bool sends_json(const http::Request& request, const cache::Entry& entry, Representation representation,
                const Options& options, bool conditional) {
    if (representation != Representation::json || request.head()) return false;
    if (!conditional) return true;
    std::string base, etag;
    append_base_url(base, options, request);
    append_json_etag(etag, entry.version, entry.view_count, base);
    return !has_it(request, etag, entry.snippet);
}

/// The answer from an entry, which is whole if the answer has JSON in it: nothing of the snippet is copied.
http::Response respond_from(std::shared_ptr<const cache::Entry> entry, Representation representation,
                            const http::Request& request, const Options& options, cache::Status status,
                            bool conditional = true) {
    constexpr std::size_t kFieldsSize = 128, kBodySize = 64;  // what they hold mostly, so that they are allocated once
    http::Response response;
    const bool raw = representation == Representation::raw;
    response.cache_status = cache::cache_status(status);
    response.fields.reserve(kFieldsSize);
    response.fields = "Cache-Status: ";
    response.fields += response.cache_status;
    response.fields += "\r\n";
    response.prepared_fields = raw ? entry->raw_fields : entry->json_fields;
    response.unconditional = !conditional;
    if (raw) {
        if (conditional && has_it(request, entry->raw_etag, entry->snippet)) {
            response.status = 304;
        } else {
            response.add_piece(entry->snippet.body);
        }
        response.owner = std::move(entry);
        return response;
    }
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
    if (conditional && has_it(request, std::string_view{response.fields}.substr(tag_begin), entry->snippet)) {
        response.status = 304;
        response.body.clear();
    } else {
        response.add_piece(entry->json_before_count);
        response.unmade_bytes = entry->json_before_count_bytes - entry->json_before_count.size();
        response.add_body_piece(0, digits);
        response.add_piece(entry->json_after_count);
        response.add_body_piece(digits, base.size());
        response.add_piece(entry->json_after_base);
    }
    response.fields += "\r\n";
    response.owner = std::move(entry);
    return response;
}

/// Of all that the page is made from: the version, the count that it shows, the base of its links, this build.
std::string page_etag(const pages::Page& page, std::string_view base, pages::Face face, http::Coding encoding) {
    std::string tag = fmt::format("v{}-", page.version);
    tag += face == pages::Face::page ? fmt::format("c{}-page", page.view_count) : "embed";
    append_base_tag(tag, base);
    const std::string_view coding = http::to_text(encoding);
    tag += fmt::format("-{}{}{}", pages::pages_build(), coding.empty() ? "" : "-", coding);
    return http::strong_entity_tag(tag);
}

/// The answer from a page that is kept: nothing of it is copied.
http::Response respond_with(std::shared_ptr<const pages::Page> page, const model::Snippet& snippet,
                            const http::Request& request, std::string_view base, cache::Status status,
                            pages::Face face) {
    const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
    http::Response response;
    response.cache_status = cache::cache_status(status);
    const std::string etag = page_etag(*page, base, face, encoding);
    response.prepared_fields = face == pages::Face::page ? page_fields() : embed_fields();
    response.fields =
        fmt::format("Cache-Status: {}\r\nETag: {}\r\nLast-Modified: {}\r\nCache-Control: public, no-cache\r\n",
                    response.cache_status, etag, base::format_http_date(snippet.updated_at));
    if (has_it(request, etag, snippet)) {
        response.status = 304;
        return response;
    }
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    response.add_piece(page->content(encoding));
    response.owner = std::move(page);
    return response;
}

/// A page for one reader, who may be the only one ever.
Awaitable<http::Response> show_privately(Exchange& exchange, std::shared_ptr<const model::Snippet> snippet,
                                         bool burned) {
    const http::Coding encoding = http::choose_coding(exchange.request.field(http::Field::accept_encoding));
    pages::PageRenderer& renderer = exchange.worker.pages;
    // Nobody can ask again for what has been burned.
    const base::Deadline deadline = burned ? base::deadline_in(kBurnedPatience) : exchange.deadline;
    const std::shared_ptr<const pages::Document> document =
        co_await renderer.find_document(snippet, !snippet->burn_after_reading, exchange.deadline);
    std::string base = exchange.base_url();
    const auto work = [snippet, document, base = std::move(base), burned, encoding] {
        pages::ReadPage options;
        options.view_count = snippet->view_count;
        options.base = base;
        options.burned = burned;
        options.document = document.get();
        return http::encode(pages::read_page(*snippet, options), encoding);
    };
    http::Response response;
    response.fields = page_fields();
    response.fields += "Cache-Control: private, no-store\r\n";
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    try {
        response.body = co_await renderer.threads().run(work, deadline);
    } catch (const base::Unavailable&) {
        if (!burned) throw;
        response.body = work();
    }
    response.unconditional = burned;
    co_return response;
}

/// Of an entry that holds no snippet. The answer has no `Cache-Status`: it would tell a missing id, which is cached,
/// from somebody's private snippet, which never is.
Error absence(cache::Entry::Kind kind) {
    return error(kind == cache::Entry::Kind::gone ? ErrorKind::gone : ErrorKind::not_found);
}

bool says_who_asks(const http::Request& request) {
    return request.has(http::Field::cookie) || request.has(http::Field::authorization);
}

/// The same, for who asks: the caches do not know of private snippets that are gone, and their owners may.
Awaitable<Error> explain_absence(Exchange& exchange, cache::Entry::Kind kind, std::string id) {
    if (kind != cache::Entry::Kind::missing || !says_who_asks(exchange.request)) co_return absence(kind);
    co_await identify(exchange);
    if (!exchange.caller.account) co_return absence(kind);
    const Result<model::Snippet> found = co_await load_snippet(exchange, std::move(id));
    // It can only have been made since the cache was asked, and is found at the next try.
    if (found) co_return absence(kind);
    co_return found.error();
}

void add_download_fields(http::Response& response, const cache::Entry& entry) {
    const std::string name = download_name(entry.id, entry.snippet.title, entry.snippet.language);
    std::string ascii = name;
    std::replace_if(
        ascii.begin(), ascii.end(), [](unsigned char c) { return c >= 0x80; }, '_');
    // RFC 6266: the plain form for old clients, the encoded one for all others.
    response.add("Content-Disposition",
                 fmt::format("attachment; filename=\"{}\"; filename*=UTF-8''{}", ascii, base::percent_encoded(name)));
}

Awaitable<void> count_view(Exchange& exchange, std::string id) {
    switch (exchange.services.options.views) {
        case ViewsMode::off: co_return;
        case ViewsMode::async: exchange.worker.views.record(id); co_return;
        case ViewsMode::sync: break;
    }
    store::ViewCounts one{{std::move(id), 1}};
    co_await exchange.services.store.apply_views(base::random_alphanumeric(20), std::move(one), exchange.deadline);
    exchange.worker.views.note_applied();
}

/// Why this reader does not get what no cache has (private, or burning); nothing when they do.
Awaitable<std::optional<Error>> refuse_uncached(Exchange& exchange, const cache::Fill& fill) {
    co_await identify(exchange);
    if (!may_read(exchange.caller, *fill.snippet)) co_return error(ErrorKind::not_found);
    if (fill.snippet_expired) co_return error(ErrorKind::gone);
    co_return std::nullopt;
}

/// Of all who come this far, on any instance, the store lets one through.
Awaitable<Result<std::shared_ptr<const model::Snippet>>> burn(Exchange& exchange, std::string id) {
    std::optional<model::Snippet> burned =
        co_await exchange.services.store.burn_snippet(std::move(id), exchange.deadline);
    if (!burned) co_return error(ErrorKind::gone);
    co_return std::make_shared<const model::Snippet>(*std::move(burned));
}

/// What a request gets that does not ask on purpose: the page with the button, or, where the answer is for programs or
/// a page is not wanted, a refusal that says how it is done.
Answer ask_first(Exchange& exchange, const model::Snippet& snippet, Reader reader) {
    const http::Request& request = exchange.request;
    if (prefers_page(request) || (reader == Reader::anybody && takes_anything(request))) {
        co_return co_await confirm_burning(exchange, snippet);
    }
    co_return error(ErrorKind::forbidden,
                    fmt::format("This snippet burns after reading, and this request does not ask for that on purpose. "
                                "POST to {}/s/{}/reveal shows it once, and so does a GET with ?burn=1.",
                                exchange.base_url(), snippet.id));
}

/// The snippet itself, for one request only: private, or burning.
Awaitable<Result<Shared>> read_uncached(Exchange& exchange, cache::Fill fill, Reader reader) {
    std::optional<Error> refused = co_await refuse_uncached(exchange, fill);
    if (refused) co_return *std::move(refused);
    std::shared_ptr<const model::Snippet> snippet = std::move(fill.snippet);
    Shared shared;
    if (snippet->burn_after_reading && !asks_to_burn(exchange.request)) {
        Result<http::Response> asked = co_await ask_first(exchange, *snippet, reader);
        if (!asked) co_return asked.error();
        shared.asked = *std::move(asked);
        co_return shared;
    }
    shared.burned = snippet->burn_after_reading;
    if (snippet->burn_after_reading && !exchange.request.head()) {
        if (std::optional<Error> stale = refuse_stale(exchange, *snippet)) co_return *std::move(stale);
        Result<std::shared_ptr<const model::Snippet>> burned = co_await burn(exchange, snippet->id);
        if (!burned) co_return burned.error();
        snippet = *std::move(burned);
    }
    auto work = [snippet] { return make_entry(*snippet, base::Milliseconds{0}, "private, no-store"); };
    shared.entry = co_await exchange.services.texts.by_size(Text::entry, snippet->body.size(), std::move(work));
    co_return shared;
}

/// The page of what everybody may read: one that is kept, or a new one.
Awaitable<http::Response> show_shared(Exchange& exchange, const std::shared_ptr<const cache::Entry>& entry,
                                      cache::Status status, pages::Face face) {
    std::shared_ptr<const model::Snippet> snippet{entry, &entry->snippet};
    std::string base = exchange.base_url();
    pages::PageRenderer& renderer = exchange.worker.pages;
    const std::int64_t view_count = entry->view_count;
    std::shared_ptr<const pages::Page> page = renderer.find(*snippet, base, face);
    const base::SteadyTime now = base::steady_now();
    const bool due = page && page->due(view_count, now);
    if (due) page->claim(now);
    const http::Coding encoding = http::choose_coding(exchange.request.field(http::Field::accept_encoding));
    if (!page || due || page->content(encoding).empty()) {
        pages::PageRenderer::Wanted wanted{snippet, view_count, base, face, encoding, std::move(page)};
        page = co_await renderer.render(std::move(wanted), exchange.deadline);
    }
    co_return respond_with(std::move(page), *snippet, exchange.request, base, status, face);
}

/// The page of a private snippet, or what asks before one that burns is shown.
Answer show_uncached(Exchange& exchange, cache::Fill fill) {
    std::optional<Error> refused = co_await refuse_uncached(exchange, fill);
    if (refused) co_return *std::move(refused);
    std::shared_ptr<const model::Snippet> snippet = std::move(fill.snippet);
    if (snippet->burn_after_reading) co_return co_await confirm_burning(exchange, *snippet);
    if (!exchange.request.head()) co_await count_view(exchange, snippet->id);
    co_return co_await show_privately(exchange, std::move(snippet), false);
}

Answer read_page(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await exchange.services.cache.read(id, exchange.deadline);
    const std::shared_ptr<const cache::Entry> entry = read.fill.entry;
    if (!entry) co_return co_await show_uncached(exchange, std::move(read.fill));
    if (entry->kind != cache::Entry::Kind::snippet) co_return co_await explain_absence(exchange, entry->kind, id);
    exchange.listable = is_listable(entry->snippet);
    if (!exchange.request.head()) co_await count_view(exchange, id);
    co_return co_await show_shared(exchange, entry, read.status, pages::Face::page);
}

Answer read_link(Exchange& exchange, Representation representation) {
    Result<Shared> shared = co_await follow_link(exchange, exchange.parameters.front(), Reader::anybody);
    if (!shared) co_return shared.error();
    if (shared->asked) co_return *std::move(shared->asked);
    const http::Parameter download = http::find_parameter(exchange.request.query, "download");
    const bool downloads = representation == Representation::raw && download.value == "1";
    // What has just been burned is sent whatever the reader claims to have: a 304 would have burned it unread.
    const bool conditional = !shared->burned;
    if (sends_json(exchange.request, *shared->entry, representation, exchange.services.options, conditional)) {
        shared->entry = co_await exchange.services.cache.complete(shared->entry, exchange.deadline);
    }
    http::Response response = respond_from(shared->entry, representation, exchange.request, exchange.services.options,
                                           shared->status, conditional);
    if (downloads) add_download_fields(response, *shared->entry);
    co_return response;
}

}  // namespace

Awaitable<Result<Shared>> follow_link(Exchange& exchange, std::string id, Reader reader) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await exchange.services.cache.read(id, exchange.deadline);
    Shared shared;
    shared.entry = std::move(read.fill.entry);
    if (shared.entry && shared.entry->kind != cache::Entry::Kind::snippet) {
        co_return co_await explain_absence(exchange, shared.entry->kind, std::move(id));
    }
    if (!shared.entry) {
        Result<Shared> uncached = co_await read_uncached(exchange, read.fill, reader);
        if (!uncached || uncached->asked) co_return uncached;
        shared = *std::move(uncached);
    }
    shared.status = read.status;
    exchange.listable = is_listable(shared.snippet());
    if (!exchange.request.head()) co_await count_view(exchange, std::move(id));
    co_return shared;
}

Awaitable<Result<cache::Read>> read_as_anybody(Exchange& exchange, std::string id) {
    if (!is_snippet_id(id)) co_return error(ErrorKind::not_found);
    cache::Read read = co_await exchange.services.cache.read(std::move(id), exchange.deadline);
    if (!read.fill.entry) co_return error(ErrorKind::not_found);
    if (read.fill.entry->kind != cache::Entry::Kind::snippet) co_return absence(read.fill.entry->kind);
    exchange.listable = is_listable(read.fill.entry->snippet);
    co_return read;
}

http::Response respond_with_link(const Shared& shared, const http::Request& request, std::string_view representation,
                                 std::string_view content_type) {
    const model::Snippet& snippet = shared.snippet();
    const std::string etag = http::strong_entity_tag(fmt::format("v{}-{}", snippet.version, representation));
    http::Response response;
    response.cache_status = cache::cache_status(shared.status);
    response.fields =
        fmt::format("Content-Type: {}\r\nCache-Status: {}\r\nETag: {}\r\nLast-Modified: {}\r\nCache-Control: {}\r\n",
                    content_type, response.cache_status, etag, base::format_http_date(snippet.updated_at),
                    snippet.cacheable() ? "public, no-cache" : "private, no-store");
    response.unconditional = shared.burned;
    if (!shared.burned && has_it(request, etag, snippet)) response.status = 304;
    return response;
}

bool answer_hot_read(Services& services, const http::Request& request, http::Service::Answer& answer) {
    constexpr std::string_view kPrefix = "/s/", kRawSuffix = "/raw";
    const bool reads = request.method == http::Method::get || request.method == http::Method::head;
    if (!reads || !request.query.empty() || !request.path.starts_with(kPrefix)) return false;
    if (services.options.views == ViewsMode::sync) return false;
    // Rare, and may be 412: not worth a place here.
    if (request.has(http::Field::if_match) || request.has(http::Field::if_unmodified_since)) return false;
    std::string_view id = request.path.substr(kPrefix.size());
    const bool raw = id.ends_with(kRawSuffix);
    if (raw) id.remove_suffix(kRawSuffix.size());
    if (!is_snippet_id(id)) return false;
    std::shared_ptr<const cache::Entry> entry = services.cache.find_near(id);
    if (!entry) return false;
    if (entry->kind == cache::Entry::Kind::missing && says_who_asks(request)) return false;
    const bool page = !raw && prefers_page(request);
    std::shared_ptr<const pages::Page> rendered;
    std::string base;
    if (page) {
        if (entry->kind != cache::Entry::Kind::snippet) return false;
        append_base_url(base, services.options, request);
        rendered = services.pages.find(entry->snippet, base, pages::Face::page);
        const http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
        if (!rendered || rendered->content(encoding).empty()) return false;
        if (rendered->due(entry->view_count, base::steady_now())) return false;
    }
    const Representation representation = raw ? Representation::raw : Representation::json;
    if (!page && !entry->whole() && sends_json(request, *entry, representation, services.options, true)) return false;
    answer.route = raw ? "/s/{id}/raw" : "/s/{id}";
    if (entry->kind != cache::Entry::Kind::snippet) {
        answer.response = http::problem(absence(entry->kind));
        answer.response.constant_fields = exposure_fields(true, false);
        return true;
    }
    if (!request.head() && services.options.views == ViewsMode::async) services.views.record(id);
    const std::string_view exposure = exposure_fields(true, is_listable(entry->snippet));
    if (page) {
        answer.response = respond_with(std::move(rendered), entry->snippet, request, base, cache::Status::near_hit,
                                       pages::Face::page);
        answer.response.constant_fields = exposure;
        return true;
    }
    answer.response =
        respond_from(std::move(entry), representation, request, services.options, cache::Status::near_hit);
    answer.response.constant_fields = exposure;
    return true;
}

Answer embed_page(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    Result<cache::Read> read = co_await read_as_anybody(exchange, id);
    if (!read) co_return read.error();
    if (!exchange.request.head()) co_await count_view(exchange, id);
    co_return co_await show_shared(exchange, read->fill.entry, read->status, pages::Face::embed);
}

Answer read_shared(Exchange& exchange) {
    if (prefers_page(exchange.request)) return read_page(exchange);
    return read_link(exchange, Representation::json);
}

Answer reveal(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    Result<model::Snippet> snippet = co_await load_snippet(exchange, id);
    if (!snippet) co_return snippet.error();
    if (!may_read(exchange.caller, *snippet)) co_return error(ErrorKind::not_found);
    if (std::optional<Error> stale = refuse_stale(exchange, *snippet)) co_return *std::move(stale);
    if (!snippet->burn_after_reading) co_return see_other("/s/" + id);
    Result<std::shared_ptr<const model::Snippet>> burned = co_await burn(exchange, id);
    if (!burned) co_return burned.error();
    if (prefers_page(exchange.request)) co_return co_await show_privately(exchange, *std::move(burned), true);
    const std::shared_ptr<const cache::Entry> entry = make_entry(**burned, base::Milliseconds{0}, "private, no-store");
    const Representation representation = names_json(exchange.request) ? Representation::json : Representation::raw;
    co_return respond_from(entry, representation, exchange.request, exchange.services.options, cache::Status::miss,
                           false);
}

Answer read_shared_raw(Exchange& exchange) {
    return read_link(exchange, Representation::raw);
}

}  // namespace snippetd::api
