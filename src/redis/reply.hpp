#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::redis {

/// What a Redis server answers (RESP2).
struct Reply {
    enum class Type { nil, integer, text, array, error };
    Type type = Type::nil;
    std::int64_t integer = 0;
    std::string text;  ///< of a string, a status or an error
    std::vector<Reply> elements;

    bool is_nil() const { return type == Type::nil; }
    bool is_error() const { return type == Type::error; }
};

/// What an error reply means for whoever speaks to the server.
enum class ErrorMeaning {
    no_script,     ///< the script has to be sent whole
    not_now,       ///< loading, busy with a script, failing over, a cluster that is down: the server answers nobody now
    moved_on,      ///< a replica now, or the keys are on another node: a new connection may find the right one
    out_of_space,  ///< it takes no writes for the moment, reads go on
    denied,        ///< the settings are wrong, as far as the server is concerned
    other,         ///< a command that should not have been sent: a defect
};

/// By the error's first word, mostly; `text` is the whole error.
ErrorMeaning meaning_of(std::string_view text);

/// Whether the error says how the server is, and not what it has against this command, its keys or its user: the next
/// command that writes would have been told the same.
bool concerns_all_commands(std::string_view text);

}  // namespace snippetd::redis
