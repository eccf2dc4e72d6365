#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "http/pace.hpp"
#include "http/parser.hpp"
#include "http/poller.hpp"
#include "http/service.hpp"

#include <list>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/ip/address.hpp>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

/// For http/ only.
namespace snippetd::http {

class Server;

/// One connection: reads requests, has them answered in order, writes the answers.
///
/// It is a state machine that runs as far as it can at each event. Input is read into a buffer that all
/// connections of the worker share; a request that is there as a whole and can be answered at once is
/// answered straight from it, and the answer is sent from a shared buffer too, so an idle connection owns no
/// buffers. What is incomplete, or has to wait for its answer, or cannot be sent yet, is copied into the
/// connection. Pipelined requests are answered before anything is written, so that many small answers leave
/// in one system call.
///
/// There is no timer for each operation: the connection says by when it must have made progress, and the
/// server looks a few times a second who is late. A header has to come within a time; bodies, answers and what
/// comes after a refusal have to keep a `Pace`, as the kernel knows it: what it still holds has not been taken.
///
/// A connection runs for a turn, which is counted in time and bytes. If it has more to do then, it waits in the
/// server's queue, where those that have just become ready are not behind it.
class Connection final : public Poller::Client,
                         public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
  public:
    using Pointer = boost::intrusive_ptr<Connection>;

    /// Takes over `socket`, which does not block.
    Connection(Server& server, int socket, boost::asio::ip::address peer);
    ~Connection();

    void on_ready(std::uint32_t events) override;
    void check_deadline(base::SteadyTime now);
    /// Its turn in the server's queue has come.
    void go_on();
    /// Ends the connection if no request is under way on it, and an answer that would go on for ever.
    void begin_drain();
    void close();

    int socket() const { return socket_; }
    /// Where the server has it.
    std::list<Pointer>::iterator position;

  private:
    enum class State {
        reading,    ///< the next request, or more of it
        handling,   ///< the service works on the answer; nothing is read
        producing,  ///< the answer's source makes more of it; nothing is read
        writing,    ///< the peer is slow to take an answer; nothing is read
        lingering,  ///< the last answer is sent; what still comes is thrown away
        closed,
    };

    /// Within `reading`: what the deadline is for.
    enum class Phase { idle, header, body };

    void advance();
    void wait_for_turn();
    bool turn_is_over() const;
    void run_states();
    bool read_requests();
    std::string_view receive();
    bool consume(std::string_view& input);
    void keep_header();
    void wait_for_more(bool begun);
    void handle();
    static base::Awaitable<void> answer_later(Pointer self, base::SteadyTime started);
    void respond(Service::Answer answer, base::SteadyTime started);
    static base::Awaitable<void> produce(Pointer self, bool chunked);
    void send_piece(std::string_view piece, bool chunked);
    void refuse(base::Error error);
    void finish_request();

    bool flush();
    bool send_backlog();
    void begin_lingering();
    void linger();

    void keep_pace(const Pace::Bounds& bounds);
    void look_again(base::SteadyTime now);
    std::size_t count_untaken() const;
    bool note_taken(base::SteadyTime now);

    void identify_request();
    bool account_body();
    void release_body();

    Server& server_;
    int socket_;
    boost::asio::ip::address peer_;
    State state_ = State::reading;
    Phase phase_ = Phase::idle;
    base::SteadyTime deadline_ = base::SteadyTime::max();
    Pace pace_;                ///< of a body, of an answer that is being taken, of lingering
    std::uint64_t sent_ = 0;   ///< bytes, to the kernel
    std::uint64_t taken_ = 0;  ///< of these, what the peer's kernel had taken when it was last asked for
    bool readable_ = true;     ///< the socket may have input: an edge has said so and no read has emptied it
    bool peer_done_ = false;   ///< the peer will send no more; it may still read
    bool peer_gone_ = false;   ///< nor will it read
    bool close_after_ = false;
    bool advancing_ = false;  ///< `advance` is on the stack and goes on by itself
    bool queued_ = false;     ///< it waits for a turn, and nothing but that turn runs it
    bool continued_ = false;  ///< `100 Continue` has been sent
    int empty_lines_ = 0;     ///< passed over before the request

    base::SteadyTime turn_began_{};  ///< with the first request of this turn; the epoch before it
    base::SteadyTime turn_now_{};    ///< when its last request was answered
    std::size_t turn_bytes_ = 0;     ///< read and answered in this turn

    std::optional<Parser> parser_;
    std::string_view request_header_;  ///< where the header of the request under way lies
    std::string header_;               ///< or a copy of it, once it must be kept
    std::string rest_;                 ///< input not yet used, between two events
    std::size_t accounted_body_ = 0;

    std::string backlog_;            ///< answers that could not be sent yet
    std::optional<Response> large_;  ///< an answer that is sent from where it is, after the backlog
    std::size_t large_sent_ = 0;     ///< bytes of its content

    std::shared_ptr<ContentSource> source_;   ///< of the answer under way
    std::optional<base::Timer> piece_taken_;  ///< cancelled when the reader has taken the last piece

    bool body_owed_ = false;  ///< the last request was refused before its end
    base::SteadyTime linger_ends_{};
    std::size_t lingered_bytes_ = 0;
};

}  // namespace snippetd::http
