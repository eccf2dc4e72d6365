#pragma once

#include "model/snippet.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// What a snippet can be found by, as numbers that an index of any database can hold: SQLite's FTS5 as words,
/// PostgreSQL's GIN as an array. A term says what may be in a snippet; that it is, the snippet itself has to say
/// (docs/decisions/0040-search-index.md).
namespace snippetd::store {

/// A hash of one, two or three characters that follow each other in a folded text (base::fold_case), of a tag, a
/// language, an owner, or of what all that is listed has. Different ones may have the same. Terms are stored: what has
/// which must not change.
using Term = std::uint32_t;
inline constexpr Term kTermsEnd = 1u << 20;

/// A text that has more is not indexed by what is in it, and may be the answer to every search: it has a term that
/// says so.
inline constexpr std::size_t kTermsMax = 32768;

/// Sorted, each once.
std::vector<Term> terms_of(const model::Snippet& snippet);

/// What those that are asked for have.
struct WantedTerms {
    std::vector<Term> always;   ///< every one of them
    std::vector<Term> of_text;  ///< and these, unless it has `not_by_text`; empty when no text is asked for
    Term not_by_text = 0;
};

/// `owner_id` empty: of all that is listed. `folded`, `tag`, `language` empty: whatever they have.
WantedTerms wanted_terms(const std::string& owner_id, std::string_view folded, const std::string& tag,
                         const std::string& language);

/// At most `count` of them, from all over them. `count` is at least 2.
std::vector<Term> some_of(const std::vector<Term>& terms, std::size_t count);

/// As printable ASCII, some two characters a term; `terms` are sorted, each once.
std::string pack_terms(const std::vector<Term>& terms);
/// Throws std::runtime_error for what `pack_terms` has not made.
std::vector<Term> unpack_terms(std::string_view packed);

}  // namespace snippetd::store
