#pragma once

#include "highlight/regex.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>

namespace snippetd::highlight {

/// A TextMate grammar as it is written, in JSON. Its rules stay where they are.
class Grammar {
  public:
    /// Throws std::runtime_error when it cannot be read.
    explicit Grammar(std::string_view json);

    const boost::json::object& top() const { return *top_; }
    /// What `#name` means anywhere in the grammar; null when there is none.
    const boost::json::object* repository() const { return repository_; }

  private:
    boost::json::monotonic_resource memory_;
    const boost::json::object* top_;
    const boost::json::object* repository_ = nullptr;
};

/// The embedded grammars, each read when it is first asked for, and their regular expressions. Not thread-safe.
class Grammars {
  public:
    /// Whether there is one of that scope.
    static bool has(std::string_view scope);
    /// That one, or null.
    const Grammar* find(std::string_view scope);
    /// The expression of that pattern. `pattern` lives as long as the grammars.
    Regex& regex(std::string_view pattern);
    /// About, of all that has been read and compiled.
    std::size_t memory_bytes() const;

  private:
    std::unordered_map<std::string_view, std::unique_ptr<Grammar>> grammars_;
    std::unordered_map<std::string_view, std::unique_ptr<Regex>> regexes_;
    std::size_t read_bytes_ = 0;
};

/// The scope of the grammar of a language; empty when it has none.
std::string_view scope_of(std::string_view language);

/// What is written under that name, of a rule: a text, or an empty one.
std::string_view text_of(const boost::json::object& rule, std::string_view key);
/// An object, or null.
const boost::json::object* object_of(const boost::json::object& rule, std::string_view key);

}  // namespace snippetd::highlight
