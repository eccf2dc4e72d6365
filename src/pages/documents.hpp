#pragma once

#include "base/awaitable.hpp"
#include "base/metrics.hpp"
#include "base/reply.hpp"
#include "base/thread_pool.hpp"
#include "pages/document.hpp"
#include "pages/document_process.hpp"

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::pages {

/// Documents by key, bounded by bytes; the one that has not been used for longest goes first.
class DocumentCache {
  public:
    explicit DocumentCache(std::size_t capacity) : capacity_{capacity} {}

    /// Null when there is none.
    std::shared_ptr<const Document> find(const std::string& key);
    /// One above a third of the capacity is not kept.
    void put(const std::string& key, std::shared_ptr<const Document> document);

  private:
    struct Kept {
        std::string key;
        std::shared_ptr<const Document> document;
        std::size_t bytes;
    };

    std::size_t capacity_, bytes_ = 0;
    std::list<Kept> queue_;  ///< the last used first
    std::unordered_map<std::string_view, std::list<Kept>::iterator> places_;
};

/// What is made of strangers' text by a library that may take long, much memory, or the process down: in processes of
/// their own, each document within its bounds (`DocumentProcess`), once for all who wait for the same. What came of it
/// is kept, and that nothing came of it for longer, so that nobody pays for it twice.
///
/// Differences wait for each other and Markdown for Markdown, and neither holds up what pages are made with. The
/// processes and the threads that wait for them are started when the first document is asked for.
class Documents {
  public:
    using Made = std::shared_ptr<const Document>;

    /// `processes`: for Markdown; one more is for differences.
    Documents(unsigned processes, base::Metrics& metrics);
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
    struct Flight {
        std::string key;
        DocumentRequest request;
        std::vector<base::Reply<Made>> waiters;
        base::Deadline deadline;  ///< of the most patient of them
    };

    /// Some processes of one purpose, each used by one thread at a time.
    struct Lane {
        Lane(unsigned processes_max, std::string what);

        base::ThreadPool threads;
        std::mutex mutex;
        std::vector<std::unique_ptr<DocumentProcess>> idle;
    };

    Lane& lane_of(DocumentKind kind);
    bool join(const std::string& key, const base::Reply<Made>& reply, base::Deadline deadline);
    void fly(Lane& lane, const std::shared_ptr<Flight>& flight);
    Made make_now(Lane& lane, const DocumentRequest& request);
    /// Nobody can join it after this.
    std::vector<base::Reply<Made>> land(const std::shared_ptr<Flight>& flight, const Made& made);
    void count(DocumentKind kind, std::string_view outcome);

    const unsigned processes_;
    base::Metrics& metrics_;
    std::mutex mutex_;  ///< of all below
    bool closed_ = false;
    DocumentCache made_, failed_;
    std::unordered_map<std::string, std::shared_ptr<Flight>> flights_;  ///< by key
    std::unique_ptr<Lane> markdown_, differences_;                      ///< null until they are needed
};

}  // namespace snippetd::pages
