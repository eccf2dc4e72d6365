#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace snippetd::redis {

/// A Lua script that the server runs as one atomic step. It is sent by its digest, and whole only to a server that does
/// not know it yet.
class Script {
  public:
    explicit Script(std::string_view text);

    const std::string& text() const { return text_; }
    /// SHA-1 in lower-case hexadecimal, as EVALSHA wants it.
    const std::string& digest() const { return digest_; }

  private:
    std::string text_;
    std::string digest_;
};

/// Embedded files: name and text.
using Scripts = std::span<const std::pair<std::string_view, std::string_view>>;
/// The one of that name. Throws std::logic_error when there is none.
Script find_script(Scripts scripts, std::string_view name);

}  // namespace snippetd::redis
