#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

/// For http/ only.
namespace snippetd::http {

/// How many connections each address has with one worker's server.
class Holders {
  public:
    struct Holder {
        std::string key;
        std::size_t connections = 0;
        bool proxy = false;  ///< it stands for many clients
    };

    /// `most_of_all`: the sum, over all workers, of what `most` is for each of them; it outlives this.
    explicit Holders(std::atomic<std::size_t>& most_of_all) : most_of_all_{most_of_all} {}
    ~Holders() { most_of_all_ -= most_; }
    Holders(const Holders&) = delete;
    Holders& operator=(const Holders&) = delete;

    /// One more connection. What it returns is good until all that entered have left.
    Holder& enter(std::string key, bool proxy = false);
    void leave(Holder& holder);

    /// How many the address with the most has.
    std::size_t most() const { return most_; }

  private:
    std::unordered_map<std::string, Holder> holders_;
    std::vector<std::size_t> with_;  ///< how many addresses have so many connections
    std::size_t most_ = 0;
    std::atomic<std::size_t>& most_of_all_;
};

}  // namespace snippetd::http
