#pragma once

#include "arguments.hpp"
#include "credentials.hpp"
#include "service.hpp"

#include <functional>

namespace snippetd::cli {

/// What every command works with.
class Context {
  public:
    explicit Context(const Invocation& invocation) : invocation_{invocation}, terminal_{invocation.talk} {}

    const Invocation& invocation() const { return invocation_; }
    const Terminal& terminal() const { return terminal_; }

    /// The server that is asked unless a URL says otherwise: flag, SNIPPETD_URL, the last login's, or the default.
    ServerAddress server() const;
    /// SNIPPETD_TOKEN or what `snip login` stored for the server; empty when there is none.
    std::string token_for(const ServerAddress& server) const;

    Service service(const ServerAddress& server, std::string token);
    /// The configured server with its token.
    Service service();
    /// Where the link leads: with the token only when that is the configured server's origin.
    Service service_of(const SnippetLink& link);

    /// The header that allows to change what was made without an account; nothing when no edit token is kept.
    std::vector<std::pair<std::string, std::string>> edit_fields(const Service& service, const std::string& id) const;

    /// Does `work` for each; one that fails is told and does not stop the others. Returns the first one's code.
    ExitCode for_each(const std::vector<std::string>& operands,
                      const std::function<void(const std::string&)>& work) const;

  private:
    const Invocation& invocation_;
    Terminal terminal_;
    Http http_;
    bool warned_in_the_clear_ = false;
};

/// The commands. Each throws Failure and Interrupted; those that take several operands tell each failure themselves and
/// return the first one's code.
ExitCode create(Context& context);
ExitCode get(Context& context);
ExitCode list(Context& context);
ExitCode edit(Context& context);
ExitCode remove(Context& context);
ExitCode log_in(Context& context);
ExitCode log_out(Context& context);
ExitCode stats(Context& context);

}  // namespace snippetd::cli
