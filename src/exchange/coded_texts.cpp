#include "exchange/coded_texts.hpp"

#include "base/error.hpp"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

namespace snippetd::exchange {

namespace {

std::string key_of(std::string_view id, Representation representation, http::Coding coding) {
    std::string key{id};
    key += representation == Representation::raw ? 'r' : 'j';
    key += coding == http::Coding::brotli ? 'b' : 'g';
    return key;
}

std::shared_ptr<const CodedText> encode(const cache::Entry& entry, Representation representation, http::Coding coding) {
    auto text = std::make_shared<CodedText>();
    text->key = key_of(entry.id, representation, coding);
    text->version = entry.version;
    if (representation == Representation::json) {
        text->beginning = http::encode_beginning(entry.json_before_count, coding);
    } else {
        text->beginning.bytes = http::encode(entry.snippet->body, coding);
        text->beginning.bytes.shrink_to_fit();
    }
    return text;
}

}  // namespace

http::Coding CodedTexts::coding_for(const http::Request& request, const cache::Entry& entry) {
    if (entry.snippet->body.size() < kBytesMin || request.has(http::Field::range)) return http::Coding::identity;
    return http::choose_coding(request.field(http::Field::accept_encoding));
}

std::shared_ptr<const CodedText> CodedTexts::find(const cache::Entry& entry, Representation representation,
                                                  http::Coding coding) {
    return texts_.find_if(key_of(entry.id, representation, coding),
                          [&entry](const CodedText& text) { return text.version == entry.version; });
}

base::Awaitable<std::shared_ptr<const CodedText>> CodedTexts::make(std::shared_ptr<const cache::Entry> entry,
                                                                   Representation representation, http::Coding coding,
                                                                   base::Deadline deadline) {
    const std::string key = fmt::format("{} {}", key_of(entry->id, representation, coding), entry->version);
    const Flights::Place place = flights_.join(key, deadline);
    if (place.first) {
        boost::asio::co_spawn(executor_, fly(place.flight, std::move(entry), representation, coding), base::detached);
    }
    co_await flights_.wait(place.flight, deadline, "encoding takes too long");
    co_return place.flight->result();
}

base::Awaitable<void> CodedTexts::fly(Flights::Pointer flight, std::shared_ptr<const cache::Entry> entry,
                                      Representation representation, http::Coding coding) {
    try {
        auto work = [flight, entry = std::move(entry), representation, coding] {
            if (base::steady_now() >= flight->patience()) throw base::Unavailable{"a text was not encoded in time"};
            return encode(*entry, representation, coding);
        };
        std::shared_ptr<const CodedText> text = co_await threads_.run(std::move(work), flight->patience().party);
        texts_.put(text);
        flights_.land(flight, std::move(text));
    } catch (...) {
        flights_.fail(flight, std::current_exception());
    }
}

}  // namespace snippetd::exchange
