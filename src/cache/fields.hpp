#pragma once

#include "model/loaded.hpp"
#include "redis/reply.hpp"

#include <optional>
#include <string>
#include <vector>

/// A row in Redis: the fields of a hash, so that a person can read it too. What the owner alone may know (the hash of
/// an edit token) stays in the store.
namespace snippetd::cache {

/// In the order in which `read_fields` takes their values.
const std::vector<std::string>& field_names();

/// Fields and their values in turn, without `version` and `count`. `packed`: the body as `pack` has made it, where that
/// is what is to be kept.
std::vector<std::string> write_fields(const model::Loaded& loaded, std::optional<std::string> packed = std::nullopt);

/// The body among the values, when it is packed and has to be replaced by what `unpack` makes of it; else null.
std::string* find_packed(std::vector<redis::Reply>& values);

/// Throws std::invalid_argument for what `write_fields` has not written.
model::Loaded read_fields(const std::string& id, std::vector<redis::Reply> values);

}  // namespace snippetd::cache
