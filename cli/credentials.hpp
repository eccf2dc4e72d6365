#pragma once

#include "files.hpp"
#include "link.hpp"

#include <optional>
#include <string>

namespace snippetd::cli {

/// The tokens that `snip login` stored, one per origin, and the server that it was told last:
/// `$XDG_CONFIG_HOME/snippetd/snip.json`.
class Credentials {
  public:
    struct Login {
        std::string token;
        std::string id;        ///< of the token, to delete it by; empty when it came from elsewhere
        std::string username;  ///< empty when it is not known
    };

    /// The methods throw Failure as PrivateFile does, also when the file is not what was written.
    std::optional<std::string> server() const;
    std::optional<Login> find(const std::string& origin) const;
    /// Returns what it replaces.
    std::optional<Login> store(const ServerAddress& server, const Login& login) const;
    std::optional<Login> forget(const std::string& origin) const;

    static std::filesystem::path path();
};

/// What changes snippets that were made without an account, for the newest 1000 of them:
/// `$XDG_STATE_HOME/snippetd/edit-tokens.json`.
class EditTokens {
  public:
    static constexpr std::size_t kTokensMax = 1000;

    /// `base` is the address of the server that made it. Nothing when there is none. Throws as PrivateFile does.
    std::optional<std::string> find(const std::string& base, const std::string& id) const;
    /// Forgets the oldest when there are kTokensMax.
    void store(const std::string& base, const std::string& id, const std::string& token) const;
    void forget(const std::string& base, const std::string& id) const;
};

}  // namespace snippetd::cli
