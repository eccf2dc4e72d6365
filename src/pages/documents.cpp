#include "pages/documents.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

#include <exception>
#include <utility>

namespace snippetd::pages {

namespace {

constexpr std::size_t kMadeBytesMax = 8 * 1024 * 1024;
constexpr std::size_t kFailedBytesMax = 1024 * 1024;  // some thousands
constexpr std::size_t kNotMade = kDocumentOutcomes;   // of the counters
constexpr std::size_t kShareMax = 3;                  // one document takes at most that part of what is kept

/// Of a lane: each that waits refers to its texts, and takes up to a quarter of a second.
constexpr base::Admission::Options kQueue{
    .target = base::Milliseconds{250}, .burst = base::Milliseconds{1000}, .least = 8, .most = 64};

}  // namespace

Documents::Lane::Lane(unsigned processes_max, DocumentProcess::Purpose made, std::string what,
                      std::shared_ptr<base::QueueMeter> meter)
    : purpose{made}, threads{processes_max, kQueue, std::move(what), std::move(meter)} {}

Documents::Documents(unsigned processes, base::Metrics& metrics, base::QueueMeters& queues)
    : processes_{processes},
      markdown_meter_{queues.make("markdown")},
      difference_meter_{queues.make("differences")},
      colours_meter_{queues.make("colours")},
      picture_meter_{queues.make("pictures")},
      markdown_outcomes_{outcomes_of("markdown", metrics)},
      difference_outcomes_{outcomes_of("difference", metrics)},
      colours_outcomes_{outcomes_of("colours", metrics)},
      picture_outcomes_{outcomes_of("picture", metrics)},
      made_{kMadeBytesMax, kMadeBytesMax / kShareMax},
      failed_{kFailedBytesMax, kFailedBytesMax / kShareMax} {}

void Documents::close() {
    {
        const std::lock_guard lock{mutex_};
        closed_ = true;
    }
    // No lane is made after this.
    for (Lane* lane : {markdown_.get(), differences_.get(), colours_.get(), pictures_.get()}) {
        if (lane) lane->threads.close();
    }
}

Documents::Lane& Documents::lane_of(DocumentKind kind) {
    const std::lock_guard lock{mutex_};
    if (closed_) throw base::Unavailable{"the service is shutting down"};
    using Purpose = DocumentProcess::Purpose;
    const auto made = [](std::unique_ptr<Lane>& lane, auto... arguments) -> Lane& {
        if (!lane) lane = std::make_unique<Lane>(arguments...);
        return *lane;
    };
    switch (kind) {
        case DocumentKind::markdown:
            return made(markdown_, processes_, Purpose::code, "too much Markdown is rendered", markdown_meter_);
        case DocumentKind::colours:
            return made(colours_, 1U, Purpose::code, "too much code is coloured", colours_meter_);
        case DocumentKind::picture:
            return made(pictures_, 1U, Purpose::pictures, "too many pictures are drawn", picture_meter_);
        case DocumentKind::diff_inline:
        case DocumentKind::diff_split: break;
    }
    return made(differences_, 1U, Purpose::differences, "too many versions are compared", difference_meter_);
}

Documents::Made Documents::find(const std::string& key) {
    const std::lock_guard lock{mutex_};
    Cache::Pointer kept = made_.find(key);
    if (!kept) kept = failed_.find(key);
    return kept ? kept->document : nullptr;
}

base::Awaitable<Documents::Made> Documents::make(std::string key, DocumentRequest request, base::Deadline deadline) {
    if (Made made = find(key)) co_return made;
    Lane& lane = lane_of(request.kind);
    Flights::Place place = key.empty() ? Flights::alone(deadline) : flights_.join(key, deadline);
    if (place.first) start(lane, key, std::move(request), place.flight);
    co_await flights_.wait(place.flight, deadline, "a document takes too long");
    co_return place.flight->result();
}

void Documents::start(Lane& lane, const std::string& key, DocumentRequest request, const Flights::Pointer& flight) {
    auto work = [this, &lane, key, request = std::move(request), flight] { fly(lane, key, request, flight); };
    auto refused = [this, flight](std::exception_ptr why) { flights_.fail(flight, std::move(why)); };
    lane.threads.post(std::move(work), std::move(refused), flight->patience().party);
}

void Documents::fly(Lane& lane, const std::string& key, const DocumentRequest& request,
                    const Flights::Pointer& flight) {
    bool wanted = false;
    {
        const std::lock_guard lock{mutex_};
        wanted = !closed_ && base::steady_now() < flight->patience();
    }
    try {
        // It may have been made since it was asked for, under the same key.
        Made made = find(key);
        if (!made && wanted) {
            made = make_now(lane, request);
            if (!key.empty()) keep(key, made);
        }
        if (!made) throw base::Unavailable{"a document was not begun in time"};
        flights_.land(flight, std::move(made));
    } catch (...) {
        count(request.kind, kNotMade);
        flights_.fail(flight, std::current_exception());
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
    if (!process) process = std::make_unique<DocumentProcess>(lane.purpose);
    auto made = std::make_shared<const Document>(process->make(request));
    count(request.kind, static_cast<std::size_t>(made->outcome));
    const std::lock_guard lock{lane.mutex};
    lane.idle.push_back(std::move(process));
    return made;
}

void Documents::keep(const std::string& key, const Made& made) {
    Cache& cache = made->outcome == DocumentOutcome::made ? made_ : failed_;
    const std::lock_guard lock{mutex_};
    cache.put(std::make_shared<const Kept>(Kept{key, made}));
}

Documents::Outcomes Documents::outcomes_of(const char* kind, base::Metrics& metrics) {
    Outcomes outcomes{};
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const std::string_view outcome = i == kNotMade ? "unavailable" : to_text(static_cast<DocumentOutcome>(i));
        outcomes[i] = &metrics.counter("snippetd_documents_total", "Documents made of what was pasted, by how it went.",
                                       {{"kind", kind}, {"outcome", std::string{outcome}}});
    }
    return outcomes;
}

const Documents::Outcomes& Documents::outcomes_of(DocumentKind kind) const {
    switch (kind) {
        case DocumentKind::markdown: return markdown_outcomes_;
        case DocumentKind::colours: return colours_outcomes_;
        case DocumentKind::picture: return picture_outcomes_;
        case DocumentKind::diff_inline:
        case DocumentKind::diff_split: break;
    }
    return difference_outcomes_;
}

}  // namespace snippetd::pages
