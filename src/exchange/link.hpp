#pragma once

#include "cache/cache.hpp"
#include "exchange/coded_texts.hpp"
#include "exchange/exchange.hpp"
#include "use_cases/links.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

/// How a link is followed by a request, and what it is answered with.
namespace snippetd::exchange {

/// Who reads an address when `Accept` does not tell: somebody, who can be shown a page, or the programs alone for which
/// another service's interface is made.
enum class Reader { anybody, program };

/// How a link is opened by a request.
struct Opening {
    Reader reader = Reader::anybody;
    std::function<bool(const model::Snippet&)> has_it{};  ///< as in use_cases::Visit
};

/// What a link leads to.
struct Opened {
    std::shared_ptr<const cache::Entry> entry;      ///< of the snippet; it may be kept for this request alone
    std::shared_ptr<const model::Snippet> snippet;  ///< never null
    cache::Status status = cache::Status::miss;
    bool burned = false;                    ///< this reader is the only one who ever gets it
    std::optional<http::Response> asked{};  ///< the whole answer instead: it burns, and nobody has asked for that yet
};

/// `use_cases::follow_link` for a request: a HEAD only looks, and what burns is given to a request that asks for it on
/// purpose (exchange/burning.hpp) and to no other.
Awaitable<Result<Opened>> open_link(Exchange& exchange, std::string id, Opening opening);

/// `use_cases::Visit` of a request.
use_cases::Visit visit_of(Exchange& exchange);

/// The link of the path's first parameter as everybody gets it who does not want a page: its JSON or its text.
Awaitable<Result<http::Response>> read_link(Exchange& exchange, Representation representation);
/// In which coding an answer goes, and its text in that one: null when it is to be encoded yet.
struct Encoded {
    http::Coding coding = http::Coding::identity;
    std::shared_ptr<const CodedText> text;
};
/// What the request gets, as far as the worker has it.
Encoded find_encoded(Services& worker, const http::Request& request, const cache::Entry& entry,
                     Representation representation);
/// The answer from an entry: nothing of the snippet is copied. 304 when the request names what it has, unless not
/// `conditional`. Nothing when it has something in it that has not been made (`cache::Cache::complete`,
/// `CodedTexts::make`).
std::optional<http::Response> respond_from(std::shared_ptr<const cache::Entry> entry, Representation representation,
                                           const http::Request& request, const Options& options, cache::Status status,
                                           Encoded encoded = {}, bool conditional = true);
/// The same with the JSON that has to be made. What has been burned, which is not `conditional`, is answered whatever
/// else has to wait.
Awaitable<http::Response> respond_whole(Exchange& exchange, std::shared_ptr<const cache::Entry> entry,
                                        Representation representation, cache::Status status, bool conditional);
/// Of what one reader alone gets; of what has been burned whatever else has to wait.
Awaitable<std::shared_ptr<const cache::Entry>> entry_for_one(Exchange& exchange,
                                                             std::shared_ptr<const model::Snippet> snippet,
                                                             bool burned);

/// Whether what the reader of `snippet` has is current, by the entity tag of what would be sent.
bool has_it(const http::Request& request, std::string_view etag, const model::Snippet& snippet);

/// The page that asks before a snippet that burns after reading is shown: whoever previews a link must not burn it.
Awaitable<http::Response> confirm_burning(Exchange& exchange, const model::Snippet& snippet);

/// An answer made from a snippet's link, with the fields that those of `/s/{id}` have: `Cache-Status`, `ETag` (of the
/// version and `representation`), `Last-Modified`, `Cache-Control`. 304, without content, when the request names it.
http::Response respond_with_link(const Opened& opened, const http::Request& request, std::string_view representation,
                                 std::string_view content_type);

}  // namespace snippetd::exchange
