#pragma once

#include "base/machine_clocks.hpp"
#include "model/snippet.hpp"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace snippetd::cache {

/// A count that is set while others read it; which of them sees which value does not matter.
class RelaxedCount {
  public:
    RelaxedCount() = default;
    RelaxedCount(const RelaxedCount& other) : value_{other} {}
    RelaxedCount& operator=(const RelaxedCount& other) { return *this = static_cast<std::int64_t>(other); }
    RelaxedCount& operator=(std::int64_t value) {
        value_.store(value, std::memory_order_relaxed);
        return *this;
    }
    /// By one thread at a time.
    void raise_to(std::int64_t value) {
        if (value > *this) *this = value;
    }
    operator std::int64_t() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::int64_t> value_{0};
};

/// What a link reads, ready to be sent: everything in a response that is the same for all readers. What differs (the
/// view count, the base of the link, the request's id) is put between the pieces, so that none of it is part of what is
/// cached.
struct Entry {
    enum class Kind {
        snippet,
        missing,  ///< the id is unknown: kept for seconds, so that a scan of random ids does not reach the store
        gone,     ///< the snippet was burned or has expired
    };

    static constexpr std::string_view kStatusLine = "HTTP/1.1 200 OK\r\n";  ///< of `raw_head`
    static constexpr base::UnixMillis kNever = std::numeric_limits<base::UnixMillis>::max();

    Kind kind = Kind::snippet;
    std::string id;
    std::int64_t version = 0;
    base::SteadyTime loaded_at;       ///< what was committed before is in it: when its load from the store began, or
                                      ///< the time up to which Redis was proven to know
    base::SteadyTime refresh_from;    ///< from then on a reader has it loaded anew, before its time is over
    base::SteadyTime valid_until;     ///< the TTL, never past the snippet's own expiry
    base::UnixMillis expires_at = 0;  ///< of the snippet, by the store's clock; 0 is never
    /// The same by the clocks of this process, of which the first counts: the steady one stands still while the machine
    /// does, and the wall clock may be set.
    base::SteadyTime expires_by = base::SteadyTime::max();
    base::UnixMillis expires_by_wall = kNever;

    std::shared_ptr<const model::Snippet> snippet;  ///< as it was loaded; null unless of kind `snippet`

    /// `{"id":…,"view_count":`. A large body's text is put in when that is first asked for (`Cache::complete`): an
    /// entry that is not whole is replaced by one that is.
    std::string json_before_count;
    std::string json_after_count;  ///< `,"created_at":…,"url":"`
    std::string json_after_base;   ///< `/s/ID"}`
    /// How long `json_before_count` is with the body's text.
    std::size_t json_before_count_bytes = 0;
    std::size_t json_body_at = 0;     ///< where the escaped body begins in it, after its quote
    std::size_t json_body_bytes = 0;  ///< and how long that is
    std::string json_fields;  ///< header fields of the JSON representation but its entity tag, each with its CRLF
    /// The head of the raw one, from the status line to Content-Length.
    std::string raw_head;
    std::size_t raw_fields_bytes = 0;  ///< how long in it, behind the status line, the fields but Content-Length are
    std::string raw_etag;

    /// Follows what the drainer publishes; not part of what identifies the entry.
    mutable RelaxedCount view_count;

    /// That a whole entry is made of one that is not only once at a time.
    struct Completion {
        std::mutex mutex;
        std::weak_ptr<const Entry> whole;  ///< guarded by mutex; what has been made of it, while somebody has that
    };
    std::shared_ptr<Completion> completion;  ///< null when it is whole

    /// The snippet expires in `lifetime` from `loaded_at`.
    void expire_in(base::Milliseconds lifetime) {
        expires_by = loaded_at + lifetime;
        expires_by_wall = base::unix_now_ms() + lifetime.count();
    }
    /// Whether it has expired at `now`. The wall clock is asked only for what expires.
    bool expired(base::SteadyTime now) const {
        return now >= expires_by || (expires_by_wall != kNever && base::coarse_unix_now_ms() >= expires_by_wall);
    }

    /// As `json_fields`, of the raw representation, its entity tag first.
    std::string_view raw_fields() const {
        return std::string_view{raw_head}.substr(kStatusLine.size(), raw_fields_bytes);
    }
    /// Whether its JSON is all there.
    bool whole() const { return completion == nullptr; }

    std::string_view cache_key() const { return id; }
    /// What it costs to keep, with what the allocator and the maps add.
    std::size_t bytes() const {
        const std::size_t loaded = snippet ? sizeof *snippet + snippet->title.size() + snippet->body.size() : 0;
        return sizeof(Entry) + 160 + id.size() + loaded + json_before_count.size() + json_after_count.size() +
               json_after_base.size() + json_fields.size() + raw_head.size();
    }
};

}  // namespace snippetd::cache
