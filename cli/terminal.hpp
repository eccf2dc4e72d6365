#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace snippetd::cli {

/// How much is said on standard error.
enum class Talk { quiet, normal, verbose };

/// Standard output and standard error of one run. Whatever may come from others goes through `printable` first.
class Terminal {
  public:
    explicit Terminal(Talk talk);

    /// To standard output, as it is. Throws Failure (local_file) when not all can be written.
    void print(std::string_view bytes) const;
    /// The same for what others wrote: byte for byte, but on a terminal so that it cannot act upon that
    /// (`base::visible`).
    void show(std::string_view text) const;
    /// What has colours in it: on a terminal or elsewhere, so that nothing but these can act upon a terminal.
    void show_in_styles(std::string_view text) const;
    void print_line(std::string_view line) const;

    /// To standard error, after `snip: `. `complain` speaks even when quiet, `explain` only when verbose.
    void complain(std::string_view message) const;
    void tell(std::string_view message) const;
    void explain(std::string_view message) const;

    /// To standard error, as it is.
    void draw(std::string_view text) const;

    /// Replaces the line that tells how far an upload is; only where there is a terminal. `clear_progress` removes it.
    void show_progress(std::string_view name, std::uint64_t done_bytes, std::uint64_t total_bytes) const;
    void clear_progress() const;

    bool quiet() const { return talk_ == Talk::quiet; }
    /// Whether standard output is a terminal that shows colours to somebody who wants them (no-color.org).
    bool wants_colours() const;
    bool out_is_terminal() const { return out_is_terminal_; }
    bool err_is_terminal() const { return err_is_terminal_; }
    /// Of standard output; 80 when it is unknown.
    int columns() const;

  private:
    Talk talk_;
    bool out_is_terminal_;
    bool err_is_terminal_;
};

/// Asks on the terminal itself, whatever standard input is; `hidden` does not show what is typed. Throws Failure
/// (bad_input) when there is no terminal, and Interrupted.
std::string ask(std::string_view question, bool hidden);

}  // namespace snippetd::cli
