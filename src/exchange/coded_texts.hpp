#pragma once

#include "base/awaitable.hpp"
#include "base/sieve_cache.hpp"
#include "base/single_flight.hpp"
#include "base/thread_pool.hpp"
#include "cache/entry.hpp"
#include "http/codings.hpp"
#include "http/request.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace snippetd::exchange {

enum class Representation { json, raw };

/// What of a link's answer is worth encoding, in one coding, of one version of its snippet: the whole text, or of the
/// JSON what comes before the count of views.
struct CodedText {
    std::string key;  ///< the snippet's id, the representation and the coding
    std::int64_t version = 0;
    http::EncodedBeginning beginning;

    std::string_view cache_key() const { return key; }
    std::size_t bytes() const { return sizeof(CodedText) + 160 + key.size() + beginning.bytes.size(); }
};

/// One worker's: encoded once, on threads of their own, for all who wait, and kept. It knows nothing of what is valid:
/// what it has is a function of a version, so whoever asks names an entry that holds now.
class CodedTexts {
  public:
    /// A text below that is sent as it is: encoded it is hardly smaller, and costs an answer more than it saves.
    static constexpr std::size_t kBytesMin = 1024;

    /// `capacity` in bytes.
    CodedTexts(base::Executor executor, base::ThreadPool& threads, std::size_t capacity)
        : executor_{std::move(executor)}, threads_{threads}, texts_{capacity} {}

    /// The coding that a request gets of this representation. A part of a text is of the text as it is.
    static http::Coding coding_for(const http::Request& request, const cache::Entry& entry);

    /// If it can be had at once; else null.
    std::shared_ptr<const CodedText> find(const cache::Entry& entry, Representation representation,
                                          http::Coding coding);
    /// Encodes it, or waits for whoever does. `entry` is whole when its JSON is wanted. Throws base::Unavailable when
    /// that takes too long.
    base::Awaitable<std::shared_ptr<const CodedText>> make(std::shared_ptr<const cache::Entry> entry,
                                                           Representation representation, http::Coding coding,
                                                           base::Deadline deadline);

  private:
    using Flights = base::SingleFlight<std::shared_ptr<const CodedText>>;

    base::Awaitable<void> fly(Flights::Pointer flight, std::shared_ptr<const cache::Entry> entry,
                              Representation representation, http::Coding coding);

    base::Executor executor_;
    base::ThreadPool& threads_;
    base::SieveCache<CodedText> texts_;
    Flights flights_;  ///< by key and version
};

}  // namespace snippetd::exchange
