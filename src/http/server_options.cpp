#include "http/server_options.hpp"

namespace snippetd::http {

namespace {

void show(base::Metrics& metrics, const char* name, const char* help, const std::atomic<std::size_t>& value) {
    metrics.gauge(name, help, {}, [&value] { return static_cast<double>(value.load()); });
}

}  // namespace

ServerLimits::ServerLimits(const ServerOptions& options, base::Metrics& metrics)
    : turned_away{metrics.counter("snippetd_connections_turned_away_total",
                                  "Connections answered with 503 because there were too many.")},
      displaced{metrics.counter("snippetd_connections_displaced_total",
                                "Connections without a request ended, to make room for another client's.")},
      rested{
          metrics.counter("snippetd_connections_rested_total",
                          "Times that a connection was not read for a while after a refusal, when there were many.")},
      memory{options.memory_bytes_max, options.request_body_bytes_max, metrics} {
    show(metrics, "snippetd_connections", "Connections of clients.", connections);
    show(metrics, "snippetd_connections_of_one_address",
         "Those of the address that has the most of them, on each worker.", connections_of_one_address);
    const std::size_t most = options.connections_max;
    metrics.gauge("snippetd_connections_max", "How many there may be (--max-connections).", {},
                  [most] { return static_cast<double>(most); });
}

}  // namespace snippetd::http
