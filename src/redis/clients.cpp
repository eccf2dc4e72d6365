#include "redis/clients.hpp"

#include <algorithm>
#include <mutex>
#include <stdexcept>

namespace snippetd::redis {

Clients::Clients(Client::Options options, std::string consequence, base::Metrics& metrics, base::Alerts& alerts)
    : options_{std::move(options)}, metrics_{metrics}, health_{metrics, alerts, std::move(consequence)} {}

Clients::Owned Clients::own(const base::Executor& executor, Client::Options options) {
    const bool bulk = options.use == Use::bulk;
    const bool findable = options.use != Use::channel;
    Owned client{new Client{executor, std::move(options), health_, metrics_}, Release{this}};
    const std::unique_lock lock{mutex_};
    if (findable) clients_.push_back({executor, client.get(), bulk});
    return client;
}

Clients::Owned Clients::make(const base::Executor& executor, Use use) {
    Client::Options options = options_;
    options.use = use;
    return own(executor, std::move(options));
}

Clients::Owned Clients::make_bulk(const base::Executor& executor, Probe probe) {
    Client::Options options = options_;
    options.use = Use::bulk;
    options.probe = std::move(probe);
    return own(executor, std::move(options));
}

Clients::Owned Clients::make_listener(const base::Executor& executor, std::string channel,
                                      std::function<void(std::string payload)> on_message) {
    Client::Options options = options_;
    options.use = Use::channel;
    options.channel = std::move(channel);
    options.on_message = std::move(on_message);
    return own(executor, std::move(options));
}

void Clients::Release::operator()(Client* client) const {
    {
        const std::unique_lock lock{clients->mutex_};
        std::erase_if(clients->clients_, [client](const Known& one) { return one.client == client; });
    }
    clients->health_.forget(client);
    delete client;
}

Client* Clients::find(const base::Executor& executor, bool bulk) const {
    const std::shared_lock lock{mutex_};
    const auto found = std::find_if(clients_.begin(), clients_.end(),
                                    [&](const Known& one) { return one.bulk == bulk && one.executor == executor; });
    return found == clients_.end() ? nullptr : found->client;
}

Client& Clients::of(const base::Executor& executor) const {
    Client* client = find(executor, false);
    if (!client) throw std::logic_error{"this loop has no Redis client"};
    return *client;
}

Client& Clients::bulk_of(const base::Executor& executor) const {
    Client* client = find(executor, true);
    return client ? *client : of(executor);
}

}  // namespace snippetd::redis
