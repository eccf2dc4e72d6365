#include "application/routes.hpp"

#include "api/handlers.hpp"
#include "application/handlers.hpp"
#include "conventions/handlers.hpp"
#include "openapi/handlers.hpp"
#include "ui/handlers.hpp"

namespace snippetd::application {

using namespace exchange;

namespace {

using http::Method;

/// A route of another service's interface, for its clients.
constexpr Route foreign(Method method, std::string_view pattern, Handler handler, Access access, Charge charge,
                        Work work) {
    return {method, pattern, handler, access, charge, work, nullptr, nullptr, true};
}

constexpr Route of_snippet(Route row) {
    row.of_snippet = true;
    return row;
}
constexpr Route open(Route row) {
    row.open = true;
    return row;
}
constexpr Route open_snippet(Route row) {
    return open(of_snippet(row));
}

/// Also none: `curl -T - URL/upload/` has a stream and no name.
bool any_file_name(std::string_view) {
    return true;
}

/// A route whose body is, or has in it, a snippet's text.
constexpr Route with_text(Route route) {
    route.takes_text = true;
    return route;
}

/// A route that answers with a link alone.
constexpr Route plain(Route route) {
    route.plain = true;
    return route;
}

/// A route that answers who would rather have a page by `page`.
constexpr Route or_page(Handler page, Route route) {
    route.page = page;
    return route;
}

// What each route does, for those who call it, is said in openapi/*.json.
constexpr Route kRoutes[] = {
    or_page(ui::read_page,
            open_snippet({Method::get, "/s/{id}", api::read_shared, Access::anyone, Charge::nothing, Work::read})),
    open_snippet({Method::get, "/s/{id}/raw", api::read_shared_raw, Access::anyone, Charge::nothing, Work::read}),
    open_snippet({Method::get, "/s/{id}/ansi", conventions::read_ansi, Access::anyone, Charge::nothing, Work::render}),

    with_text({Method::post, "/snippets", api::create_snippet, Access::optional, Charge::write, Work::own}),
    with_text({Method::post, "/snippets/preview", api::preview, Access::anyone, Charge::nothing, Work::render}),
    {Method::get, "/snippets", api::list_snippets, Access::account, Charge::nothing, Work::list},
    of_snippet({Method::get, "/snippets/{id}", api::read_snippet, Access::optional, Charge::nothing, Work::read}),
    with_text(
        of_snippet({Method::patch, "/snippets/{id}", api::edit_snippet, Access::optional, Charge::write, Work::own})),
    of_snippet({Method::delete_, "/snippets/{id}", api::delete_snippet, Access::optional, Charge::write, Work::own}),
    open_snippet(
        {Method::get, "/snippets/{id}/revisions", api::list_revisions, Access::optional, Charge::nothing, Work::read}),
    open_snippet({Method::get, "/snippets/{id}/revisions/{version}", api::read_revision, Access::optional,
                  Charge::nothing, Work::read}),
    of_snippet(
        {Method::get, "/snippets/{id}/stats", api::snippet_stats, Access::optional, Charge::nothing, Work::read}),
    of_snippet({Method::post, "/snippets/{id}/fork", api::fork_snippet, Access::account, Charge::write, Work::own}),
    or_page(ui::explore_page, open({Method::get, "/explore", api::explore, Access::page, Charge::nothing, Work::list})),

    {Method::post, "/auth/signup", api::sign_up, Access::anyone, Charge::signup, Work::auth},
    {Method::post, "/auth/login", api::log_in, Access::anyone, Charge::login, Work::auth},
    {Method::post, "/auth/logout", api::log_out, Access::anyone, Charge::nothing, Work::own},
    {Method::get, "/auth/me", api::who_am_i, Access::account, Charge::nothing, Work::own},
    {Method::get, "/auth/export", api::export_account, Access::account, Charge::nothing, Work::bulk},
    {Method::delete_, "/auth/me", api::delete_account, Access::account, Charge::login, Work::auth},
    {Method::post, "/auth/password", api::change_password, Access::account, Charge::login, Work::auth},
    {Method::post, "/auth/tokens", api::create_token, Access::account, Charge::nothing, Work::own},
    {Method::get, "/auth/tokens", api::list_tokens, Access::account, Charge::nothing, Work::own},
    {Method::delete_, "/auth/tokens/{id}", api::delete_token, Access::account, Charge::nothing, Work::own},

    or_page(ui::compose_page, {Method::get, "/", conventions::usage, Access::page, Charge::nothing, Work::render}),
    plain(or_page(ui::compose_from_form, with_text({Method::post, "/", conventions::upload_form, Access::page,
                                                    Charge::write, Work::own, ui::compose_refused}))),
    with_text({Method::post, "/preview", ui::preview_from_form, Access::page, Charge::nothing, Work::render,
               ui::preview_refused}),
    plain(with_text({Method::post, "/upload", conventions::upload_text, Access::optional, Charge::write, Work::own})),
    plain(with_text({Method::put, "/upload", conventions::upload_text, Access::optional, Charge::write, Work::own})),
    plain(with_text({Method::put, "/upload/{name}", conventions::upload_text, Access::optional, Charge::write,
                     Work::own, nullptr, any_file_name})),
    plain(
        of_snippet({Method::post, "/s/{id}", conventions::manage_upload, Access::optional, Charge::write, Work::own})),

    with_text(
        foreign(Method::post, "/documents", conventions::create_document, Access::optional, Charge::write, Work::own)),
    open_snippet(foreign(Method::get, "/documents/{key}", conventions::read_document, Access::anyone, Charge::nothing,
                         Work::read)),
    open_snippet(foreign(Method::get, "/raw/{key}", conventions::read_document_raw, Access::anyone, Charge::nothing,
                         Work::read)),
    open_snippet({Method::get, "/{key}", conventions::open_document, Access::anyone, Charge::nothing, Work::hot,
                  nullptr, conventions::is_document_key}),

    with_text(
        foreign(Method::post, "/api/v3/gists", conventions::create_gist, Access::optional, Charge::write, Work::own)),
    foreign(Method::get, "/api/v3/gists", conventions::list_gists, Access::account, Charge::nothing, Work::list),
    open_snippet(foreign(Method::get, "/api/v3/gists/{id}", conventions::read_gist, Access::anyone, Charge::nothing,
                         Work::read)),
    open_snippet(foreign(Method::get, "/api/v3/gists/{id}/raw/{name}", conventions::read_gist_file, Access::anyone,
                         Charge::nothing, Work::read)),
    with_text(of_snippet(foreign(Method::patch, "/api/v3/gists/{id}", conventions::edit_gist, Access::optional,
                                 Charge::write, Work::own))),
    with_text(of_snippet(foreign(Method::post, "/api/v3/gists/{id}", conventions::edit_gist, Access::optional,
                                 Charge::write, Work::own))),
    of_snippet(foreign(Method::delete_, "/api/v3/gists/{id}", api::delete_snippet, Access::optional, Charge::write,
                       Work::own)),
    open(foreign(Method::get, "/api/v3/users/{username}/gists", conventions::list_gists_of, Access::anyone,
                 Charge::nothing, Work::list)),
    foreign(Method::post, "/api/v3/authorizations", api::authorize, Access::anyone, Charge::login, Work::auth),

    open_snippet({Method::get, "/oembed", conventions::describe_embed, Access::anyone, Charge::nothing, Work::read}),
    open_snippet({Method::get, "/s/{id}/embed", ui::embed_page, Access::anyone, Charge::nothing, Work::render}),
    or_page(ui::account_snippets_page,
            open({Method::get, "/users/{username}", api::list_snippets_of, Access::page, Charge::nothing, Work::list})),
    open({Method::get, "/users/{username}/feed.atom", conventions::account_feed, Access::anyone, Charge::nothing,
          Work::list}),
    {Method::get, "/pastebinit.conf", conventions::pastebinit_configuration, Access::anyone, Charge::nothing,
     Work::hot},

    of_snippet({Method::get, "/s/{id}/live", ui::follow_count, Access::anyone, Charge::nothing, Work::read}),
    of_snippet({Method::get, "/s/{id}/qr.svg", ui::qr_code, Access::anyone, Charge::nothing, Work::render}),
    open_snippet(
        {Method::get, "/s/{id}/picture.png", ui::snippet_picture, Access::anyone, Charge::nothing, Work::render}),
    or_page(ui::reveal_page,
            of_snippet({Method::post, "/s/{id}/reveal", api::reveal, Access::page, Charge::nothing, Work::read})),
    of_snippet({Method::get, "/s/{id}/edit", ui::edit_page, Access::page, Charge::nothing, Work::render}),
    with_text(of_snippet(
        {Method::post, "/s/{id}/edit", ui::edit_from_form, Access::page, Charge::write, Work::own, ui::edit_refused})),
    of_snippet({Method::get, "/s/{id}/made", ui::made_page, Access::page, Charge::nothing, Work::render}),
    of_snippet({Method::get, "/s/{id}/delete", ui::delete_page, Access::page, Charge::nothing, Work::render}),
    of_snippet({Method::post, "/s/{id}/delete", ui::delete_from_form, Access::page, Charge::write, Work::own}),
    of_snippet({Method::get, "/s/{id}/fork", ui::fork_page, Access::page_account, Charge::nothing, Work::render}),
    of_snippet({Method::post, "/s/{id}/fork", ui::fork_from_form, Access::page_account, Charge::write, Work::own}),
    of_snippet({Method::get, "/s/{id}/revisions", ui::revisions_page, Access::page, Charge::nothing, Work::render}),
    of_snippet(
        {Method::get, "/s/{id}/revisions/{version}", ui::revision_page, Access::page, Charge::nothing, Work::render}),
    of_snippet(
        {Method::get, "/s/{id}/revisions/{version}/raw", ui::revision_raw, Access::page, Charge::nothing, Work::read}),
    of_snippet({Method::post, "/s/{id}/revisions/{version}/restore", ui::restore_from_form, Access::page, Charge::write,
                Work::own}),
    of_snippet({Method::get, "/s/{id}/stats", ui::stats_page, Access::page, Charge::nothing, Work::render}),
    or_page(ui::terminal_page,
            {Method::get, "/terminal", conventions::usage, Access::page, Charge::nothing, Work::render}),
    {Method::get, "/login", ui::log_in_page, Access::page, Charge::nothing, Work::render},
    {Method::post, "/login", ui::log_in_from_form, Access::anyone, Charge::login, Work::auth, ui::log_in_refused},
    {Method::get, "/signup", ui::sign_up_page, Access::page, Charge::nothing, Work::render},
    {Method::post, "/signup", ui::sign_up_from_form, Access::anyone, Charge::signup, Work::auth, ui::sign_up_refused},
    {Method::post, "/logout", ui::log_out_from_form, Access::anyone, Charge::nothing, Work::own},
    {Method::get, "/me", ui::my_snippets_page, Access::page_account, Charge::nothing, Work::list},
    {Method::post, "/me/delete", ui::delete_selected, Access::page_account, Charge::write, Work::own},
    {Method::get, "/me/tokens", ui::tokens_page, Access::page_account, Charge::nothing, Work::render},
    {Method::post, "/me/tokens", ui::create_token_from_form, Access::page_account, Charge::nothing, Work::own},
    {Method::post, "/me/tokens/revoke", ui::delete_tokens_from_form, Access::page_account, Charge::nothing, Work::own},
    {Method::post, "/me/tokens/{id}/delete", ui::delete_token_from_form, Access::page_account, Charge::nothing,
     Work::own},
    {Method::get, "/me/account", ui::account_page, Access::page_account, Charge::nothing, Work::render},
    {Method::post, "/me/password", ui::change_password_from_form, Access::page_account, Charge::login, Work::auth,
     ui::account_refused},
    {Method::post, "/me/delete-account", ui::delete_account_from_form, Access::page_account, Charge::login, Work::auth,
     ui::account_refused},
    {Method::get, "/me/export.zip", api::export_account, Access::page_account, Charge::nothing, Work::bulk},
    {Method::get, "/assets/{file}", ui::read_asset, Access::anyone, Charge::nothing, Work::hot},
    {Method::get, "/favicon.ico", ui::read_favicon, Access::anyone, Charge::nothing, Work::hot},
    {Method::get, "/robots.txt", ui::read_robots, Access::anyone, Charge::nothing, Work::hot},
    open({Method::get, "/openapi.json", openapi::read_openapi, Access::anyone, Charge::nothing, Work::hot}),
    {Method::get, "/docs", openapi::docs_page, Access::anyone, Charge::nothing, Work::hot},
    {Method::get, "/docs/{chapter}", openapi::docs_page, Access::anyone, Charge::nothing, Work::hot},

    {Method::get, "/healthz", health, Access::anyone, Charge::nothing, Work::operation},
    {Method::get, "/readyz", ready, Access::anyone, Charge::nothing, Work::operation},
    {Method::get, "/metrics", metrics, Access::anyone, Charge::nothing, Work::operation},
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace snippetd::application
