#include "redis/endpoint.hpp"

#include "base/numbers.hpp"

#include <optional>
#include <stdexcept>
#include <string_view>

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace snippetd::redis {

Endpoint parse_endpoint(const std::string& url) {
    const auto parsed = boost::urls::parse_uri(url);
    const bool known = parsed && (parsed->scheme() == "redis" || parsed->scheme() == "rediss");
    if (!known || parsed->encoded_host().empty()) throw std::invalid_argument{"is not a Redis URL"};
    if (parsed->has_query() || parsed->has_fragment()) throw std::invalid_argument{"has a query or fragment"};
    Endpoint endpoint;
    endpoint.tls = parsed->scheme() == "rediss";
    endpoint.host = parsed->host_address();
    if (parsed->has_port()) {
        endpoint.port = base::parse_number<std::uint16_t>({parsed->port().data(), parsed->port().size()}).value_or(0);
        if (endpoint.port == 0) throw std::invalid_argument{"has no valid port"};
    }
    endpoint.user = parsed->user();
    endpoint.password = parsed->password();
    std::string_view path{parsed->encoded_path().data(), parsed->encoded_path().size()};
    if (path.starts_with('/')) path.remove_prefix(1);
    if (!path.empty()) {
        endpoint.database = base::parse_number<int>(path).value_or(-1);
        if (endpoint.database < 0) throw std::invalid_argument{"has no number as its database"};
    }
    return endpoint;
}

}  // namespace snippetd::redis
