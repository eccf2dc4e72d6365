#pragma once

#include "application/routes.hpp"
#include "base/gate.hpp"
#include "exchange/exchange.hpp"
#include "http/router.hpp"
#include "http/service.hpp"

#include <memory>

namespace snippetd::application {

/// The service as one worker's connections see it: from a request to a response, through all stages.
class Application : public http::Service {
  public:
    /// `requests` is the meter of what is under way, of all workers; it may be null.
    explicit Application(exchange::Services services, std::shared_ptr<base::QueueMeter> requests = nullptr);

    std::uint64_t body_bytes_max(const http::Request& request) const override;
    bool answer_now(const http::Request& request, Answer& answer) override;
    base::Awaitable<Answer> answer(http::Request& request) override;

  private:
    http::Response answer_options(const http::Request& request, std::string_view allow) const;

    exchange::Services services_;
    http::Router router_;
    base::Gate gate_;
};

}  // namespace snippetd::application
