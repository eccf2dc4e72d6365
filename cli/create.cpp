#include "context.hpp"
#include "fields.hpp"
#include "files.hpp"
#include "link.hpp"
#include "model/languages.hpp"
#include "programs.hpp"
#include "qr.hpp"
#include "text.hpp"

#include <array>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

constexpr std::size_t kProgressFrom = 256 * 1024;  // bytes; what is smaller is there before anybody looks
constexpr std::chrono::milliseconds kProgressEvery{100};

/// A UUID (RFC 9562 version 4): the same snippet however often the request is sent.
std::string new_idempotency_key() {
    std::array<unsigned char, 16> bytes{};
    if (getentropy(bytes.data(), bytes.size()) != 0) throw Failure{ExitCode::other, "the system gives no random bytes"};
    bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0F) | 0x40);
    bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3F) | 0x80);
    std::string key;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) key += '-';
        key += fmt::format("{:02x}", bytes[i]);
    }
    return key;
}

/// What the request says, but for the body.
json::object describe(const Invocation& invocation, const std::string& file) {
    json::object fields = fields_from_flags(invocation);
    if (invocation.burn) fields["burn_after_reading"] = true;
    if (file == "-") return fields;
    const std::string name = title_of_file(file);
    if (!invocation.title) {
        if (!name.empty()) fields["title"] = name;
    } else if (!invocation.language) {
        // The server guesses from the title, which does not have the extension then.
        const std::string_view language = model::told_language(name, {}).value_or(model::kPlainText);
        if (language != model::kPlainText) fields["language"] = language;
    }
    return fields;
}

void warn_of_unknown_language(const Context& context) {
    const std::optional<std::string>& language = context.invocation().language;
    if (!language || model::language_named(*language)) return;
    context.terminal().tell(
        fmt::format("the language `{}` is not known, so it will be plain text; snip --list-languages "
                    "names them all",
                    printable(*language)));
}

/// So that `snip edit` and `snip rm` can change it later.
void keep_edit_token(const Context& context, const Service& service, const json::object& snippet) {
    const std::string token = text_in(snippet, "edit_token");
    if (token.empty()) return;
    try {
        EditTokens{}.store(service.server().base(), text_in(snippet, "id"), token);
    } catch (const Failure& failure) {
        context.terminal().tell(
            fmt::format("{}; what changes the snippet is not kept, so note it: {}", failure.what(), printable(token)));
    }
}

/// Returns the link.
std::string share(Context& context, Service& service, const std::string& file) {
    const Terminal& terminal = context.terminal();
    if (file == "-" && isatty(STDIN_FILENO))
        terminal.tell("reading from the terminal; Ctrl-D at the start of a line ends");
    const std::string body = read_input(file);
    check_body(body);
    if (context.invocation().visibility == "private" && service.token().empty()) {
        throw Failure{ExitCode::bad_input,
                      "a private snippet needs an account, or nobody could read it: `snip login` first"};
    }
    json::object fields = describe(context.invocation(), file);
    fields["body"] = body;

    Call call{.method = "POST",
              .path = "/snippets",
              .fields = {{"Idempotency-Key", new_idempotency_key()}},
              .body = {},
              .repeat = Repeat::always,
              .progress = {}};
    call.body = json::serialize(fields);
    if (body.size() > kProgressFrom) {
        call.progress = [&terminal, &file, last = std::chrono::steady_clock::time_point{}](
                            std::uint64_t done, std::uint64_t total) mutable {
            const auto now = std::chrono::steady_clock::now();
            if (now - last < kProgressEvery && done < total) return;
            last = now;
            terminal.show_progress(file == "-" ? "standard input" : title_of_file(file), done, total);
        };
    }
    struct ClearProgress {
        const Terminal* terminal;
        ~ClearProgress() {
            if (terminal) terminal->clear_progress();
        }
    };
    Answer answer;
    {
        const ClearProgress clears{call.progress ? &terminal : nullptr};
        answer = service.call_or_fail(call);
    }
    const json::object snippet = service.object_of(call, answer.response);
    const std::string link = printable(text_in(snippet, "url"));
    if (link.empty()) {
        throw Failure{ExitCode::other,
                      fmt::format("{} answered without a link: is --server right?", service.server().base())};
    }
    keep_edit_token(context, service, snippet);
    terminal.print_line(context.invocation().json ? json_line(snippet) : link);
    if (context.invocation().qr) terminal.draw(draw_qr(link, terminal.err_is_terminal()));
    return link;
}

}  // namespace

ExitCode create(Context& context) {
    const Invocation& invocation = context.invocation();
    std::vector<std::string> files = invocation.operands;
    if (files.empty()) files.emplace_back("-");
    warn_of_unknown_language(context);
    Service service = context.service();
    std::string links;
    ExitCode code = context.for_each(files, [&](const std::string& file) {
        const std::string link = share(context, service, file);
        links += links.empty() ? link : '\n' + link;
        if (invocation.open) open_in_browser(checked_for_browser(link, service.server()));
    });
    if (invocation.copy && !links.empty()) {
        try {
            copy_to_clipboard(links);
        } catch (const Failure& failure) {
            context.terminal().complain(failure.what());
            if (code == ExitCode::ok) code = failure.code();
        }
    }
    return code;
}

}  // namespace snippetd::cli
