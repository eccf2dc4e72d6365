#include "api/routes.hpp"

#include "api/handlers.hpp"

namespace snippetd::api {

namespace {

using http::Method;

constexpr Route kRoutes[] = {
    {Method::get, "/s/{id}", read_shared, Access::anyone, Charge::nothing},
    {Method::get, "/s/{id}/raw", read_shared_raw, Access::anyone, Charge::nothing},

    {Method::post, "/snippets", create_snippet, Access::optional, Charge::write},
    {Method::get, "/snippets", list_snippets, Access::account, Charge::nothing},
    {Method::get, "/snippets/{id}", read_snippet, Access::optional, Charge::nothing},
    {Method::patch, "/snippets/{id}", edit_snippet, Access::optional, Charge::write},
    {Method::delete_, "/snippets/{id}", delete_snippet, Access::optional, Charge::write},
    {Method::get, "/snippets/{id}/revisions", list_revisions, Access::optional, Charge::nothing},
    {Method::get, "/snippets/{id}/revisions/{version}", read_revision, Access::optional, Charge::nothing},
    {Method::get, "/snippets/{id}/stats", snippet_stats, Access::optional, Charge::nothing},
    {Method::post, "/snippets/{id}/fork", fork_snippet, Access::account, Charge::write},
    {Method::get, "/explore", explore, Access::anyone, Charge::nothing},

    {Method::post, "/auth/signup", sign_up, Access::anyone, Charge::signup},
    {Method::post, "/auth/login", log_in, Access::anyone, Charge::login},
    {Method::post, "/auth/logout", log_out, Access::anyone, Charge::nothing},
    {Method::get, "/auth/me", who_am_i, Access::account, Charge::nothing},
    {Method::delete_, "/auth/me", delete_account, Access::account, Charge::login},
    {Method::post, "/auth/password", change_password, Access::account, Charge::login},
    {Method::post, "/auth/tokens", create_token, Access::account, Charge::nothing},
    {Method::get, "/auth/tokens", list_tokens, Access::account, Charge::nothing},
    {Method::delete_, "/auth/tokens/{id}", delete_token, Access::account, Charge::nothing},

    {Method::get, "/healthz", health, Access::anyone, Charge::nothing},
    {Method::get, "/readyz", ready, Access::anyone, Charge::nothing},
    {Method::get, "/metrics", metrics, Access::anyone, Charge::nothing},
};

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

}  // namespace snippetd::api
