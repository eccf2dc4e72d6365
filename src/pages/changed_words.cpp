#include "pages/changed_words.hpp"

#include "pages/libgit2.hpp"

#include <algorithm>
#include <new>
#include <string>

#include <git2.h>

namespace snippetd::pages {

namespace {

/// A line of which more than that has changed is another line; in hundredths of its bytes.
constexpr std::size_t kChangedMax = 70;

struct Word {
    std::size_t line, begin, end;
    bool blank;
};

/// The words of one side, and as a text with one word on each line.
struct Side {
    std::vector<Word> words;
    std::string text;
    std::vector<std::size_t> changed;  ///< words, by their place
};

bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c < 0;
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}

/// Letters and digits together, also those of other alphabets; blanks together; each other character by itself.
std::size_t word_end(std::string_view line, std::size_t begin) {
    std::size_t end = begin + 1;
    const auto goes_on = [&](bool (*kind)(char)) {
        if (!kind(line[begin])) return;
        while (end < line.size() && kind(line[end])) ++end;
    };
    goes_on(is_letter);
    goes_on(is_blank);
    return end;
}

Side take_apart(const std::vector<std::string_view>& lines) {
    Side side;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        for (std::size_t at = 0; at < lines[i].size();) {
            const std::size_t end = word_end(lines[i], at);
            side.words.push_back({i, at, end, is_blank(lines[i][at])});
            side.text += lines[i].substr(at, end - at);
            side.text += '\n';
            at = end;
        }
        // The end of a line: a word that is empty.
        side.words.push_back({i, lines[i].size(), lines[i].size(), true});
        side.text += '\n';
    }
    return side;
}

struct Sides {
    Side before, after;
};

int on_changed(const git_diff_delta*, const git_diff_hunk* hunk, void* payload) {
    auto& sides = *static_cast<Sides*>(payload);
    const auto note = [](Side& side, int start, int count) {
        for (int i = 0; i < count; ++i) side.changed.push_back(static_cast<std::size_t>(start - 1 + i));
    };
    note(sides.before, hunk->old_start, hunk->old_lines);
    note(sides.after, hunk->new_start, hunk->new_lines);
    return 0;
}

/// Neighbours in one, also with blanks between them.
std::vector<std::vector<Mark>> marks_of(const Side& side, const std::vector<std::string_view>& lines) {
    std::vector<std::vector<Mark>> marks(lines.size());
    std::vector<std::size_t> bytes(lines.size());
    for (const std::size_t i : side.changed) {
        const Word& word = side.words[i];
        if (word.begin == word.end) continue;
        bytes[word.line] += word.end - word.begin;
        std::vector<Mark>& of_line = marks[word.line];
        const bool joins = !of_line.empty() && i > 0 && side.words[i - 1].line == word.line &&
                           (of_line.back().end == word.begin ||
                            (side.words[i - 1].blank && of_line.back().end == side.words[i - 1].begin));
        if (joins) {
            of_line.back().end = word.end;
        } else {
            of_line.push_back({word.begin, word.end});
        }
    }
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (bytes[i] * 100 > lines[i].size() * kChangedMax) marks[i].clear();
    }
    return marks;
}

}  // namespace

ChangedWords changed_words(const std::vector<std::string_view>& before, const std::vector<std::string_view>& after) {
    std::size_t bytes = 0;
    for (const std::string_view line : before) bytes += line.size();
    for (const std::string_view line : after) bytes += line.size();
    ChangedWords changed{std::vector<std::vector<Mark>>(before.size()), std::vector<std::vector<Mark>>(after.size())};
    if (before.empty() || after.empty() || bytes > kMarkedBytesMax) return changed;
    need_libgit2();
    Sides sides{take_apart(before), take_apart(after)};
    git_diff_options options;
    git_diff_options_init(&options, GIT_DIFF_OPTIONS_VERSION);
    options.flags = GIT_DIFF_FORCE_TEXT;
    options.context_lines = 0;
    const std::string &a = sides.before.text, &b = sides.after.text;
    if (git_diff_buffers(a.data(), a.size(), nullptr, b.data(), b.size(), nullptr, &options, nullptr, nullptr,
                         on_changed, nullptr, &sides) != 0) {
        throw std::bad_alloc{};
    }
    changed.before = marks_of(sides.before, before);
    changed.after = marks_of(sides.after, after);
    return changed;
}

}  // namespace snippetd::pages
