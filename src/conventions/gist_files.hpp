#pragma once

#include "model/file_bundle.hpp"
#include "model/snippet.hpp"

#include <optional>
#include <string>
#include <vector>

/// How a gist, which has a description and files, is one snippet, which has a title and a body.
///
/// One file: the body is its content, byte for byte; the title is its name, or `DESCRIPTION: NAME`. Several files, or
/// one whose name has `: ` in it: the body is the bundle of them (model/file_bundle.hpp), the title is the description,
/// or else their names. A snippet that was made elsewhere has one file: named by its title, or `gistfile1` with the
/// extension of its language when it has none.
namespace snippetd::conventions {

struct Gist {
    std::string description;
    std::vector<model::File> files;  ///< contents are empty when the snippet's body is
    bool bundled = false;
};

Gist gist_of(const model::Snippet& snippet);

struct StoredGist {
    std::string title, body;
    std::optional<std::string> language;  ///< nothing when it is to be guessed
};

/// `gist` has at least one file; their names are allowed and differ.
StoredGist store_gist(const Gist& gist);

}  // namespace snippetd::conventions
