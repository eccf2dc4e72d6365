#include "api/account_json.hpp"

#include "base/clock.hpp"

#include <boost/json.hpp>

namespace snippetd::api {

boost::json::object account_json(const model::Account& account) {
    return {
        {"id", account.id}, {"username", account.username}, {"created_at", base::format_rfc3339(account.created_at)}};
}

boost::json::object token_json(const model::ApiToken& token, std::string_view secret, std::string_view note) {
    boost::json::object out{{"id", token.id}, {"name", token.name}};
    if (!secret.empty()) out["token"] = secret;
    out["created_at"] = base::format_rfc3339(token.created_at);
    boost::json::value& expires_at = out["expires_at"];
    if (token.expires_at) expires_at = base::format_rfc3339(*token.expires_at);
    if (!note.empty()) out["note"] = note;
    return out;
}

}  // namespace snippetd::api
