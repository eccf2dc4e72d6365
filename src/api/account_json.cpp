#include "api/account_json.hpp"

#include "base/clock.hpp"
#include "base/json_text.hpp"

#include <fmt/format.h>

namespace snippetd::api {

std::string account_json(const model::Account& account) {
    return fmt::format(R"({{"id":"{}","username":"{}","created_at":"{}"}})", account.id, account.username,
                       base::format_rfc3339(account.created_at));
}

std::string token_json(const model::ApiToken& token, std::string_view secret, std::string_view note) {
    std::string out = fmt::format(R"({{"id":"{}","name":)", token.id);
    base::append_json_string(out, token.name);
    if (!secret.empty()) out += fmt::format(R"(,"token":"{}")", secret);
    out += fmt::format(R"(,"created_at":"{}","expires_at":)", base::format_rfc3339(token.created_at));
    out += token.expires_at ? fmt::format("\"{}\"", base::format_rfc3339(*token.expires_at)) : "null";
    if (!note.empty()) {
        out += R"(,"note":)";
        base::append_json_string(out, note);
    }
    out += '}';
    return out;
}

}  // namespace snippetd::api
