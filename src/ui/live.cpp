#include "base/jitter.hpp"
#include "base/timer.hpp"
#include "ui/handlers.hpp"
#include "use_cases/links.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr base::Milliseconds kSilenceMax{25000};  // proxies end a connection that says nothing for a minute
constexpr base::Milliseconds kSpread{1000};       // ten thousand pages are told over this time, not in one go
constexpr base::Milliseconds kStreamMax{3600000};

/// The count of one snippet as a stream of events (HTML standard, server-sent events), for one open page.
class LiveCount final : public http::ContentSource, public views::LiveCounts::Listener {
  public:
    LiveCount(base::Executor executor, views::LiveCounts& live, std::string id, std::int64_t count)
        : timer_{std::move(executor)}, live_{live}, id_{std::move(id)}, count_{count} {}
    ~LiveCount() { live_.remove(id_, *this); }

    views::LiveCounts::Outcome start(std::uint64_t client) { return live_.add(id_, *this, client); }

    base::Awaitable<std::string> next() override {
        while (!over_ && base::steady_now() < end_) {
            if (told_ != count_) {
                const auto delay = base::random_between(base::Milliseconds::zero(), kSpread);
                if (told_ >= 0) co_await base::pause(timer_, delay);
                if (over_) break;
                told_ = count_;
                co_return fmt::format("event: views\ndata: {}\n\n", told_);
            }
            waiting_ = true;
            co_await base::pause(timer_, kSilenceMax);
            waiting_ = false;
            if (told_ == count_ && !over_) co_return ": still here\n\n";
        }
        co_return std::string{};
    }
    void cancel() override {
        over_ = true;
        timer_.cancel();
    }
    bool endless() const override { return true; }

    void on_count(std::int64_t count) override {
        if (count <= count_) return;
        count_ = count;
        if (waiting_) timer_.cancel();
    }

  private:
    base::Timer timer_;
    views::LiveCounts& live_;
    std::string id_;
    std::int64_t count_;
    std::int64_t told_ = -1;
    bool waiting_ = false;  ///< for a count
    bool over_ = false;
    base::SteadyTime end_ = base::deadline_in(kStreamMax);
};

}  // namespace

Answer follow_count(Exchange& exchange) {
    const std::string id = exchange.parameters.front();
    // What is private or burns is nobody's to follow.
    const Result<use_cases::Followed> read = co_await use_cases::read_as_anybody(exchange, id);
    if (!read) co_return read.error();
    exchange.listable = false;  // the page is, not what comes to it
    http::Response response;
    response.fields = "Content-Type: text/event-stream\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n";
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    const auto source = std::make_shared<LiveCount>(executor, exchange.worker.live, id, read->entry->view_count);
    // For HEAD the source only says that there is no length.
    if (!exchange.request.head()) {
        switch (source->start(exchange.deadline.party.client)) {
            case views::LiveCounts::Outcome::added: break;
            case views::LiveCounts::Outcome::full:
                co_return Error{ErrorKind::unavailable, "Too many pages are open; the count is in the page.", {}, 30};
            case views::LiveCounts::Outcome::client_full:
                co_return Error{
                    ErrorKind::rate_limited, "You have too many pages open; the count is in the page.", {}, 30};
        }
    }
    response.source = source;
    co_return response;
}

}  // namespace snippetd::ui
