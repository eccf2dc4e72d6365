#include "exchange/page.hpp"
#include "pages/template.hpp"
#include "ui/handlers.hpp"

#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

/// A command to copy; `{}` is the address of this service.
struct Way {
    std::string_view what, command;
};
struct Ways {
    std::string_view heading;
    std::array<Way, 4> ways;  ///< those without a command are none
};

constexpr Ways kWays[] = {
    {"Share",
     {{{"A file", "curl -F file=@main.go {}"},
       {"What a command prints", "git diff | curl -F file=@- {}"},
       {"For a week, and for one reader", "curl -F file=@notes.md -F expires=7d -F burn=1 {}"},
       {"In colours of your choice", "curl -F file=@- -F language=yaml {} < values"}}}},
    {"Read",
     {{{"The text", "curl {}/s/ID/raw"},
       {"Into a file of its name", "curl -OJ '{}/s/ID/raw?download=1'"},
       {"With all that is known of it", "curl {}/s/ID"},
       {"", ""}}}},
    {"With snip",
     {{{"Log in once", "snip login -s {}"},
       {"Share a file, the link on the clipboard", "snip --copy main.go"},
       {"Lines 5 to 9 of a snippet", "snip get '{}/s/ID#L5-L9'"},
       {"Change one in your editor", "snip edit ID"}}}},
    {"With what you have",
     {{{"pastebinit", "curl {}/pastebinit.conf | sudo tee /etc/pastebin.d/snippetd.conf"},
       {"gist-paste", "GITHUB_URL={} gist-paste main.go"},
       {"A shell function", "paste() {{ curl -F file=@- {}; }}"},
       {"", ""}}}},
};

}  // namespace

/// How to use the service from a terminal.
Answer terminal_page(Exchange& exchange) {
    const std::string base = exchange.base_url();
    pages::Fields fields;
    int number = 0;
    for (const Ways& ways : kWays) {
        pages::Fields section = fields.add("WAYS");
        section.set("HEADING", ways.heading);
        section.set("SECTION_ID", fmt::format("ways-{}", ++number));
        int place = 0;
        for (const auto& [what, command] : ways.ways) {
            if (command.empty()) continue;
            pages::Fields way = section.add("WAY");
            way.set("WHAT", what);
            way.set("WAY_ID", fmt::format("way-{}-{}", number, ++place));
            way.set("COMMAND", fmt::format(fmt::runtime(command), base));
        }
    }
    pages::Layout layout = unlisted_layout("terminal", "From your terminal");
    layout.description = "Share and read snippets with curl, snip and the tools that you have.";
    layout.indexed = true;
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("terminal", fields));
}

}  // namespace snippetd::ui
