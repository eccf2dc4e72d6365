#pragma once

#include "model/snippet.hpp"
#include "use_cases/complaints.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::use_cases {

/// What somebody says of a snippet that is to be made or changed: what is absent has its default, or stays. As it was
/// sent; `check` says what is wrong with it.
struct SnippetInput {
    std::optional<std::string> body, title, language;
    bool guesses_language = false;  ///< of an edit: the language is to be guessed again
    std::optional<model::Visibility> visibility;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::optional<std::int64_t>> expires_in_s;  ///< the inner is empty for never
    std::optional<base::UnixMillis> expires_at;               ///< instead of `expires_in_s`, when a moment was named
    std::optional<bool> burn_after_reading;                   ///< of a create
    Complaints complaints;                                    ///< of whoever took the input apart
};

enum class Purpose { create, edit };

/// Puts the values into the form that is stored, and says what is wrong, `complaints` included: 422, or 413 for a body
/// above `body_bytes_max`. Takes time in proportion to the text.
std::optional<Error> check(SnippetInput& input, std::uint64_t body_bytes_max, Purpose purpose);

/// Sets when `snippet` ends as the input says, if it does. 422 when the moment that it names is over, or too far away.
std::optional<Error> set_expiry(const SnippetInput& input, base::UnixMillis now, model::Snippet& snippet);

/// What two inputs have in common that ask for the same: their members and values, whatever the order and the language
/// that these were sent in. A hash.
std::string fingerprint_of(const SnippetInput& input);

/// A file's name as a title: without folders and control characters, and the end of it when it is long, because there
/// the extension is. Empty for `-`, and for what is not UTF-8.
std::string title_of_file(std::string_view file_name);

}  // namespace snippetd::use_cases
