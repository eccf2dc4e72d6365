#include "settings/file.hpp"

#include "settings/settings.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace snippetd::settings {

namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kWordCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+.:/";
constexpr std::string_view kKeyCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kEscapes = "btnfr\"\\";
constexpr std::string_view kEscaped = "\b\t\n\f\r\"\\";

class Reader {
  public:
    Reader(std::string_view text, std::string_view file) : text_(text), file_(file) {}

    std::vector<FileEntry> read() {
        std::vector<FileEntry> entries;
        std::set<std::string> keys;
        if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
        while (skip_blank_lines(), !at_end()) {
            FileEntry entry = read_entry();
            if (!keys.insert(entry.key).second) fail("\"" + entry.key + "\" is there twice");
            entries.push_back(std::move(entry));
        }
        return entries;
    }

  private:
    [[noreturn]] void fail(const std::string& problem) const {
        throw SettingsError(file_ + ":" + std::to_string(line_) + ": " + problem);
    }

    bool at_end() const { return position_ == text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[position_]; }

    char next() {
        const char c = text_[position_++];
        if (c == '\n') ++line_;
        return c;
    }

    bool take(char c) {
        if (at_end() || peek() != c) return false;
        next();
        return true;
    }

    std::string take_all_of(std::string_view characters) {
        const auto end = std::min(text_.find_first_not_of(characters, position_), text_.size());
        const auto start = std::exchange(position_, end);
        return std::string(text_.substr(start, end - start));
    }

    void skip_blanks() { take_all_of(" \t\r"); }

    void skip_comment() {
        if (peek() == '#') position_ = std::min(text_.find('\n', position_), text_.size());
    }

    void skip_blank_lines() {
        do {
            skip_blanks();
            skip_comment();
        } while (take('\n'));
    }

    FileEntry read_entry() {
        FileEntry entry;
        entry.line = line_;
        if (peek() == '[') fail("tables are not supported: write each setting as name = value");
        entry.key = peek() == '"' || peek() == '\'' ? read_string() : take_all_of(kKeyCharacters);
        skip_blanks();
        if (entry.key.empty() || !take('=')) fail("expected name = value");
        skip_blanks();
        entry.is_array = take('[');
        entry.values = entry.is_array ? read_array() : std::vector{read_value()};
        skip_blanks();
        skip_comment();
        if (!at_end() && peek() != '\n') fail("expected nothing more after the value of \"" + entry.key + "\"");
        return entry;
    }

    std::vector<std::string> read_array() {
        std::vector<std::string> values;
        while (true) {
            skip_blank_lines();
            if (take(']')) return values;
            values.push_back(read_value());
            skip_blank_lines();
            if (!take(',') && peek() != ']') fail("expected a comma or ] in the array");
        }
    }

    std::string read_value() {
        if (peek() == '"' || peek() == '\'') return read_string();
        std::string word = take_all_of(kWordCharacters);
        if (word.empty()) fail("expected a value: a text in quotes, a whole number, true or false");
        if (word == "true" || word == "false") return word;
        std::string number = word;
        std::erase(number, '_');
        if (number.find_first_not_of(kDigits, number.find_first_of("+-") == 0 ? 1 : 0) == std::string::npos)
            return number;
        fail("text needs quotes: \"" + word + "\"");
    }

    std::string read_string() {
        const char quote = next();
        std::string value;
        while (!at_end() && peek() != '\n') {
            const char c = next();
            if (c == quote) return value;
            value += c == '\\' && quote == '"' ? read_escape() : c;
        }
        fail(std::string("expected ") + quote + " at the end of the text");
    }

    char read_escape() {
        const auto kind = at_end() ? std::string_view::npos : kEscapes.find(next());
        if (kind == std::string_view::npos) fail("unknown escape in a text; use '…' for a text with backslashes");
        return kEscaped[kind];
    }

    std::string_view text_;
    std::string file_;
    std::size_t position_ = 0;
    int line_ = 1;
};

}  // namespace

std::vector<FileEntry> parse_settings_file(std::string_view text, std::string_view file) {
    return Reader(text, file).read();
}

std::string toml_string(std::string_view text) {
    std::string result = "\"";
    for (char c : text) {
        const auto kind = kEscaped.find(c);
        if (kind != std::string_view::npos) {
            result += '\\';
            result += kEscapes[kind];
        } else {
            result += c;
        }
    }
    return result + '"';
}

}  // namespace snippetd::settings
