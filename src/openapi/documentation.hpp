#pragma once

#include "base/sieve_cache.hpp"
#include "exchange/exchange.hpp"
#include "exchange/route.hpp"
#include "http/codings.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/fwd.hpp>

namespace snippetd::openapi {

/// What `/openapi.json` and `/docs` send, for one base of links.
struct Publication {
    /// A text in every coding that it is sent in.
    struct Text {
        std::string identity, gzip, brotli;
        std::string tag;  ///< names the content: the same text has the same one

        explicit Text(std::string text);
        std::size_t bytes() const { return identity.size() + gzip.size() + brotli.size() + tag.size(); }
        const std::string& content(http::Coding encoding) const {
            return encoding == http::Coding::brotli ? brotli : encoding == http::Coding::gzip ? gzip : identity;
        }
    };

    /// A page of the documentation.
    struct Chapter {
        std::string name;  ///< in its address; empty for the first one
        Text page;
    };

    Publication(std::span<const exchange::Route> routes, const use_cases::Options& options,
                std::string_view links_base);

    std::string base_url;
    Text document;
    std::vector<Chapter> chapters;

    /// Null when there is none of that name.
    const Chapter* find_chapter(std::string_view name) const;

    std::string_view cache_key() const { return base_url; }
    std::size_t bytes() const;

  private:
    Publication(std::string_view links_base, const boost::json::object& document);
};

/// One worker's publications: made once for each base, of which there is one with a public URL, and as many as clients
/// name hosts without, of which some are kept.
class Documentation : public base::SieveCache<Publication> {
  public:
    static constexpr std::size_t kBytesMax = 4 * 1024 * 1024;

    explicit Documentation(std::span<const exchange::Route> routes) : SieveCache{kBytesMax}, routes_{routes} {}

    std::span<const exchange::Route> routes() const { return routes_; }

  private:
    std::span<const exchange::Route> routes_;
};

}  // namespace snippetd::openapi
