#pragma once

#include <string>
#include <string_view>

namespace snippetd::pages {

/// Content codings (RFC 9110 section 8.4.1) that pages are sent in.
enum class Encoding { identity, gzip, brotli };

/// The name in `Content-Encoding`; empty for identity.
std::string_view to_text(Encoding encoding);

/// The best of ours that `Accept-Encoding` allows; one with `q=0` is refused, an absent one as well.
Encoding choose_encoding(std::string_view accept_encoding);

/// `text` in that coding, at a level for what is made once and sent some times. Throws std::runtime_error when memory
/// runs out.
std::string encode(std::string_view text, Encoding encoding);

}  // namespace snippetd::pages
