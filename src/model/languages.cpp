#include "model/languages.hpp"

#include "base/ascii.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <vector>

namespace snippetd::model {

namespace {

/// From a word in lower case to the name of its language; empty when it has none.
class Words {
  public:
    void add(std::string_view word, std::string_view language) { languages_.emplace(word, language); }

    std::string_view find(std::string_view word) const {
        auto found = languages_.find(word);
        return found == languages_.end() ? std::string_view{} : found->second;
    }

  private:
    std::unordered_map<std::string_view, std::string_view> languages_;
};

struct Index {
    std::vector<std::string> labels;  // in lower case; owns what `names` refers to
    Words names, extensions, file_names, interpreters;

    Index() {
        labels.reserve(languages().size());
        for (const Language& language : languages()) {
            names.add(language.name, language.name);
            for (std::string_view alias : language.aliases) names.add(alias, language.name);
            for (std::string_view word : language.extensions) extensions.add(word, language.name);
            for (std::string_view word : language.file_names) file_names.add(word, language.name);
            for (std::string_view word : language.interpreters) interpreters.add(word, language.name);
            labels.push_back(base::lower_case(language.label));
            names.add(labels.back(), language.name);
        }
    }
};

const Index& index() {
    static const Index instance;
    return instance;
}

// Longer words are in no table; not looking at them keeps a hostile title cheap.
constexpr std::size_t kFileNameBytesMax = 255;
constexpr std::size_t kFirstLineBytesMax = 512;

constexpr std::string_view kBlanks = " \t\r";

/// Removes and returns the first word; empty when there is none left.
std::string_view take_word(std::string_view& line) {
    line = base::trimmed(line, kBlanks);
    auto end = std::min(line.find_first_of(kBlanks), line.size());
    auto word = line.substr(0, end);
    line.remove_prefix(end);
    return word;
}

std::string_view base_name(std::string_view path) {
    auto slash = path.find_last_of("/\\");
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

/// `common.h.in` is C: the last extension only says that the file is a template or a copy.
std::string_view without_copy_extension(std::string_view file) {
    constexpr std::string_view kCopies[] = {".in",     ".tmpl", ".template", ".dist", ".example",
                                            ".sample", ".orig", ".bak",      ".rej",  ".old"};
    for (std::string_view copy : kCopies) {
        if (file.size() > copy.size() && file.ends_with(copy)) return file.substr(0, file.size() - copy.size());
    }
    return file;
}

/// The longest extension that is known decides: `view.blade.php` is Blade, not PHP.
std::string_view language_of_extension(std::string_view file) {
    for (auto dot = file.find('.', 1); dot != std::string_view::npos; dot = file.find('.', dot + 1)) {
        auto language = index().extensions.find(file.substr(dot + 1));
        if (!language.empty()) return language;
    }
    return {};
}

std::string_view language_of_title(std::string_view title) {
    auto name = base_name(base::trimmed(title, kBlanks));
    if (name.empty() || name.size() > kFileNameBytesMax) return {};
    const std::string lower = base::lower_case(name);
    const auto file = without_copy_extension(lower);
    if (auto language = index().file_names.find(file); !language.empty()) return language;
    if (auto language = language_of_extension(file); !language.empty()) return language;
    // `Dockerfile.debian`, `Makefile.linux`: a file name that somebody made several of.
    auto dot = file.find('.', 1);
    return dot == std::string_view::npos ? std::string_view{} : index().file_names.find(file.substr(0, dot));
}

/// The program that `env` starts: what follows its options and the variables it sets.
std::string_view program_of_env(std::string_view arguments) {
    while (true) {
        auto word = take_word(arguments);
        if (word == "-u" || word == "-C") {
            take_word(arguments);
        } else if (word.starts_with("-S") && word.size() > 2) {
            return word.substr(2);
        } else if (word.empty() || (word.front() != '-' && word.find('=') == std::string_view::npos)) {
            return word;
        }
    }
}

std::string_view language_of_first_line(std::string_view body) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
    if (!body.starts_with("#!")) return {};
    auto line = body.substr(2, kFirstLineBytesMax);
    line = line.substr(0, line.find('\n'));
    auto program = base_name(take_word(line));
    if (program == "env") program = base_name(program_of_env(line));
    const std::string lower = base::lower_case(program);
    if (auto language = index().interpreters.find(lower); !language.empty()) return language;
    auto end = lower.find_last_not_of("0123456789.-");  // python3.11, tclsh8.6, pypy3
    return end == std::string::npos ? std::string_view{}
                                    : index().interpreters.find(std::string_view(lower).substr(0, end + 1));
}

}  // namespace

std::optional<std::string_view> language_named(std::string_view name_or_alias) {
    auto word = base::trimmed(name_or_alias, kBlanks);
    if (word.size() > kFileNameBytesMax) return std::nullopt;
    auto language = index().names.find(base::lower_case(word));
    return language.empty() ? std::nullopt : std::optional{language};
}

std::optional<std::string_view> told_language(std::string_view title, std::string_view body) {
    if (auto language = language_of_title(title); !language.empty()) return language;
    if (auto language = language_of_first_line(body); !language.empty()) return language;
    return std::nullopt;
}

std::string_view language_label(std::string_view name) {
    const auto all = languages();
    const auto found = std::lower_bound(all.begin(), all.end(), name,
                                        [](const Language& one, std::string_view wanted) { return one.name < wanted; });
    return found != all.end() && found->name == name ? found->label : name;
}

}  // namespace snippetd::model
