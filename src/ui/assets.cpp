#include "pages/assets.hpp"

#include "http/codings.hpp"
#include "ui/handlers.hpp"

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

std::string_view content_of(const pages::Asset& asset, http::Coding& encoding) {
    if (encoding == http::Coding::brotli && !asset.brotli.empty()) return asset.brotli;
    if (encoding != http::Coding::identity && !asset.gzip.empty()) {
        encoding = http::Coding::gzip;
        return asset.gzip;
    }
    encoding = http::Coding::identity;
    return asset.content;
}

http::Response serve(const pages::Asset& asset, const http::Request& request, std::string_view cache_control) {
    http::Coding encoding = http::choose_coding(request.field(http::Field::accept_encoding));
    const std::string_view content = content_of(asset, encoding);
    http::Response response;
    response.add("Content-Type", asset.type);
    response.add("Cache-Control", cache_control);
    response.add("Vary", "Accept-Encoding");
    if (encoding != http::Coding::identity) response.add("Content-Encoding", http::to_text(encoding));
    if (asset.type == "image/svg+xml")
        response.add("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    response.add_piece(content);
    return response;
}

}  // namespace

Answer read_asset(Exchange& exchange) {
    const pages::Asset* asset = pages::find_asset(exchange.parameters.front());
    if (!asset) co_return error(ErrorKind::not_found);
    // The name changes with the content.
    co_return serve(*asset, exchange.request, "public, max-age=31536000, immutable");
}

Answer read_favicon(Exchange& exchange) {
    const std::string& url = pages::asset_url("favicon.svg");
    const pages::Asset* icon = pages::find_asset(std::string_view{url}.substr(url.rfind('/') + 1));
    co_return serve(*icon, exchange.request, "public, max-age=86400");
}

Answer read_robots(Exchange&) {
    http::Response response;
    response.fields = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: public, max-age=86400\r\n";
    // What may not be listed says so itself: a crawler that may not read a page cannot see that.
    response.body = "User-agent: *\nDisallow: /me\nDisallow: /auth/\nDisallow: /snippets\nAllow: /\n";
    co_return response;
}

}  // namespace snippetd::ui
