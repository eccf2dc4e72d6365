#pragma once

#include "highlight/colours.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

/// Code in colours, by TextMate grammars. The tokenizer is the project's own; the grammars are those of web/grammars.mjs.
namespace snippetd::highlight {

/// A piece of a text, from where the one before ends.
struct Run {
    std::uint32_t bytes;
    Colour colour;
};

/// Lines of more bytes, without what ends them, stay without colours.
inline constexpr std::size_t kColouredLineBytesMax = 8192;

/// Colours texts. What it has read of a grammar and compiled it keeps, some MiB for each. Not thread-safe.
class Highlighter {
  public:
    Highlighter();
    ~Highlighter();

    /// The runs of `text` in order: they add up to the text, none is empty, and neighbours differ in colour. Nothing
    /// when the language, which is a name of src/model/languages.txt, has no grammar. `text` is UTF-8; of a line that
    /// is not, what is not well-formed counts as question marks. No line takes more than some 30 ms, whatever it holds.
    std::optional<std::vector<Run>> colour(std::string_view text, std::string_view language);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace snippetd::highlight
