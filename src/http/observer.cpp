#include "http/observer.hpp"

#include "base/log.hpp"
#include "base/machine_clocks.hpp"
#include "base/numbers.hpp"
#include "base/turn.hpp"

namespace snippetd::http {

namespace {

constexpr std::size_t kLineBytes = 1024;  // mostly far less

}  // namespace

Observer::Observer(base::Metrics& metrics) : metrics_{metrics} {}

void Observer::answered(const Request& request, const Service::Answer& answer, std::size_t bytes,
                        std::chrono::nanoseconds duration) {
    base::Turn::does(answer.route);
    count(request, answer, duration);
    if (log::enabled(log::Level::info)) log(request, answer, bytes, duration);
}

void Observer::count(const Request& request, const Service::Answer& answer, std::chrono::nanoseconds duration) {
    const unsigned key = static_cast<unsigned>(request.method) * 1000 + answer.response.status;
    if (answer.route.data() == last_pattern_ && key == last_key_) {
        last_route_->duration->observe(duration);
        last_counter_->add();
        return;
    }
    PerRoute& route = find_route(answer.route);
    route.duration->observe(duration);
    base::Counter*& counter = route.requests[key];
    if (!counter) {
        counter = &metrics_.counter("snippetd_http_requests_total", "Requests answered.",
                                    {{"route", std::string{answer.route}},
                                     {"method", std::string{to_text(request.method)}},
                                     {"status", std::to_string(answer.response.status)}});
    }
    counter->add();
    last_route_ = &route;
    last_counter_ = counter;
    last_pattern_ = answer.route.data();
    last_key_ = key;
}

Observer::PerRoute& Observer::find_route(std::string_view pattern) {
    const auto found = routes_.find(pattern.data());
    if (found != routes_.end()) return found->second;
    base::Histogram& histogram =
        metrics_.histogram("snippetd_http_request_duration_seconds", "From the request's last byte to the response.",
                           {{"route", std::string{pattern}}});
    return routes_.emplace(pattern.data(), PerRoute{&histogram, {}}).first->second;
}

/// `to_string` of Asio is some 2,000 instructions.
std::string_view Observer::text_of(const boost::asio::ip::address& client) {
    if (last_client_text_.empty() || client != last_client_) {
        last_client_ = client;
        last_client_text_ = client.to_string();
    }
    return last_client_text_;
}

void Observer::log(const Request& request, const Service::Answer& answer, std::size_t bytes,
                   std::chrono::nanoseconds duration) {
    refresh_time();
    if (lines_.empty()) lines_.reserve(kChunkBytes + kLineBytes);
    const auto number = [this](std::string_view before, auto value) {
        lines_ += before;
        base::append_number(lines_, value);
    };
    const http::Response& response = answer.response;
    const std::int64_t us = duration.count() / 1000;
    // Without the query, which may hold what is nobody's business.
    const std::string_view path = request.path.substr(0, 256);
    if (log::format() == log::Format::json) {
        lines_ += R"({"time":")";
        lines_ += rfc3339_;
        lines_ += R"(","level":"info","message":"request","client":")";
        lines_ += text_of(request.client);
        lines_ += R"(","method":")";
        log::append_escaped(lines_, request.method_text);
        lines_ += R"(","path":")";
        log::append_escaped(lines_, path);
        lines_ += R"(","route":")";
        lines_ += answer.route;
        number(R"(","status":)", response.status);
        number(R"(,"bytes":)", bytes);
        number(R"(,"duration_us":)", us);
        lines_ += R"(,"cache":")";
        lines_ += response.cache_status;
        lines_ += R"(","request_id":")";
        lines_ += request.id;
        lines_ += R"("})";
    } else {
        lines_ += rfc3339_;
        lines_ += " info  request client=";
        lines_ += text_of(request.client);
        lines_ += " method=";
        log::append_text_value(lines_, request.method_text);
        lines_ += " path=";
        log::append_text_value(lines_, path);
        number(" status=", response.status);
        number(" bytes=", bytes);
        number(" duration_us=", us);
        lines_ += " request_id=";
        lines_ += request.id;
        if (!response.cache_status.empty()) {
            lines_ += " cache=";
            log::append_text_value(lines_, response.cache_status);
        }
    }
    lines_ += '\n';
    if (lines_.size() >= kChunkBytes) flush_log();
}

void Observer::flush_log() {
    if (lines_.empty()) return;
    log::write_lines(std::move(lines_));
    lines_ = {};
}

void Observer::refresh_time() {
    const base::UnixMillis now = base::unix_now_ms();
    if (now == now_ms_) return;
    now_ms_ = now;
    rfc3339_ = base::format_rfc3339(now);
}

std::string_view Observer::http_date() {
    const base::UnixMillis now = base::coarse_unix_now_ms();
    if (now / 1000 != date_second_) {
        date_second_ = now / 1000;
        date_ = base::format_http_date(now);
    }
    return date_;
}

}  // namespace snippetd::http
