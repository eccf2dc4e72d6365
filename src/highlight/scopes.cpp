#include "highlight/scopes.hpp"

#include <algorithm>
#include <limits>

namespace snippetd::highlight {

namespace {

constexpr std::size_t kNamesMax = 20'000;

}  // namespace

Colour colour_of(const ScopePath& scopes, std::string_view text) {
    const char first = text.empty() ? ' ' : text.front();
    const bool word = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
    const ScopePath* path = &scopes;
    while (path && path->words_only && !word) path = path->outer;
    return path ? path->colour : Colour::none;
}

std::vector<ScopeId> Scopes::numbers_of(std::string_view names) {
    return numbers_of(names, std::numeric_limits<std::size_t>::max());
}

std::vector<ScopeId> Scopes::numbers_of_text(std::string_view names) {
    return numbers_of(names, kNamesMax);
}

std::vector<ScopeId> Scopes::numbers_of(std::string_view names, std::size_t names_max) {
    std::vector<ScopeId> numbers;
    while (!names.empty()) {
        const std::size_t end = std::min(names.find(' '), names.size());
        const std::string_view name = names.substr(0, end);
        names.remove_prefix(std::min(end + 1, names.size()));
        if (name.empty() || (names_.size() >= names_max && !numbers_.contains(std::string{name}))) continue;
        const auto [known, added] = numbers_.try_emplace(std::string{name}, static_cast<ScopeId>(names_.size()));
        if (added) names_.push_back({known->first, colour_of(name)});
        numbers.push_back(known->second);
    }
    return numbers;
}

const ScopePath* Scopes::inner(const ScopePath* outer, ScopeId name) {
    const ScopePath*& first = outer ? outer->first_inner : outermost_;
    for (const ScopePath **link = &first, *path = first; path; link = &path->next, path = path->next) {
        if (path->name != name) continue;
        // What has just been in use comes first.
        *link = path->next;
        path->next = first;
        return first = path;
    }
    const ScopeColour& own = names_[name].colour;
    const Colour inherited = outer ? outer->colour : Colour::none;
    const ScopePath& made = paths_.emplace_back(ScopePath{outer, name, own.says ? own.colour : inherited,
                                                          own.says ? own.words_only : outer && outer->words_only});
    made.next = first;
    return first = &made;
}

void Scopes::forget() {
    paths_.clear();
    outermost_ = nullptr;
    if (names_.size() < kNamesMax) return;
    names_.clear();
    numbers_.clear();
    ++generation_;
}

}  // namespace snippetd::highlight
