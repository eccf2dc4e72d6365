#include "model/languages.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace snippetd::model {

/// languages.txt, which says how it is written; embedded at build time.
std::span<const std::pair<std::string_view, std::string_view>> languages_data();

namespace {

constexpr std::string_view kSeparators = " \n";

/// Takes what stands before the next `end` off `text`, and that too; all of it when there is none.
std::string_view take_until(std::string_view& text, char end) {
    const std::string_view taken = text.substr(0, text.find(end));
    text.remove_prefix(std::min(text.size(), taken.size() + 1));
    return taken;
}

std::vector<std::string_view> words_in(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSeparators)));
        if (text.empty()) return words;
        words.push_back(text.substr(0, text.find_first_of(kSeparators)));
        text.remove_prefix(words.back().size());
    }
}

std::string_view trimmed(std::string_view text) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kSeparators)));
    return text.substr(0, text.find_last_not_of(kSeparators) + 1);
}

/// Takes a row off `text`, with the lines that go on with it.
std::string_view take_row(std::string_view& text) {
    std::size_t end = text.find('\n');
    while (end != text.npos && text.substr(end).starts_with("\n ")) end = text.find('\n', end + 1);
    const std::string_view row = text.substr(0, end);
    text.remove_prefix(std::min(text.size(), row.size() + 1));
    return row;
}

std::vector<Language> read_rows(std::string_view text) {
    std::vector<Language> result;
    while (!text.empty()) {
        std::string_view row = take_row(text);
        if (row.empty() || row.starts_with('#')) continue;
        std::array<std::string_view, 6> cells;
        for (std::string_view& cell : cells) cell = take_until(row, '|');
        result.push_back({trimmed(cells[0]), trimmed(cells[1]), words_in(cells[2]), words_in(cells[3]),
                          words_in(cells[4]), words_in(cells[5])});
    }
    return result;
}

}  // namespace

std::span<const Language> languages() {
    static const std::vector<Language> instance = read_rows(languages_data().front().second);
    return instance;
}

}  // namespace snippetd::model
