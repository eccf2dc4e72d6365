#pragma once

#include "highlight/required.hpp"
#include "highlight/starts.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct re_pattern_buffer;  // Oniguruma's

namespace snippetd::highlight {

/// A part of a line, in bytes; what has not been matched is at `npos`, and empty.
struct Span {
    std::size_t begin = std::string_view::npos, end = std::string_view::npos;

    std::size_t size() const { return end - begin; }
};

/// This thread's time on the processor.
std::int64_t thread_time_ns();

/// The line that is gone through: what is on it, and the work that it may cost, since a hostile one makes an expression
/// go over the same bytes again and again.
class Line {
  public:
    /// Another line, which has its time from now on, in this thread's time on the processor.
    void start(std::string_view text);

    std::string_view text() const { return text_; }
    const Kinds& bytes() const { return bytes_; }
    /// Of all lines that there have been.
    std::uint64_t number() const { return number_; }

    /// Whether the line has had its time. Asked at each place where an expression is tried; looks at the clock at some
    /// of them.
    bool is_spent() { return spent_ || (++asked_ % kAsksPerLook == 0 && look()); }
    /// So much of the time does not count.
    void excuse(std::int64_t ns) { until_ns_ += ns; }
    /// An expression has given up.
    void add_failure() { spent_ = spent_ || ++failures_ > kFailuresMax; }

  private:
    bool look();

    static constexpr unsigned kAsksPerLook = 64, kFailuresMax = 4;

    std::string_view text_;
    Kinds bytes_;
    std::uint64_t number_ = 0;
    std::int64_t until_ns_ = 0;
    unsigned asked_ = 0, failures_ = 0;
    bool spent_ = false;
};

/// A regular expression, compiled when it is first needed. One that cannot be compiled matches nowhere.
class Regex {
  public:
    /// What begins at the place of the search (`\G`) or of the text (`\A`) does so only where the caller says so.
    struct Anchors {
        bool text = false, search = false;
    };

    explicit Regex(std::string pattern);
    ~Regex();
    Regex(const Regex&) = delete;
    Regex& operator=(const Regex&) = delete;

    const Starts& starts() const { return starts_; }
    /// About, with what has been compiled.
    std::size_t memory_bytes() const;
    /// Whether it may match at that place of the line or behind it, as far as what it requires tells.
    bool may_match(const Line& line, std::size_t at);
    /// Whether it matches there. `text`, which is the line or its beginning, is UTF-8, and `at` the beginning of a
    /// character or the end. The spans are those of the groups.
    bool matches(std::string_view text, std::size_t at, Anchors anchors, Line& line, std::vector<Span>& spans);

  private:
    bool compile(Line& line);

    struct Free {
        void operator()(re_pattern_buffer* regex) const;
    };

    std::string pattern_;
    Starts starts_;
    Required required_;
    std::uint64_t line_ = 0;  ///< that has been looked through
    std::size_t until_ = 0;   ///< behind this place of it there is not what is required
    std::unique_ptr<re_pattern_buffer, Free> regex_;
    bool compiled_ = false;
};

/// `text` with a backslash before what means something in a regular expression.
std::string escaped(std::string_view text);

}  // namespace snippetd::highlight
