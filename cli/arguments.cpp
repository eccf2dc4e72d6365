#include "arguments.hpp"

#include "failure.hpp"
#include "model/languages.hpp"
#include "text.hpp"

#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr const char* kExitCodes = R"(Exit codes:
  0  done
  1  anything else
  2  wrong use, or content that the server refuses (400, 413, 422)
  3  not found, or gone (404, 410)
  4  not permitted (401, 403)
  5  conflict: somebody else changed it (409, 412)
  6  rate limited (429)
  7  the server is broken or busy (5xx)
  8  network: no connection, cut, timed out, TLS
  9  a local file or standard output cannot be read or written
Of several files or snippets, the first that fails decides.)";

constexpr const char* kExamples = R"(Examples:
  snip main.go                      share a file
  git diff | snip -t fix.patch      share what a command prints
  snip -e 7d --burn notes.md        gone after a week, or once somebody has read it
  snip --copy --public *.py         several files, their links on the clipboard too
  snip get h3Xk9aBcDeFg > main.go   fetch it again; with #L5-L9 these lines of it
  snip edit h3Xk9aBcDeFg            change it in $EDITOR

)";

/// Flags as they are written, before they are checked.
struct Written {
    std::string timeout, expires, colours;
    std::vector<std::string> tags;
    bool quiet = false, verbose = false;
    bool is_public = false, is_unlisted = false, is_private = false;
    bool version = false, languages = false;
};

using Define = void (*)(CLI::App&, Invocation&, Written&);

/// `list` has -q for itself.
void define_common(CLI::App& app, Invocation& invocation, Written& written) {
    app.add_option("-s,--server", invocation.server,
                   "The server to ask; else SNIPPETD_URL, else the one of the last login, else http://localhost:3000")
        ->type_name("URL");
    app.add_option("--timeout", written.timeout,
                   "How long to wait while nothing moves, and to try again, for one file or snippet (default 60s)")
        ->type_name("DURATION");
    app.add_option("--retries", invocation.retries_max, "How often to try again (default 5)")
        ->type_name("N")
        ->check(CLI::Range(0, 1000));
    const bool free = app.get_option_no_throw("-q") == nullptr;
    app.add_flag(free ? "-q,--quiet" : "--quiet", written.quiet, "Say nothing but errors");
    app.add_flag("-v,--verbose", written.verbose, "Say what is asked and answered");
}

void define_json(CLI::App& app, Invocation& invocation, const char* what) {
    app.add_flag("--json", invocation.json, what);
}

void define_fields(CLI::App& app, Invocation& invocation, Written& written) {
    app.add_option("-l,--language", invocation.language,
                   "The language; else the server guesses it from the title, a #! line or the text")
        ->type_name("NAME");
    app.add_option("-t,--title", invocation.title, "The title; else the name of the file")->type_name("TITLE");
    CLI::Option* is_public = app.add_flag("--public", written.is_public, "Anyone may read it, and explore lists it");
    CLI::Option* is_unlisted = app.add_flag("--unlisted", written.is_unlisted, "Anyone with the link may read it");
    CLI::Option* is_private = app.add_flag("--private", written.is_private, "Only you may read it");
    is_public->excludes(is_unlisted)->excludes(is_private);
    is_unlisted->excludes(is_private);
    app.add_option("-e,--expires", written.expires, "When it expires: a number with s, m, h, d or w, or never")
        ->type_name("DURATION");
    app.add_option("--tag", written.tags, "A tag; may be repeated")->type_name("TAG")->allow_extra_args(false);
}

void define_sharing(CLI::App& app, Invocation& invocation, const char* what_json) {
    define_json(app, invocation, what_json);
    app.add_flag("--copy", invocation.copy, "Put the link on the clipboard too");
    app.add_flag("--open", invocation.open, "Open the link in a browser too");
    app.add_flag("--qr", invocation.qr, "Draw a QR code of the link on standard error");
}

void define_create(CLI::App& app, Invocation& invocation, Written& written) {
    app.add_option("FILES", invocation.operands, "What to share; standard input when there is none, or for -");
    define_fields(app, invocation, written);
    app.add_flag("-b,--burn", invocation.burn, "The first reader is the only one");
    define_sharing(app, invocation, "Print the server's answer instead of the link, one JSON object a line");
    app.add_flag("--list-languages", written.languages, "Print the names of all languages and exit");
    app.add_flag("--version", written.version, "Print the version and exit");
}

void define_ids(CLI::App& app, Invocation& invocation, int count_max) {
    app.add_option("ID", invocation.operands, "A snippet's id or URL")->required()->expected(1, count_max);
}

