#include "api/routes.hpp"

#include "api/handlers.hpp"

namespace snippetd::api {

namespace {

using http::Method;

/// A route of another service's interface, for its clients.
constexpr Route foreign(Method method, std::string_view pattern, Handler handler, Access access, Charge charge) {
    return {method, pattern, handler, access, charge, nullptr, nullptr, true};
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

/// A route that answers who would rather have a page by `page`.
constexpr Route or_page(Handler page, Route route) {
    route.page = page;
    return route;
}

// What each route does, for those who call it, is said in openapi/*.json.
constexpr Route kRoutes[] = {
    or_page(read_page, open_snippet({Method::get, "/s/{id}", read_shared, Access::anyone, Charge::nothing})),
    open_snippet({Method::get, "/s/{id}/raw", read_shared_raw, Access::anyone, Charge::nothing}),

    with_text({Method::post, "/snippets", create_snippet, Access::optional, Charge::write}),
    {Method::get, "/snippets", list_snippets, Access::account, Charge::nothing},
    of_snippet({Method::get, "/snippets/{id}", read_snippet, Access::optional, Charge::nothing}),
    with_text(of_snippet({Method::patch, "/snippets/{id}", edit_snippet, Access::optional, Charge::write})),
    of_snippet({Method::delete_, "/snippets/{id}", delete_snippet, Access::optional, Charge::write}),
    open_snippet({Method::get, "/snippets/{id}/revisions", list_revisions, Access::optional, Charge::nothing}),
    open_snippet({Method::get, "/snippets/{id}/revisions/{version}", read_revision, Access::optional, Charge::nothing}),
    of_snippet({Method::get, "/snippets/{id}/stats", snippet_stats, Access::optional, Charge::nothing}),
    of_snippet({Method::post, "/snippets/{id}/fork", fork_snippet, Access::account, Charge::write}),
    or_page(explore_page, open({Method::get, "/explore", explore, Access::page, Charge::nothing})),

    {Method::post, "/auth/signup", sign_up, Access::anyone, Charge::signup},
    {Method::post, "/auth/login", log_in, Access::anyone, Charge::login},
    {Method::post, "/auth/logout", log_out, Access::anyone, Charge::nothing},
    {Method::get, "/auth/me", who_am_i, Access::account, Charge::nothing},
    {Method::get, "/auth/export", export_account, Access::account, Charge::nothing},
    {Method::delete_, "/auth/me", delete_account, Access::account, Charge::login},
    {Method::post, "/auth/password", change_password, Access::account, Charge::login},
    {Method::post, "/auth/tokens", create_token, Access::account, Charge::nothing},
    {Method::get, "/auth/tokens", list_tokens, Access::account, Charge::nothing},
    {Method::delete_, "/auth/tokens/{id}", delete_token, Access::account, Charge::nothing},

    {Method::get, "/", compose_page, Access::page, Charge::nothing},
    or_page(compose_from_form,
            with_text({Method::post, "/", upload_form, Access::page, Charge::write, compose_refused})),
    with_text({Method::post, "/upload", upload_text, Access::optional, Charge::write}),
    with_text({Method::put, "/upload", upload_text, Access::optional, Charge::write}),
    with_text({Method::put, "/upload/{name}", upload_text, Access::optional, Charge::write, nullptr, any_file_name}),
    of_snippet({Method::post, "/s/{id}", manage_upload, Access::optional, Charge::write}),

    with_text(foreign(Method::post, "/documents", create_document, Access::optional, Charge::write)),
    open_snippet(foreign(Method::get, "/documents/{key}", read_document, Access::anyone, Charge::nothing)),
    open_snippet(foreign(Method::get, "/raw/{key}", read_document_raw, Access::anyone, Charge::nothing)),
    open_snippet({Method::get, "/{key}", open_document, Access::anyone, Charge::nothing, nullptr, is_document_key}),

    with_text(foreign(Method::post, "/api/v3/gists", create_gist, Access::optional, Charge::write)),
    foreign(Method::get, "/api/v3/gists", list_gists, Access::account, Charge::nothing),
    open_snippet(foreign(Method::get, "/api/v3/gists/{id}", read_gist, Access::anyone, Charge::nothing)),
    open_snippet(
        foreign(Method::get, "/api/v3/gists/{id}/raw/{name}", read_gist_file, Access::anyone, Charge::nothing)),
    with_text(of_snippet(foreign(Method::patch, "/api/v3/gists/{id}", edit_gist, Access::optional, Charge::write))),
    with_text(of_snippet(foreign(Method::post, "/api/v3/gists/{id}", edit_gist, Access::optional, Charge::write))),
    of_snippet(foreign(Method::delete_, "/api/v3/gists/{id}", delete_snippet, Access::optional, Charge::write)),
    open(foreign(Method::get, "/api/v3/users/{username}/gists", list_gists_of, Access::anyone, Charge::nothing)),
    foreign(Method::post, "/api/v3/authorizations", authorize, Access::anyone, Charge::login),

    open_snippet({Method::get, "/oembed", describe_embed, Access::anyone, Charge::nothing}),
    open_snippet({Method::get, "/s/{id}/embed", embed_page, Access::anyone, Charge::nothing}),
    open({Method::get, "/users/{username}/feed.atom", account_feed, Access::anyone, Charge::nothing}),
    {Method::get, "/pastebinit.conf", pastebinit_configuration, Access::anyone, Charge::nothing},

    of_snippet({Method::get, "/s/{id}/live", follow_count, Access::anyone, Charge::nothing}),
    of_snippet({Method::get, "/s/{id}/qr.svg", qr_code, Access::anyone, Charge::nothing}),
    or_page(reveal_page, of_snippet({Method::post, "/s/{id}/reveal", reveal, Access::page, Charge::nothing})),
    of_snippet({Method::get, "/s/{id}/edit", edit_page, Access::page, Charge::nothing}),
    with_text(of_snippet({Method::post, "/s/{id}/edit", edit_from_form, Access::page, Charge::write, edit_refused})),
    of_snippet({Method::get, "/s/{id}/delete", delete_page, Access::page, Charge::nothing}),
    of_snippet({Method::post, "/s/{id}/delete", delete_from_form, Access::page, Charge::write}),
    of_snippet({Method::post, "/s/{id}/fork", fork_from_form, Access::page_account, Charge::write}),
    of_snippet({Method::get, "/s/{id}/revisions", revisions_page, Access::page, Charge::nothing}),
    of_snippet({Method::get, "/s/{id}/stats", stats_page, Access::page, Charge::nothing}),
    {Method::get, "/login", log_in_page, Access::page, Charge::nothing},
    {Method::post, "/login", log_in_from_form, Access::anyone, Charge::login, log_in_refused},
    {Method::get, "/signup", sign_up_page, Access::page, Charge::nothing},
    {Method::post, "/signup", sign_up_from_form, Access::anyone, Charge::signup, sign_up_refused},
    {Method::post, "/logout", log_out_from_form, Access::anyone, Charge::nothing},
    {Method::get, "/me", my_snippets_page, Access::page_account, Charge::nothing},
    {Method::post, "/me/delete", delete_selected, Access::page_account, Charge::write},
    {Method::get, "/me/tokens", tokens_page, Access::page_account, Charge::nothing},
    {Method::post, "/me/tokens", create_token_from_form, Access::page_account, Charge::nothing},
    {Method::post, "/me/tokens/revoke", delete_tokens_from_form, Access::page_account, Charge::nothing},
    {Method::post, "/me/tokens/{id}/delete", delete_token_from_form, Access::page_account, Charge::nothing},
    {Method::get, "/me/account", account_page, Access::page_account, Charge::nothing},
    {Method::post, "/me/password", change_password_from_form, Access::page_account, Charge::login, account_refused},
    {Method::post, "/me/delete-account", delete_account_from_form, Access::page_account, Charge::login,
     account_refused},
    {Method::get, "/me/export.zip", export_account, Access::page_account, Charge::nothing},
    {Method::get, "/assets/{file}", read_asset, Access::anyone, Charge::nothing},
    {Method::get, "/favicon.ico", read_favicon, Access::anyone, Charge::nothing},
    {Method::get, "/robots.txt", read_robots, Access::anyone, Charge::nothing},
    open({Method::get, "/openapi.json", read_openapi, Access::anyone, Charge::nothing}),
    {Method::get, "/docs", docs_page, Access::anyone, Charge::nothing},

    {Method::get, "/healthz", health, Access::anyone, Charge::nothing},
    {Method::get, "/readyz", ready, Access::anyone, Charge::nothing},
    {Method::get, "/metrics", metrics, Access::anyone, Charge::nothing},
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace snippetd::api
