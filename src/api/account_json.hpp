#pragma once

#include "model/account.hpp"

#include <string_view>

#include <boost/json/object.hpp>

/// How an account and its tokens look from outside.
namespace snippetd::api {

boost::json::object account_json(const model::Account& account);

/// `secret` is shown when not empty, and so is `note`, what the token is called by whoever asked for it.
boost::json::object token_json(const model::ApiToken& token, std::string_view secret, std::string_view note = {});

}  // namespace snippetd::api
