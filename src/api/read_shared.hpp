#pragma once

#include "api/exchange.hpp"
#include "cache/cache.hpp"
#include "http/service.hpp"

#include <memory>
#include <optional>
#include <string>

namespace snippetd::api {

/// The hot path: a GET or HEAD of `/s/{id}` or `/s/{id}/raw`, without a query, of a snippet in the near cache, whose
/// count does not have to be written. False for everything else, and nothing has happened then.
bool answer_hot_read(Services& services, const http::Request& request, http::Service::Answer& answer);

/// What a link leads to.
struct Shared {
    std::shared_ptr<const cache::Entry> entry;  ///< holds a snippet
    cache::Status status = cache::Status::miss;
    bool burned = false;                    ///< this reader is the only one who ever gets it
    std::optional<http::Response> asked{};  ///< the whole answer instead: it burns, and nobody has asked for that yet

    const model::Snippet& snippet() const { return entry->snippet; }
};

/// Who reads an address when `Accept` does not tell: somebody, who can be shown a page, or the programs alone for which
/// another service's interface is made.
enum class Reader { anybody, program };

/// The snippet that the link with `id` leads to, for whoever asks: from the caches, or, when private or burning, for
/// this request alone. Counts a view unless it is a HEAD, which burns nothing either. What burns is given to a request
/// that asks for it on purpose (api/burning.hpp) and to no other.
Awaitable<Result<Shared>> follow_link(Exchange& exchange, std::string id, Reader reader);

/// What everybody gets, whoever asks, without a view: an entry that holds a snippet. 404 for what is private or burns.
Awaitable<Result<cache::Read>> read_as_anybody(Exchange& exchange, std::string id);

/// An answer made from a snippet's link, with the fields that those of `/s/{id}` have: `Cache-Status`, `ETag` (of the
/// version and `representation`), `Last-Modified`, `Cache-Control`. 304, without content, when the request names it.
http::Response respond_with_link(const Shared& shared, const http::Request& request, std::string_view representation,
                                 std::string_view content_type);

}  // namespace snippetd::api