void define_get(CLI::App& app, Invocation& invocation, Written& written) {
    define_ids(app, invocation, 1);
    app.add_option("-o,--output", invocation.output, "Write it to a file instead of standard output")
        ->type_name("FILE");
    define_json(app, invocation, "Print the snippet and what is known of it as JSON");
    CLI::Option* colours = app.add_option("--color", written.colours,
                                          "Show code in colours: auto (default: on a terminal, unless NO_COLOR is "
                                          "set), always or never")
                               ->type_name("WHEN")
                               ->check(CLI::IsMember({"auto", "always", "never"}));
    app.add_flag("--raw", invocation.raw, "Leave control characters as they are on a terminal too")->excludes(colours);
}

void define_list(CLI::App& app, Invocation& invocation, Written&) {
    app.add_option("-n,--limit", invocation.limit, "At most so many (default 50; 0 for all)")->type_name("N");
    app.add_option("-q,--search", invocation.search, "Only with these words in title or body")->type_name("TEXT");
    app.add_option("--tag", invocation.tag, "Only with this tag")->type_name("TAG");
    app.add_option("-l,--language", invocation.language, "Only in this language")->type_name("NAME");
    define_json(app, invocation, "Print one JSON object a line");
}

void define_edit(CLI::App& app, Invocation& invocation, Written& written) {
    define_ids(app, invocation, 1);
    app.add_option("--file", invocation.file, "Replace the text with this file's, - for standard input")
        ->type_name("FILE");
    define_fields(app, invocation, written);
    define_json(app, invocation, "Print the server's answer instead of the link");
}

void define_remove(CLI::App& app, Invocation& invocation, Written&) {
    define_ids(app, invocation, 1'000'000);
}

void define_login(CLI::App& app, Invocation& invocation, Written&) {
    CLI::Option* username = app.add_option("--username", invocation.username,
                                           "The account; the password comes from the terminal, or from "
                                           "standard input when that is none")
                                ->type_name("NAME");
    app.add_flag("--token-stdin", invocation.token_from_input, "Read a token from standard input and store it")
        ->excludes(username);
    app.add_flag("--insecure", invocation.insecure,
                 "Send the password or token unencrypted (http://) to another machine");
}

void define_logout(CLI::App&, Invocation&, Written&) {}

void define_stats(CLI::App& app, Invocation& invocation, Written&) {
    define_ids(app, invocation, 1);
    app.add_option("--by", invocation.by, "Views by day (default) or hour")
        ->type_name("UNIT")
        ->check(CLI::IsMember({"day", "hour"}));
    define_json(app, invocation, "Print the server's answer");
}

struct Row {
    const char* name;
    Command command;
    Define define;
    const char* usage;
    const char* what;
};

constexpr Row kCommands[] = {
    {"get", Command::get, define_get, "snip get [FLAGS] ID|URL", "Print a snippet, or with #L5-L9 these lines of it"},
    {"list", Command::list, define_list, "snip list [FLAGS]", "List your snippets, newest first"},
    {"edit", Command::edit, define_edit, "snip edit [FLAGS] ID|URL", "Change a snippet, in an editor or by flags"},
    {"rm", Command::remove, define_remove, "snip rm [FLAGS] ID|URL...", "Delete snippets"},
    {"login", Command::login, define_login, "snip login [FLAGS]", "Store a token for a server"},
    {"logout", Command::logout, define_logout, "snip logout [FLAGS]", "Delete the token, there and here"},
    {"stats", Command::stats, define_stats, "snip stats [FLAGS] ID|URL", "Show how often a snippet was read"},
};
constexpr Row kCreate = {"", Command::create, define_create, "snip [FLAGS] [FILES...]",
                         "Share files, or standard input, and print their links"};

class Help : public CLI::Formatter {
  public:
    explicit Help(std::string usage) : usage_{std::move(usage)} { column_width(30); }

    /// The kind of value alone, without what it excludes and between what it must be.
    std::string make_option_opts(const CLI::Option* option) const override {
        if (option->get_type_size() == 0 || option->get_positional()) return "";
        const std::string name = option->get_type_name();
        return ' ' + name.substr(0, name.find(':'));
    }
    std::string make_usage(const CLI::App*, std::string) const override { return "Usage: " + usage_ + "\n"; }

  private:
    std::string usage_;
};

