#pragma once

#include "model/account.hpp"

#include <string>
#include <string_view>

/// How an account and its tokens look from outside.
namespace snippetd::api {

std::string account_json(const model::Account& account);

/// `secret` is shown when not empty, and so is `note`, what the token is called by whoever asked for it.
std::string token_json(const model::ApiToken& token, std::string_view secret, std::string_view note = {});

}  // namespace snippetd::api
