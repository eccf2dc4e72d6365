#pragma once

#include <string>
#include <string_view>

/// Content codings (RFC 9110 section 8.4.1) that answers are sent in: gzip (RFC 1952) and brotli (RFC 7932).
namespace snippetd::http {

enum class Coding { identity, gzip, brotli };

/// The name in `Content-Encoding`; empty for identity.
std::string_view to_text(Coding coding);

/// The best of ours that `Accept-Encoding` allows (section 12.5.3); one with `q=0` is refused, an absent one as well.
Coding choose_coding(std::string_view accept_encoding);

/// `text` in that coding, at a level for what is made once and sent some times. Throws std::runtime_error when memory
/// runs out.
std::string encode(std::string_view text, Coding coding);

}  // namespace snippetd::http
