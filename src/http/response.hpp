#pragma once

#include "base/assert.hpp"
#include "base/error.hpp"
#include "http/content_source.hpp"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::http {

/// What is answered, built by one handler and written once. Content-Length, Date, X-Request-Id,
/// X-Content-Type-Options and Connection are added by the connection.
class Response {
  public:
    unsigned status = 200;
    /// Header fields, each `Name: value` with its CRLF. Use `add`, which keeps line breaks out.
    std::string fields;
    /// Further fields that are ready-made and owned by `owner`.
    std::string_view prepared_fields;
    /// Or more than that, of a 200 whose content is the owner's and whole: from the status line to Content-Length.
    std::string_view prepared_head;
    /// And more of them, of static lifetime.
    std::string_view constant_fields;
    std::string body;
    /// Keeps what `prepared_fields` and the pieces refer to.
    std::shared_ptr<const void> owner;
    /// Instead of a body: content of unknown length, sent in chunks.
    std::shared_ptr<ContentSource> source;
    /// It is sent whatever the client says it has, because it is there only once.
    bool unconditional = false;
    /// The connection ends after this response.
    bool close = false;
    /// Of an answer to HEAD: how much of the content has not been made, because it is not sent.
    std::size_t unmade_bytes = 0;
    /// For the access log.
    std::string_view cache_status;

    void add(std::string_view name, std::string_view value);
    /// The value of the field `name`, as it is written; the first one, or empty.
    std::string_view field(std::string_view name) const;
    /// Makes it a 304 without content (RFC 9110 section 15.4.5).
    void become_not_modified();

    static constexpr std::size_t kPiecesMax = 6;

    /// Makes the content a sequence of pieces, at most `kPiecesMax`, which belong to `owner`, or are parts of `body`,
    /// which are given by their place, because the response may be moved.
    void add_piece(std::string_view piece) { add({piece.data(), 0, piece.size()}); }
    void add_body_piece(std::size_t offset, std::size_t size) { add({nullptr, offset, size}); }

    /// Of a content that is one piece: what of it remains.
    void keep_part(std::size_t first, std::size_t size);

    /// The content: without pieces it is `body`, as one. The views are good until the response is moved.
    std::size_t piece_count() const { return piece_count_ == 0 ? 1 : piece_count_; }
    std::string_view piece(std::size_t index) const;
    std::size_t content_length() const;
    /// How much of it is the owner's.
    std::size_t owned_bytes() const;

  private:
    struct Piece {
        const char* data;  ///< null for a part of the body
        std::size_t offset;
        std::size_t size;
    };
    void add(Piece piece) {
        SNIPPETD_ASSERT(piece_count_ < kPiecesMax, piece_count_);
        pieces_[piece_count_++] = piece;
    }

    std::array<Piece, kPiecesMax> pieces_{};
    std::size_t piece_count_ = 0;
};

Response json_response(unsigned status, std::string body);
/// The error as problem+json (RFC 9457); its detail as `message` too, if asked for.
Response problem(const base::Error& error, bool with_message = false);
/// The same in words, on a line of its own, for who reads what a command prints.
Response problem_text(const base::Error& error);
/// For `Retry-After`, in seconds: when who is told so may come again, a moment later and not all at once.
std::int64_t moment_s();
/// 503 with such a `Retry-After`.
Response unavailable();

std::string_view reason_phrase(unsigned status);

/// The status line, all fields and the empty line, appended to `out`. `date` is an IMF-fixdate. With a `source` the
/// length is that of the connection for HTTP/1.0, which must be closed then. `secure`: the public URL is https, and
/// browsers are told to use nothing else for a year (RFC 6797).
void append_head(std::string& out, const Response& response, std::string_view date, std::string_view request_id,
                 bool http_1_0, bool close, bool secure);

}  // namespace snippetd::http
