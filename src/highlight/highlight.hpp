#pragma once

#include "highlight/colours.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

/// Code in colours, by TextMate grammars: those of web/grammars.mjs.
namespace snippetd::highlight {

/// A piece of a text, from where the one before ends.
struct Run {
    std::uint32_t bytes;
    Colour colour;
};

/// The runs of a part of a text, whose runs they are.
std::vector<Run> runs_within(std::span<const Run> runs, std::size_t begin, std::size_t end);

/// Lines of more bytes, without what ends them, stay without colours.
inline constexpr std::size_t kColouredLineBytesMax = 8192;

/// What is kept of grammars, about. A language takes between a quarter and nine MiB.
inline constexpr std::size_t kKeptGrammarBytesMax = 32 * 1024 * 1024;

/// Colours texts. What it has read of grammars and compiled it keeps for the next text; all of that is dropped when it
/// is more than `kKeptGrammarBytesMax`. Not thread-safe.
class Highlighter {
  public:
    Highlighter();
    ~Highlighter();

    /// The runs of `text` in order: they add up to the text, none is empty, and neighbours differ in colour. Nothing
    /// when the language, which is a name of src/model/languages.txt, has no grammar. `text` is UTF-8; of a line that
    /// is not, what is not well-formed counts as question marks.
    ///
    /// No line takes more than some 30 ms on the processor, whatever it holds, besides what has to be compiled. A text
    /// that has taken `time_max` goes on without colours from the next line.
    std::optional<std::vector<Run>> colour(std::string_view text, std::string_view language,
                                           std::chrono::milliseconds time_max = std::chrono::hours{1});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace snippetd::highlight
