#pragma once

#include "highlight/colours.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace snippetd::highlight {

/// A scope's name by its number among those of a `Scopes`.
using ScopeId = std::uint32_t;

/// What a piece of text is in, from the language inwards: `source.go`, `meta.function.go`, `keyword.control.go`. There
/// is one of each, so that equal ones have the same address.
struct ScopePath {
    const ScopePath* outer;
    ScopeId name;
    Colour colour;    ///< the innermost that has one says so
    bool words_only;  ///< it is the colour of words; signs have that of `outer`
    /// Which injections apply here, once they have been asked: `kAsked` and a bit for each.
    mutable std::uint64_t injections = 0;
    mutable const ScopePath* first_inner = nullptr;
    mutable const ScopePath* next = nullptr;  ///< inner one of the same path

    static constexpr std::uint64_t kAsked = std::uint64_t{1} << 63;
};

/// The colour of a piece of text in these scopes.
Colour colour_of(const ScopePath& scopes, std::string_view text);

/// The scopes of a grammar and the paths of a text.
class Scopes {
  public:
    /// The numbers of the names in `names`, which blanks separate.
    std::vector<ScopeId> numbers_of(std::string_view names);
    /// The same of names that a text has made; those that are new are left out when there are many.
    std::vector<ScopeId> numbers_of_text(std::string_view names);
    std::string_view name_of(ScopeId scope) const { return names_[scope].name; }

    /// Where `outer` is null, the outermost.
    const ScopePath* inner(const ScopePath* outer, ScopeId name);

    /// Forgets all paths; and the names, when they are many.
    void forget();
    /// Another one when the names have been forgotten: what somebody has kept of them is no longer good.
    std::uint32_t generation() const { return generation_; }

  private:
    std::vector<ScopeId> numbers_of(std::string_view names, std::size_t names_max);

    struct Name {
        std::string_view name;
        ScopeColour colour;
    };

    std::unordered_map<std::string, ScopeId> numbers_;
    std::vector<Name> names_;
    std::deque<ScopePath> paths_;
    const ScopePath* outermost_ = nullptr;
    std::uint32_t generation_ = 1;
};

}  // namespace snippetd::highlight
