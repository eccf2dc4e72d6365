#pragma once

#include "model/loaded.hpp"
#include "redis/reply.hpp"

#include <string>
#include <vector>

/// A row in Redis: the fields of a hash, so that a person can read it too. What the owner alone may know (the hash of
/// an edit token) stays in the store.
namespace snippetd::cache {

/// In the order in which `read_fields` takes their values.
const std::vector<std::string>& field_names();

/// Fields and their values in turn, without `version` and `count`.
std::vector<std::string> write_fields(const model::Loaded& loaded);

/// Throws std::invalid_argument for what `write_fields` has not written.
model::Loaded read_fields(const std::string& id, std::vector<redis::Reply> values);

}  // namespace snippetd::cache
