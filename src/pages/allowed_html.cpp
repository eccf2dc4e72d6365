#include "pages/allowed_html.hpp"

#include "base/ascii.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace snippetd::pages {

namespace {

constexpr std::array<std::string_view, 6> kPairs{"kbd", "sub", "sup", "details", "summary", "p"};
constexpr std::array<std::string_view, 3> kAlignments{"left", "center", "right"};
// A browser nests no deeper than some hundreds either.
constexpr std::size_t kOpenMax = 100;

constexpr std::string_view kNameLetters = "abcdefghijklmnopqrstuvwxyz0123456789-";
constexpr std::string_view kBlanks = " \t\r\n\f";

/// Where the tag, comment or declaration ends that `html` begins with, past its `>`; npos when it does not.
std::size_t end_of_tag(std::string_view html) {
    constexpr std::string_view kComment = "<!--", kCommentEnd = "-->";
    if (html.starts_with(kComment)) {
        const std::size_t end = html.find(kCommentEnd, kComment.size());
        return end == html.npos ? end : end + kCommentEnd.size();
    }
    char quote = '\0';
    for (std::size_t i = 1; i < html.size(); ++i) {
        const char c = html[i];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '>') {
            return i + 1;
        }
    }
    return html.npos;
}

bool begins_tag(std::string_view html) {
    if (html.size() < 2 || html.front() != '<') return false;
    const char c = base::to_lower(html[1] == '/' && html.size() > 2 ? html[2] : html[1]);
    return (c >= 'a' && c <= 'z') || html[1] == '!' || html[1] == '?';
}

/// The value of an attribute in lower case, of those that `attributes` are; empty when it has none.
std::string value_of(std::string_view attributes, std::string_view name) {
    const std::string low = base::lower_case(attributes);
    const std::size_t at = low.find(std::string{name} + '=');
    if (at == low.npos) return {};
    std::string_view value = std::string_view{low}.substr(at + name.size() + 1);
    const std::size_t begin = value.find_first_not_of("\"'");
    value.remove_prefix(std::min(begin, value.size()));
    return std::string{value.substr(0, value.find_first_of("\"' \t\r\n>/"))};
}

bool has_word(std::string_view attributes, std::string_view word) {
    const std::string low = base::lower_case(attributes);
    const std::size_t at = low.find(word);
    return at != low.npos && (at == 0 || kBlanks.find(low[at - 1]) != kBlanks.npos);
}

/// Words, in which references to characters stay what they are.
void append_words(std::string& out, std::string_view words) {
    while (!words.empty()) {
        const std::size_t at = std::min(words.find('&'), words.size());
        append_escaped(out, words.substr(0, at));
        words.remove_prefix(at);
        if (words.empty()) return;
        const std::size_t end =
            words.find_first_not_of("#abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 1);
        const bool reference = end != words.npos && end > 1 && words[end] == ';';
        out += reference ? words.substr(0, end + 1) : std::string_view{"&amp;"};
        words.remove_prefix(reference ? end + 1 : 1);
    }
}

}  // namespace

void AllowedHtml::append(std::string& out, std::string_view html) {
    while (!html.empty()) {
        const std::size_t at = std::min(html.find('<'), html.size());
        append_words(out, html.substr(0, at));
        html.remove_prefix(at);
        if (html.empty()) return;
        const std::size_t end = begins_tag(html) ? end_of_tag(html) : html.npos;
        if (end == html.npos) {
            append_escaped(out, html.substr(0, 1));
            html.remove_prefix(1);
            continue;
        }
        append_tag(out, html.substr(1, end - 2));
        html.remove_prefix(end);
    }
}

void AllowedHtml::append_tag(std::string& out, std::string_view tag) {
    const bool closes = tag.starts_with('/');
    if (closes) tag.remove_prefix(1);
    const std::string low = base::lower_case(tag);
    const std::string name = low.substr(0, low.find_first_not_of(kNameLetters));
    const std::string_view attributes = tag.substr(name.size());
    if (name == "br" && !closes) {
        out += "<br />";
        return;
    }
    const auto* const pair = std::find(kPairs.begin(), kPairs.end(), name);
    if (pair == kPairs.end()) return;
    if (closes) {
        const auto opened = std::find(open_.rbegin(), open_.rend(), *pair);
        if (opened == open_.rend()) return;
        // What was opened within it ends with it.
        while (true) {
            const std::string_view last = open_.back();
            open_.pop_back();
            out += fmt::format("</{}>", last);
            if (last == *pair) return;
        }
    }
    if (open_.size() >= kOpenMax) return;
    out += '<';
    out += *pair;
    const std::string alignment = *pair == "p" ? value_of(attributes, "align") : std::string{};
    if (std::find(kAlignments.begin(), kAlignments.end(), alignment) != kAlignments.end()) {
        out += fmt::format(" align=\"{}\"", alignment);
    }
    if (*pair == "details" && has_word(attributes, "open")) out += " open=\"\"";
    out += '>';
    open_.push_back(*pair);
}

void AllowedHtml::finish(std::string& out) {
    for (; !open_.empty(); open_.pop_back()) out += fmt::format("</{}>", open_.back());
}

}  // namespace snippetd::pages
