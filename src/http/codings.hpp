#pragma once

#include <cstddef>
#include <cstdint>
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

/// What a text begins with, encoded once, so that for each reader only the end is added: what differs between them.
struct EncodedBeginning {
    std::string bytes;
    std::size_t text_bytes = 0;  ///< how much text that is
    std::uint32_t check = 0;     ///< of gzip: the text's CRC-32
};

/// As `encode`; for gzip and brotli.
EncodedBeginning encode_beginning(std::string_view text, Coding coding);

/// Appends to `out` what follows the beginning when `end`, 1 to 65,535 bytes, is all that follows in the text: the two
/// are one text in that coding. The end is stored as it is (RFC 1951 section 3.2.4, RFC 7932 section 9.2).
void append_encoded_end(std::string& out, const EncodedBeginning& beginning, std::string_view end, Coding coding);

}  // namespace snippetd::http