/// Takes the command off `arguments` when there is one.
const Row& take_command(std::vector<std::string>& arguments) {
    constexpr std::string_view kWithValue[] = {"-s", "--server", "--timeout", "--retries"};
    constexpr std::string_view kWithout[] = {"-q", "--quiet", "-v", "--verbose"};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& argument = arguments[i];
        for (const Row& row : kCommands) {
            if (argument != row.name) continue;
            // A flag that a command has for itself (`list -q TEXT`) must not take what came before for its own.
            for (std::size_t k = 0; k < i; ++k) {
                if (arguments[k] == "-q") arguments[k] = "--quiet";
            }
            arguments.erase(arguments.begin() + static_cast<std::ptrdiff_t>(i));
            return row;
        }
        const auto is = [&](std::string_view flag) { return argument == flag; };
        if (std::any_of(std::begin(kWithValue), std::end(kWithValue), is)) {
            ++i;
        } else if (std::none_of(std::begin(kWithout), std::end(kWithout), is) && !argument.starts_with("--server=") &&
                   !argument.starts_with("--timeout=") && !argument.starts_with("--retries=")) {
            break;
        }
    }
    return kCreate;
}

std::string footer(const Row& row) {
    std::string text;
    if (row.command == Command::create) {
        text += "Commands (a file of that name is ./NAME):\n";
        for (const Row& other : kCommands) text += fmt::format("  {:<8}{}\n", other.name, other.what);
        text += "  snip COMMAND --help says more.\n\n";
        text += kExamples;
    }
    return text + kExitCodes;
}

void check_text(std::string_view flag, const std::optional<std::string>& text) {
    if (text && find_unacceptable(*text)) {
        throw Failure{ExitCode::bad_input, fmt::format("{}: the value is not UTF-8", flag)};
    }
}

void read_written(const Written& written, Invocation& invocation) {
    if (written.quiet) invocation.talk = Talk::quiet;
    if (written.verbose) invocation.talk = Talk::verbose;
    if (written.colours == "always") invocation.colours = Colours::always;
    if (written.colours == "never") invocation.colours = Colours::never;
    if (written.is_public) invocation.visibility = "public";
    if (written.is_unlisted) invocation.visibility = "unlisted";
    if (written.is_private) invocation.visibility = "private";
    if (!written.timeout.empty()) {
        const bool bare = written.timeout.find_first_not_of("0123456789") == std::string::npos;
        const auto seconds = parse_duration_s(bare ? written.timeout + 's' : written.timeout);
        if (!seconds || *seconds > 86'400) {
            throw Failure{ExitCode::bad_input,
                          fmt::format("--timeout: `{}` is no duration from 1s to 1d, such as 90s or 5m",
                                      printable(written.timeout))};
        }
        invocation.timeout = std::chrono::seconds{*seconds};
    }
    if (written.expires == "never") {
        invocation.expires_in_s.emplace();
    } else if (!written.expires.empty()) {
        const auto seconds = parse_duration_s(written.expires);
        if (!seconds) {
            throw Failure{ExitCode::bad_input,
                          fmt::format("--expires: `{}` is neither never nor a number with s, m, h, d or "
                                      "w, up to 3650d",
                                      printable(written.expires))};
        }
        invocation.expires_in_s = seconds;
    }
    if (!written.tags.empty()) {
        invocation.tags.emplace();
        for (const std::string& tag : written.tags) {
            check_text("--tag", tag);
            if (!tag.empty()) invocation.tags->push_back(tag);
        }
    }
    check_text("--title", invocation.title);
    check_text("--language", invocation.language);
    check_text("--search", invocation.search);
}

std::string language_names() {
    std::string names;
    for (const model::Language& language : model::languages()) names += std::string{language.name} + '\n';
    return names;
}

Invocation printing(std::string text) {
    Invocation invocation;
    invocation.command = Command::print;
    invocation.text = std::move(text);
    return invocation;
}

}  // namespace

Invocation parse_arguments(int argc, const char* const* argv) {
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    const Row& row = take_command(arguments);
    Invocation invocation;
    Written written;
    CLI::App app{row.what};
    app.formatter(std::make_shared<Help>(row.usage));
    app.footer(footer(row));
    row.define(app, invocation, written);
    define_common(app, invocation, written);
    invocation.command = row.command;
    std::reverse(arguments.begin(), arguments.end());
    try {
        app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        return printing(app.help());
    } catch (const CLI::ParseError& error) {
        throw Failure{ExitCode::bad_input, fmt::format("{}; `snip{}{} --help` lists what there is",
                                                       printable(error.what()), *row.name ? " " : "", row.name)};
    }
    if (written.version) return printing("snip " SNIPPETD_VERSION "\n");
    if (written.languages) return printing(language_names());
    read_written(written, invocation);
    return invocation;
}

}  // namespace snippetd::cli
