#include "base/numbers.hpp"
#include "conventions/handlers.hpp"
#include "http/place.hpp"
#include "pages/code.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "use_cases/links.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

/// oEmbed 1.0 (oembed.com): how another site shows a snippet whose link somebody has pasted there.
namespace snippetd::conventions {

using namespace exchange;

namespace {

constexpr int kWidthMax = 640;
constexpr int kHeightMax = 480;
constexpr int kLineHeight = 21, kHeaderHeight = 110;
constexpr int kCacheSeconds = 300;  // a title may change

/// The id in a link of this service, by http or https, whatever follows it; empty for any other.
std::string_view id_of(std::string_view url, std::string_view base) {
    const std::optional<http::Place> place = http::place_of(url), own = http::place_of(base);
    if (!place || !own || place->authority != own->authority || !place->rest.starts_with("/s/")) return {};
    const std::string_view rest = place->rest.substr(3);
    return rest.substr(0, rest.find_first_of("/?#"));
}

Result<int> read_pixels(std::string_view query, std::string_view name, int fallback) {
    const http::Parameter parameter = http::find_parameter(query, name);
    if (!parameter.present) return fallback;
    const auto pixels = base::parse_number<int>(parameter.value);
    if (!pixels || *pixels < 1) return invalid_field(std::string{name}, "is a whole number of pixels");
    return *pixels;
}

std::string attribute(std::string_view text) {
    std::string out;
    pages::append_escaped(out, text);
    std::string quoted;
    for (const char c : out) quoted += c == '"' ? "&quot;" : std::string(1, c);
    return quoted;
}

/// What both formats say.
struct Embed {
    std::string provider_url;
    std::string author_name;  ///< empty for anonymous
    std::string title, html;
    int width, height;  ///< in pixels
};

std::string to_json(const Embed& embed) {
    boost::json::object answer{{"version", "1.0"},
                               {"type", "rich"},
                               {"provider_name", "snippetd"},
                               {"provider_url", embed.provider_url},
                               {"title", embed.title},
                               {"cache_age", kCacheSeconds},
                               {"width", embed.width},
                               {"height", embed.height},
                               {"html", embed.html}};
    if (!embed.author_name.empty()) answer["author_name"] = embed.author_name;
    return boost::json::serialize(answer);
}

std::string to_xml(const Embed& embed) {
    pages::Fields fields;
    fields.set("PROVIDER_URL", embed.provider_url);
    fields.set("TITLE", pages::xml_text(embed.title));
    if (!embed.author_name.empty()) fields.add("AUTHOR", "AUTHOR_NAME", embed.author_name);
    fields.set("CACHE_AGE", std::to_string(kCacheSeconds));
    fields.set("WIDTH", std::to_string(embed.width));
    fields.set("HEIGHT", std::to_string(embed.height));
    fields.set("FRAME", pages::xml_text(embed.html));
    return pages::render("oembed", fields);
}

}  // namespace

Answer describe_embed(Exchange& exchange) {
    const std::string_view query = exchange.request.query;
    const http::Parameter url = http::find_parameter(query, "url");
    if (!url.present) co_return invalid_field("url", "is required");
    const http::Parameter format = http::find_parameter(query, "format");
    const bool as_xml = format.value == "xml";
    if (format.present && format.value != "json" && !as_xml) {
        co_return error(ErrorKind::not_implemented, "The formats are json and xml.");
    }
    const Result<int> width_max = read_pixels(query, "maxwidth", kWidthMax);
    if (!width_max) co_return width_max.error();
    const Result<int> height_max = read_pixels(query, "maxheight", kHeightMax);
    if (!height_max) co_return height_max.error();

    const std::string base = exchange.base_url();
    std::string id{id_of(url.value, base)};
    const Result<use_cases::Followed> read = co_await use_cases::read_as_anybody(exchange, std::move(id));
    if (!read) co_return read.error();
    const model::Snippet& snippet = *read->snippet;
    const std::string title = pages::title_text(snippet.title, snippet.body);
    const int lines = static_cast<int>(std::min<std::size_t>(pages::count_lines(snippet.body), kHeightMax));
    const int width = std::min(*width_max, kWidthMax);
    const int height = std::min({kHeaderHeight + lines * kLineHeight, kHeightMax, *height_max});
    Embed embed{base, snippet.owner_name, title, {}, width, height};
    embed.html = fmt::format(R"(<iframe src="{}/s/{}/embed" width="{}" height="{}" title="{}" loading="lazy" )"
                             R"(style="border:0;max-width:100%"></iframe>)",
                             attribute(base), snippet.id, width, height, attribute(title));
    http::Response response;
    response.fields = fmt::format("Content-Type: {}\r\nCache-Control: public, no-cache\r\n",
                                  as_xml ? "text/xml; charset=utf-8" : "application/json");
    response.body = as_xml ? to_xml(embed) : to_json(embed);
    co_return response;
}

}  // namespace snippetd::conventions
