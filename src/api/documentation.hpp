#pragma once

#include "api/exchange.hpp"
#include "http/codings.hpp"

#include <list>
#include <memory>
#include <string>
#include <string_view>

#include <boost/json/fwd.hpp>

namespace snippetd::api {

/// What `/openapi.json` and `/docs` send, for one base of links.
struct Publication {
    /// A text in every coding that it is sent in.
    struct Text {
        std::string identity, gzip, brotli;
        std::string tag;  ///< names the content: the same text has the same one

        explicit Text(std::string text);
        const std::string& content(http::Coding encoding) const {
            return encoding == http::Coding::brotli ? brotli : encoding == http::Coding::gzip ? gzip : identity;
        }
    };

    Publication(const Options& options, std::string_view links_base);

    std::string base_url;
    Text document, page;

  private:
    Publication(std::string_view links_base, const boost::json::object& document);
};

/// One worker's publications: made once for each base, of which there is one with a public URL, and as many as clients
/// name hosts without. The one that has not been used for longest goes first.
class Documentation {
  public:
    static constexpr std::size_t kKeptMax = 4;

    /// Null when there is none yet.
    std::shared_ptr<const Publication> find(std::string_view base);
    void keep(std::shared_ptr<const Publication> publication);

  private:
    std::list<std::shared_ptr<const Publication>> kept_;  ///< the last used first
};

}  // namespace snippetd::api
