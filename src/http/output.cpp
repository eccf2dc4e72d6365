#include "http/output.hpp"

#include "base/assert.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace snippetd::http {

namespace {

bool is_full(int error) {
    return error == EAGAIN || error == EWOULDBLOCK;
}

}  // namespace

void Output::add_large(Response response) {
    SNIPPETD_ASSERT(!large_, left_of_large(), response.content_length());
    large_ = std::move(response);
    large_sent_ = 0;
}

Output::Outcome Output::send(int socket) {
    if (backlog_.empty() && !large_) {
        if (gathered_.empty()) return Outcome::sent;
        // The usual case: the kernel takes all of it at once.
        const ssize_t sent = ::send(socket, gathered_.data(), gathered_.size(), MSG_NOSIGNAL);
        if (sent > 0) sent_ += static_cast<std::uint64_t>(sent);
        if (sent == static_cast<ssize_t>(gathered_.size())) {
            gathered_.clear();
            return Outcome::sent;
        }
        if (sent < 0 && !is_full(errno) && errno != EINTR) return Outcome::lost;
        backlog_.assign(gathered_, sent < 0 ? 0 : static_cast<std::size_t>(sent));
    } else {
        // It would overtake what is left of the large content.
        SNIPPETD_ASSERT(large_sent_ == 0 || gathered_.empty(), large_sent_, gathered_.size());
        backlog_ += gathered_;
    }
    gathered_.clear();
    if (gathered_.capacity() > 4 * kGatheredBytesMax) std::string{}.swap(gathered_);
    return send_backlog(socket);
}

/// The backlog, then what is left of the large content.
Output::Outcome Output::send_backlog(int socket) {
    while (true) {
        std::array<iovec, 1 + Response::kPiecesMax> parts;
        std::size_t count = 0, bytes = 0;
        const auto add = [&](std::string_view part) {
            if (part.empty()) return;
            parts[count++] = {const_cast<char*>(part.data()), part.size()};
            bytes += part.size();
        };
        add(backlog_);
        std::size_t skip = large_sent_;
        for (std::size_t i = 0; large_ && i < large_->piece_count(); ++i) {
            const std::string_view piece = large_->piece(i);
            add(piece.substr(std::min(skip, piece.size())));
            skip -= std::min(skip, piece.size());
        }
        if (count == 0) break;
        msghdr message{};
        message.msg_iov = parts.data();
        message.msg_iovlen = count;
        const ssize_t outcome = ::sendmsg(socket, &message, MSG_NOSIGNAL);
        if (outcome < 0 && errno == EINTR) continue;
        if (outcome < 0) return is_full(errno) ? Outcome::waiting : Outcome::lost;
        const auto sent = static_cast<std::size_t>(outcome);
        SNIPPETD_ASSERT(sent <= bytes, sent, bytes);
        sent_ += sent;
        const std::size_t of_backlog = std::min(sent, backlog_.size());
        backlog_.erase(0, of_backlog);
        large_sent_ += sent - of_backlog;
    }
    SNIPPETD_ASSERT(left_of_large() == 0, large_sent_, left_of_large());
    drop();
    return Outcome::sent;
}

void Output::drop() {
    gathered_.clear();
    std::string{}.swap(backlog_);
    large_.reset();
    large_sent_ = 0;
}

std::size_t Output::left_of_large() const {
    return large_ ? large_->content_length() - large_sent_ : 0;
}

std::size_t Output::shared_bytes() const {
    return shared() ? large_->owned_bytes() : 0;
}

std::uint64_t Output::count_untaken(int socket) const {
    int bytes = 0;
    return ::ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

std::uint64_t Output::take_note(int socket) {
    const std::uint64_t before = taken_;
    taken_ = std::max(taken_, sent_ - std::min(sent_, count_untaken(socket)));
    SNIPPETD_ASSERT(taken_ <= sent_, taken_, sent_);
    return taken_ - before;
}

}  // namespace snippetd::http
