#include "pages/documents.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace snippetd::pages {

namespace {

constexpr std::size_t kMadeBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kFailedBytesMax = 1024 * 1024;  // some thousands
constexpr std::size_t kWaitingMax = 64;               // in a lane; each refers to its texts

}  // namespace

std::shared_ptr<const Document> DocumentCache::find(const std::string& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return nullptr;
    queue_.splice(queue_.begin(), queue_, found->second);
    return queue_.front().document;
}

void DocumentCache::put(const std::string& key, std::shared_ptr<const Document> document) {
    const std::size_t size = sizeof(Document) + 256 + key.size() + document->html.size();
    if (size > capacity_ / 3 || places_.contains(key)) return;
    while (bytes_ + size > capacity_) {
        bytes_ -= queue_.back().bytes;
        places_.erase(queue_.back().key);
        queue_.pop_back();
    }
    bytes_ += size;
    queue_.push_front({key, std::move(document), size});
    places_.emplace(queue_.front().key, queue_.begin());
}

Documents::Lane::Lane(unsigned processes_max, std::string what)
    : threads{processes_max, kWaitingMax, std::move(what)} {}

Documents::Documents(unsigned processes, base::Metrics& metrics)
    : processes_{processes}, metrics_{metrics}, made_{kMadeBytesMax}, failed_{kFailedBytesMax} {}

void Documents::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    // No lane is made after this.
    for (Lane* lane : {markdown_.get(), differences_.get()}) {
        if (lane) lane->threads.close();
    }
}

Documents::Lane& Documents::lane_of(DocumentKind kind) {
    const std::lock_guard lock{mutex_};
    if (closed_) throw base::Unavailable{"the service is shutting down"};
    const bool markdown = kind == DocumentKind::markdown;
    std::unique_ptr<Lane>& lane = markdown ? markdown_ : differences_;
    if (!lane && markdown) lane = std::make_unique<Lane>(processes_, "too much Markdown is rendered");
    if (!lane) lane = std::make_unique<Lane>(1, "too many versions are compared");
    return *lane;
}

Documents::Made Documents::find(const std::string& key) {
    const std::lock_guard lock{mutex_};
    Made made = made_.find(key);
    return made ? made : failed_.find(key);
}

base::Awaitable<Documents::Made> Documents::make(std::string key, DocumentRequest request, base::Deadline deadline) {
    if (Made made = find(key)) co_return made;
    Lane& lane = lane_of(request.kind);
    auto start = [&](base::Completion<Made> done) {
        const base::Reply<Made> reply{std::move(done), deadline, "a document takes too long"};
        if (!key.empty() && join(key, reply, deadline)) return;
        const auto flight = std::make_shared<Flight>(Flight{key, std::move(request), {reply}, deadline});
        if (!key.empty()) {
            const std::lock_guard lock{mutex_};
            flights_.emplace(key, flight);
        }
        try {
            lane.threads.post([this, &lane, flight] { fly(lane, flight); });
        } catch (...) {
            const std::exception_ptr error = std::current_exception();
            for (const base::Reply<Made>& waiter : land(flight, nullptr)) waiter.reject(error);
        }
    };
    co_return co_await base::completed_by<Made>(start);
}

bool Documents::join(const std::string& key, const base::Reply<Made>& reply, base::Deadline deadline) {
    const std::lock_guard lock{mutex_};
    const auto found = flights_.find(key);
    if (found == flights_.end()) return false;
    found->second->waiters.push_back(reply);
    found->second->deadline = std::max(found->second->deadline, deadline);
    return true;
}

void Documents::fly(Lane& lane, const std::shared_ptr<Flight>& flight) {
    Made made;
    std::exception_ptr error;
    bool wanted = false;
    {
        const std::lock_guard lock{mutex_};
        wanted = !closed_ && base::steady_now() < flight->deadline;
    }
    try {
        // It may have been made since it was asked for, under the same key.
        made = find(flight->key);
        if (!made && wanted) made = make_now(lane, flight->request);
        if (!made) throw base::Unavailable{"a document was not begun in time"};
    } catch (...) {
        error = std::current_exception();
        count(flight->request.kind, "unavailable");
    }
    for (const base::Reply<Made>& waiter : land(flight, made)) {
        if (error) {
            waiter.reject(error);
        } else {
            waiter.resolve(made);
        }
    }
}

Documents::Made Documents::make_now(Lane& lane, const DocumentRequest& request) {
    std::unique_ptr<DocumentProcess> process;
    {
        const std::lock_guard lock{lane.mutex};
        if (!lane.idle.empty()) {
            process = std::move(lane.idle.back());
            lane.idle.pop_back();
        }
    }
    if (!process) process = std::make_unique<DocumentProcess>();
    auto made = std::make_shared<const Document>(process->make(request));
    count(request.kind, to_text(made->outcome));
    const std::lock_guard lock{lane.mutex};
    lane.idle.push_back(std::move(process));
    return made;
}

std::vector<base::Reply<Documents::Made>> Documents::land(const std::shared_ptr<Flight>& flight, const Made& made) {
    const std::lock_guard lock{mutex_};
    const auto found = flights_.find(flight->key);
    if (found != flights_.end() && found->second == flight) flights_.erase(found);
    if (made && !flight->key.empty()) {
        (made->outcome == DocumentOutcome::made ? made_ : failed_).put(flight->key, made);
    }
    return std::move(flight->waiters);
}

void Documents::count(DocumentKind kind, std::string_view outcome) {
    const std::string kind_text = kind == DocumentKind::markdown ? "markdown" : "difference";
    metrics_
        .counter("snippetd_documents_total", "Documents made of what was pasted, by how it went.",
                 {{"kind", kind_text}, {"outcome", std::string{outcome}}})
        .add();
}

}  // namespace snippetd::pages
