#pragma once

#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "http/request.hpp"
#include "http/service.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/asio/ip/address.hpp>

namespace snippetd::http {

/// What one worker remembers of its requests: the metrics, and a line each in the access log. Lines are
/// gathered and handed to the log's own thread in chunks, so that logging costs a request a few hundred
/// nanoseconds and no system call.
class Observer {
  public:
    static constexpr std::size_t kChunkBytes = 64 * 1024;

    explicit Observer(base::Metrics& metrics);
    ~Observer() { flush_log(); }

    void answered(const Request& request, const Service::Answer& answer, std::size_t bytes,
                  std::chrono::nanoseconds duration);
    /// To be called a few times a second.
    void flush_log();

    /// The time of now as an IMF-fixdate, made anew once a second.
    std::string_view http_date();

  private:
    struct PerRoute {
        base::Histogram* duration;
        std::unordered_map<unsigned, base::Counter*> requests;  ///< by method and status
    };

    void count(const Request& request, const Service::Answer& answer, std::chrono::nanoseconds duration);
    void log(const Request& request, const Service::Answer& answer, std::size_t bytes,
             std::chrono::nanoseconds duration);
    PerRoute& find_route(std::string_view pattern);
    std::string_view text_of(const boost::asio::ip::address& client);
    void refresh_time();

    base::Metrics& metrics_;
    std::unordered_map<const char*, PerRoute> routes_;  ///< by the address of the pattern, which is a literal
    PerRoute* last_route_ = nullptr;                    ///< that of the last answer, and which it was
    base::Counter* last_counter_ = nullptr;
    const char* last_pattern_ = nullptr;
    unsigned last_key_ = 0;
    boost::asio::ip::address last_client_;  ///< of the last line of the log, and how it is written
    std::string last_client_text_;
    std::string lines_;
    base::UnixMillis now_ms_ = 0;
    std::string rfc3339_;
    base::UnixMillis date_second_ = -1;
    std::string date_;
};

}  // namespace snippetd::http
