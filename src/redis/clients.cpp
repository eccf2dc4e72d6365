#include "redis/clients.hpp"

#include <mutex>
#include <stdexcept>

namespace snippetd::redis {

Clients::Clients(Client::Options options, std::string consequence, base::Metrics& metrics, base::Alerts& alerts)
    : options_{std::move(options)}, metrics_{metrics}, health_{metrics, alerts, std::move(consequence)} {}

Clients::Owned Clients::make(const base::Executor& executor) {
    Owned client{new Client{executor, options_, health_, metrics_}, Release{this}};
    const std::unique_lock lock{mutex_};
    clients_.emplace_back(executor, client.get());
    return client;
}

Clients::Owned Clients::make_listener(const base::Executor& executor, std::string channel,
                                      std::function<void(std::string payload)> on_message) {
    Client::Options options = options_;
    options.channel = std::move(channel);
    options.on_message = std::move(on_message);
    return Owned{new Client{executor, std::move(options), health_, metrics_}, Release{this}};
}

void Clients::Release::operator()(Client* client) const {
    {
        const std::unique_lock lock{clients->mutex_};
        std::erase_if(clients->clients_, [client](const auto& one) { return one.second == client; });
    }
    clients->health_.forget(client);
    delete client;
}

Client& Clients::of(const base::Executor& executor) const {
    const std::shared_lock lock{mutex_};
    for (const auto& [owner, client] : clients_) {
        if (owner == executor) return *client;
    }
    throw std::logic_error{"this loop has no Redis client"};
}

}  // namespace snippetd::redis
