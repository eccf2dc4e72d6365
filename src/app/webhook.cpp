#include "app/webhook.hpp"

#include "base/clock.hpp"
#include "base/log.hpp"

#include <memory>

#include <boost/json.hpp>
#include <curl/curl.h>

namespace snippetd::app {

namespace {

constexpr long kTimeoutMs = 5000;
constexpr int kAttemptsMax = 3;
constexpr base::Milliseconds kPause{1000};

std::string to_json(const base::Alerts::Change& change) {
    const boost::json::object body{{"alert", change.alert},
                                   {"state", change.active ? "raised" : "resolved"},
                                   {"active", change.active},
                                   {"at", base::format_rfc3339(base::unix_now_ms())},
                                   {"detail", change.detail}};
    return boost::json::serialize(body);
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

}  // namespace

Webhook::Webhook(std::string url) : url_{std::move(url)} {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    thread_ = std::thread{[this] { run(); }};
}

Webhook::~Webhook() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    curl_global_cleanup();
}

void Webhook::send(const base::Alerts::Change& change) {
    {
        const std::lock_guard lock{mutex_};
        if (queue_.size() >= kQueueMax) {
            log::error("an alert is not sent to the webhook: its queue is full", {{"alert", change.alert}});
            return;
        }
        queue_.push_back(to_json(change));
    }
    changed_.notify_all();
}

void Webhook::run() {
    std::unique_lock lock{mutex_};
    while (true) {
        changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
        if (queue_.empty()) return;
        const std::string body = std::move(queue_.front());
        queue_.pop_front();
        for (int attempt = 1;; ++attempt) {
            lock.unlock();
            const bool delivered = post(body);
            lock.lock();
            if (delivered) break;
            if (attempt >= kAttemptsMax || stopping_) {
                log::error("an alert could not be sent to the webhook", {{"body", body}});
                break;
            }
            changed_.wait_for(lock, kPause * attempt, [this] { return stopping_; });
        }
    }
}

bool Webhook::post(const std::string& body) {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl{curl_easy_init(), curl_easy_cleanup};
    if (!curl) return false;
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers{
        curl_slist_append(nullptr, "Content-Type: application/json"), curl_slist_free_all};
    curl_easy_setopt(curl.get(), CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT_MS, kTimeoutMs);
    curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, discard);
    const CURLcode result = curl_easy_perform(curl.get());
    long status = 0;
    curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
    return result == CURLE_OK && status >= 200 && status < 300;
}

std::unique_ptr<Webhook> start_webhook(const settings::Settings& settings, base::Alerts& alerts) {
    if (settings.alert_webhook.empty()) return nullptr;
    auto webhook = std::make_unique<Webhook>(settings.alert_webhook);
    alerts.on_change([&webhook = *webhook](const base::Alerts::Change& change) { webhook.send(change); });
    return webhook;
}

}  // namespace snippetd::app
