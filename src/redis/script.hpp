#pragma once

#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace snippetd::redis {

/// A Lua script that the server runs as one atomic step. It is sent by its digest, and whole only to a server that does
/// not know it yet.
class Script {
  public:
    explicit Script(std::string_view text) : text_{text} {}

    const std::string& text() const { return text_; }
    /// SHA-1 in lower-case hexadecimal, as EVALSHA wants it. Any thread may ask; it is computed for the first, because
    /// OpenSSL takes 2.4 MB for its first digest, which a process without Redis does not spend.
    const std::string& digest() const;

  private:
    std::string text_;
    mutable std::once_flag digested_;
    mutable std::string digest_;
};

/// Embedded files: name and text.
using Scripts = std::span<const std::pair<std::string_view, std::string_view>>;
/// The one of that name. Throws std::logic_error when there is none.
Script find_script(Scripts scripts, std::string_view name);

}  // namespace snippetd::redis
