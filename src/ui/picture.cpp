#include "base/escape_sequences.hpp"
#include "base/numbers.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"
#include "model/languages.hpp"
#include "pages/assets.hpp"
#include "pages/code.hpp"
#include "pages/documents.hpp"
#include "pages/picture_document.hpp"
#include "pages/terminal_output.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"

#include <optional>
#include <span>

#include <fmt/format.h>

// A snippet as a picture: a card for previews of its link, or the lines that somebody wants to show.

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr std::size_t kCardLines = 20;  // more than it has room for

struct Wanted {
    picture::Shape shape = picture::Shape::card;
    picture::Theme theme = picture::Theme::dark;
    std::size_t first = 1, last = kCardLines;  ///< lines
};

/// `12` or `3-17`.
std::optional<Wanted> lines_of(std::string_view text, Wanted wanted) {
    const std::size_t dash = text.find('-');
    const auto first = base::parse_number<std::size_t>(text.substr(0, dash));
    const auto last = dash == std::string_view::npos ? first : base::parse_number<std::size_t>(text.substr(dash + 1));
    if (!first || !last || *first < 1 || *last < *first) return std::nullopt;
    wanted.shape = picture::Shape::lines;
    wanted.first = *first;
    wanted.last = *last;
    return wanted;
}

Result<Wanted> wanted_of(const http::Request& request) {
    Wanted wanted;
    const http::Parameter theme = http::find_parameter(request.query, "theme");
    if (theme.value == "light") {
        wanted.theme = picture::Theme::light;
    } else if (theme.present && theme.value != "dark") {
        return invalid_field("theme", "is light or dark");
    }
    const http::Parameter lines = http::find_parameter(request.query, "lines");
    if (!lines.present) return wanted;
    const std::optional<Wanted> some = lines_of(lines.value, wanted);
    if (!some) return invalid_field("lines", "are a number or two, as in 12 or 3-17");
    if (some->last - some->first >= pages::kPictureLinesMax) {
        return invalid_field("lines", fmt::format("are too many: a picture has at most {}", pages::kPictureLinesMax));
    }
    return *some;
}

/// What a picture is drawn from, for as long as that takes.
struct Drawn {
    std::string text, request, colours;
};

pages::DocumentRequest request_of(const std::shared_ptr<const model::Snippet>& snippet,
                                  std::span<const highlight::Run> colours, const Wanted& wanted,
                                  std::string_view base) {
    const pages::Excerpt excerpt = pages::excerpt_of(snippet->body, colours, wanted.first, wanted.last);
    std::string title = pages::title_text(snippet->title, snippet->body);
    const std::string lines = pages::count_text(pages::count_lines(snippet->body), "line", "lines");
    std::string caption = fmt::format("{} · {}", model::language_label(snippet->language), lines);
    if (!snippet->owner_name.empty()) caption = fmt::format("{} · {}", snippet->owner_name, caption);
    if (wanted.shape == picture::Shape::lines) {
        title = snippet->title;  // the first line is there, or none of the picture's affair
        caption = fmt::format("{}/s/{}", base, snippet->id);
    }
    picture::Picture picture;
    picture.shape = wanted.shape;
    picture.theme = wanted.theme;
    picture.first_line = wanted.first;
    picture.title = title;
    picture.caption = caption;
    // What a terminal has shown is there, if not in its colours.
    std::string text = pages::is_terminal_output(snippet->body, snippet->language)
                           ? base::without_controls(excerpt.text)
                           : std::string{excerpt.text};
    auto drawn = std::make_shared<const Drawn>(
        Drawn{std::move(text), pages::picture_request(picture), pages::written(excerpt.colours)});
    pages::DocumentRequest request;
    request.kind = pages::DocumentKind::picture;
    request.first = drawn->text;
    request.second = drawn->request;
    request.first_colours = drawn->colours;
    request.time_max = pages::kPictureTimeMax;
    request.owner = std::move(drawn);
    return request;
}

}  // namespace

Answer snippet_picture(Exchange& exchange) {
    const Result<Wanted> wanted = wanted_of(exchange.request);
    if (!wanted) co_return wanted.error();
    use_cases::Visit visit = visit_of(exchange);
    visit.only_looks = true;  // whoever previews a link has not read it
    const std::string& id = exchange.parameters.front();
    Result<use_cases::Followed> followed = co_await use_cases::follow_link(exchange, id, std::move(visit));
    if (!followed) co_return followed.error();
    const std::shared_ptr<const model::Snippet> snippet = followed->snippet;
    if (snippet->burn_after_reading) co_return error(ErrorKind::not_found);
    if (wanted->first > 1 && wanted->first > pages::count_lines(snippet->body)) {
        co_return invalid_field("lines", "begin behind the last one");
    }

    const std::string base = exchange.base_url();
    const std::string what =
        fmt::format("picture-{}-{}-{}-{}-{}", static_cast<int>(wanted->shape), static_cast<int>(wanted->theme),
                    wanted->first, wanted->last, pages::pages_build());
    Opened opened{followed->entry, snippet, followed->status};
    http::Response response = respond_with_link(opened, exchange.request, what, "image/png");
    if (response.status == 304) co_return response;
    const std::vector<highlight::Run> colours = co_await exchange.worker.pages.find_colours(snippet, exchange.deadline);
    std::string key = fmt::format("{} {} {} {}", what, snippet->id, snippet->version, base);
    pages::DocumentRequest request = request_of(snippet, colours, *wanted, base);
    const std::shared_ptr<const pages::Document> made =
        co_await exchange.worker.pages.documents().make(std::move(key), std::move(request), exchange.deadline);
    if (made->outcome != pages::DocumentOutcome::made || made->html.empty()) {
        if (wanted->shape == picture::Shape::card) co_return see_other(pages::asset_url("og.png"));
        co_return invalid_field("lines", made->html.empty() && made->outcome == pages::DocumentOutcome::made
                                             ? "have characters that cannot be drawn"
                                             : "cannot be drawn");
    }
    response.add_piece(made->html);
    response.owner = made;
    co_return response;
}

}  // namespace snippetd::ui
