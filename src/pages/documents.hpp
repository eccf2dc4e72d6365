#pragma once

#include "base/awaitable.hpp"
#include "base/metrics.hpp"
#include "base/sieve_cache.hpp"
#include "base/single_flight.hpp"
#include "base/thread_pool.hpp"
#include "pages/document.hpp"
#include "pages/document_process.hpp"

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace snippetd::pages {

/// What is made of strangers' text by a library that may take long, much memory, or the process down: in processes of
/// their own, each document within its bounds (`DocumentProcess`), once for all who wait for the same. What came of it
/// is kept, and that nothing came of it for longer, so that nobody pays for it twice.
///
/// Differences wait for each other, and so do Markdown and colours; none holds up what pages are made with. The
/// processes and the threads that wait for them are started when the first document is asked for.
class Documents {
  public:
    using Made = std::shared_ptr<const Document>;

    /// `processes`: for Markdown; one more is for each of colours, differences and pictures.
    Documents(unsigned processes, base::Metrics& metrics, base::QueueMeters& queues);
    ~Documents() { close(); }
    Documents(const Documents&) = delete;
    Documents& operator=(const Documents&) = delete;

    /// Refuses further documents and returns when those under way are made. Not from a coroutine.
    void close();

    /// The one that is kept under this key, or null.
    Made find(const std::string& key);

    /// Makes it, or waits for whoever does. `key` names the texts and the kind for ever; empty: it is for this caller
    /// alone, and not kept. Throws base::Unavailable at the deadline, and when too many wait; what nobody waits for any
    /// more is not begun.
    base::Awaitable<Made> make(std::string key, DocumentRequest request, base::Deadline deadline);

  private:
    using Flights = base::SingleFlight<Made, std::string, std::monostate, std::mutex>;

    struct Kept {
        std::string key;
        Made document;

        std::string_view cache_key() const { return key; }
        std::size_t bytes() const { return sizeof(Kept) + sizeof(Document) + 256 + key.size() + document->html.size(); }
    };
    using Cache = base::SieveCache<Kept>;

    /// Some processes of one purpose, each used by one thread at a time.
    struct Lane {
        Lane(unsigned processes_max, DocumentProcess::Purpose purpose, std::string what,
             std::shared_ptr<base::QueueMeter> meter);

        const DocumentProcess::Purpose purpose;
        base::ThreadPool threads;
        std::mutex mutex;
        std::vector<std::unique_ptr<DocumentProcess>> idle;
    };

    Lane& lane_of(DocumentKind kind);
    void start(Lane& lane, const std::string& key, DocumentRequest request, const Flights::Pointer& flight);
    void fly(Lane& lane, const std::string& key, const DocumentRequest& request, const Flights::Pointer& flight);
    Made make_now(Lane& lane, const DocumentRequest& request);
    void keep(const std::string& key, const Made& made);

    /// By outcome; the last one is of those that were not made at all.
    using Outcomes = std::array<base::Counter*, kDocumentOutcomes + 1>;
    static Outcomes outcomes_of(const char* kind, base::Metrics& metrics);
    const Outcomes& outcomes_of(DocumentKind kind) const;
    void count(DocumentKind kind, std::size_t outcome) { outcomes_of(kind)[outcome]->add(); }

    const unsigned processes_;
    const std::shared_ptr<base::QueueMeter> markdown_meter_, difference_meter_, colours_meter_, picture_meter_;
    const Outcomes markdown_outcomes_, difference_outcomes_, colours_outcomes_, picture_outcomes_;
    Flights flights_;   ///< by key
    std::mutex mutex_;  ///< of all below
    bool closed_ = false;
    Cache made_, failed_;
    std::unique_ptr<Lane> markdown_, differences_, colours_, pictures_;  ///< null until they are needed
};

}  // namespace snippetd::pages
