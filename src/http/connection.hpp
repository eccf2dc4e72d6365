#pragma once

#include "base/awaitable.hpp"
#include "base/clock.hpp"
#include "base/timer.hpp"
#include "http/deadlines.hpp"
#include "http/holders.hpp"
#include "http/memory.hpp"
#include "http/output.hpp"
#include "http/poller.hpp"
#include "http/request_reader.hpp"
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
/// It is a state machine that runs as far as it can at each event, and has the socket. What has come goes to its
/// `RequestReader`, what is to be sent to its `Output`; until when it has to make progress, its `Deadlines` say. Input
/// is read into a buffer that all connections of the worker share. A request that is there as a whole and can be
/// answered at once is answered straight from it, and the answer is sent from a shared buffer too: an idle connection
/// owns no buffers. What is incomplete, or has to wait for its answer, or cannot be sent yet, is copied into the
/// connection. Pipelined requests are answered before anything is written, so that many small answers leave in one
/// system call.
///
/// A connection runs for a turn, which is counted in time and bytes. If it has more to do then, it waits in the
/// server's queue, where those that have just become ready are not behind it.
class Connection final : public Poller::Client,
                         public boost::intrusive_ref_counter<Connection, boost::thread_unsafe_counter> {
  public:
    using Pointer = boost::intrusive_ptr<Connection>;

    /// Takes over `socket`, which does not block.
    Connection(Server& server, int socket, boost::asio::ip::address peer, Holders::Holder& holder);
    ~Connection();

    void on_ready(std::uint32_t events) override;
    void check_deadline(base::SteadyTime now);
    /// Its turn in the server's queue has come.
    void go_on();
    /// Ends the connection if no request is under way on it, and an answer that would go on for ever.
    void begin_drain();
    void close();

    int socket() const { return socket_; }
    Holders::Holder& holder() const { return holder_; }
    /// Whether little is lost when it ends, to make room for another client's: no request is under way, or one whose
    /// answer has no end, which browsers ask for again.
    bool is_idle() const;
    /// Whether nothing is under way here, but with the peer.
    bool waits_for_peer() const { return state_ != State::handling && (!queued_ || rests_) && !advancing_; }
    /// Whether it never has sent anything, though it had the time.
    bool is_silent(base::SteadyTime now) const;
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

    void advance();
    void wait_for_turn();
    bool must_rest() const;
    void rest();
    bool turn_is_over() const;
    void run_states();
    bool read_requests();
    std::string_view receive();
    bool consume(std::string_view& input);
    void wait_for_more(bool begun);
    void continue_body();
    void handle();
    static base::Awaitable<void> answer_later(Pointer self, base::SteadyTime started);
    /// Sends the answer, or begins to; it is used up.
    void respond(Service::Answer& answer, base::SteadyTime started);
    static base::Awaitable<void> produce(Pointer self, bool chunked);
    void send_piece(std::string_view piece, bool chunked);
    void refuse_what_is_too_much(Response& response);
    void refuse(base::Error error);
    void identify_request();
    void finish_request();

    bool flush();
    void wait_until_taken();
    base::MemoryBudget::Outcome hold(std::size_t bytes);
    bool count_held();
    void let_go();
    void begin_lingering();
    void linger();
    void check_own_turn() const;

    Server& server_;
    int socket_;
    Holders::Holder& holder_;
    const base::SteadyTime since_ = base::steady_now();
    State state_ = State::reading;
    RequestReader reader_;
    Output output_;
    Deadlines deadlines_;
    boost::asio::ip::address client_;    ///< of the last request that was answered
    base::MemoryBudget::Holding held_;   ///< of what is its own and waits for the peer
    const void* held_shared_ = nullptr;  ///< of what it waits with, beside others
    std::string rest_;                   ///< input not yet used, between two events
    bool spoken_ = false;                ///< something has come
    bool readable_ = true;               ///< the socket may have input: an edge has said so and no read has emptied it
    bool peer_done_ = false;             ///< the peer will send no more; it may still read
    bool peer_gone_ = false;             ///< nor will it read
    bool close_after_ = false;
    bool body_owed_ = false;  ///< the last request was refused before its end
    bool advancing_ = false;  ///< `advance` is on the stack and goes on by itself
    bool queued_ = false;     ///< it waits for a turn, and nothing but that turn runs it
    bool rests_ = false;      ///< it waits for the turn that comes at `rests_until_`
    base::SteadyTime rests_until_{};

    base::SteadyTime turn_began_{};  ///< with the first request of this turn; the epoch before it
    base::SteadyTime turn_now_{};    ///< when its last request was answered
    std::size_t turn_bytes_ = 0;     ///< read and answered in this turn

    std::shared_ptr<ContentSource> source_;   ///< of the answer under way
    std::optional<base::Timer> piece_taken_;  ///< cancelled when the reader has taken the last piece

    std::size_t lingered_bytes_ = 0;
};

}  // namespace snippetd::http
