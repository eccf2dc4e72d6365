#pragma once

#include <string>
#include <string_view>

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

}  // namespace snippetd::redis
