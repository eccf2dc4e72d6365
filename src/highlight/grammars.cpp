#include "highlight/grammars.hpp"

#include "base/assert.hpp"
#include "highlight/embedded.hpp"

#include <algorithm>
#include <stdexcept>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <brotli/decode.h>

namespace snippetd::highlight {

namespace {

const EmbeddedGrammar* find_embedded(std::string_view scope) {
    const auto all = embedded_grammars();
    const auto found = std::lower_bound(all.begin(), all.end(), scope,
                                        [](const EmbeddedGrammar& one, std::string_view it) { return one.scope < it; });
    return found != all.end() && found->scope == scope ? &*found : nullptr;
}

std::string decompressed(const EmbeddedGrammar& grammar) {
    std::string text(grammar.bytes, '\0');
    std::size_t bytes = text.size();
    const auto result =
        BrotliDecoderDecompress(grammar.brotli.size(), reinterpret_cast<const std::uint8_t*>(grammar.brotli.data()),
                                &bytes, reinterpret_cast<std::uint8_t*>(text.data()));
    SNIPPETD_ASSERT(result == BROTLI_DECODER_RESULT_SUCCESS && bytes == text.size(), grammar.scope);
    return text;
}

}  // namespace

Grammar::Grammar(std::string_view json) {
    // Nothing is destroyed one by one: all goes with the memory.
    using boost::json::value;
    const value& all = *new (memory_.allocate(sizeof(value), alignof(value)))
                           value(boost::json::parse(json, boost::json::storage_ptr{&memory_}));
    if (!all.is_object()) throw std::runtime_error{"a grammar is no object"};
    top_ = &all.get_object();
    repository_ = object_of(*top_, "repository");
}

bool Grammars::has(std::string_view scope) {
    return find_embedded(scope) != nullptr;
}

const Grammar* Grammars::find(std::string_view scope) {
    if (const auto known = grammars_.find(scope); known != grammars_.end()) return known->second.get();
    const EmbeddedGrammar* found = find_embedded(scope);
    if (!found) return nullptr;
    read_bytes_ += found->bytes;
    return grammars_.emplace(found->scope, std::make_unique<Grammar>(decompressed(*found))).first->second.get();
}

Regex& Grammars::regex(std::string_view pattern) {
    std::unique_ptr<Regex>& regex = regexes_[pattern];
    if (!regex) regex = std::make_unique<Regex>(std::string{pattern});
    return *regex;
}

std::size_t Grammars::memory_bytes() const {
    constexpr std::size_t kReadPerByte = 5;  // values of JSON, and the rules of them
    std::size_t sum = read_bytes_ * kReadPerByte;
    for (const auto& [pattern, regex] : regexes_) sum += regex->memory_bytes();
    return sum;
}

std::string_view scope_of(std::string_view language) {
    const auto all = embedded_languages();
    const auto found = std::lower_bound(all.begin(), all.end(), language,
                                        [](const auto& one, std::string_view name) { return one.first < name; });
    return found != all.end() && found->first == language ? found->second : std::string_view{};
}

std::string_view text_of(const boost::json::object& rule, std::string_view key) {
    const boost::json::value* found = rule.if_contains(key);
    return found && found->is_string() ? std::string_view{found->get_string()} : std::string_view{};
}

const boost::json::object* object_of(const boost::json::object& rule, std::string_view key) {
    const boost::json::value* found = rule.if_contains(key);
    return found ? found->if_object() : nullptr;
}

}  // namespace snippetd::highlight
