#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

/// Randomness and hashes, all from libsodium.
namespace snippetd::base {

/// Must run once before anything else here; throws when the system has no randomness.
void start_cryptography();

/// `length` characters of A-Z a-z 0-9, each uniformly random (5.95 bits a character).
std::string random_alphanumeric(std::size_t length);

/// `prefix` followed by 43 characters: 256 random bits.
std::string random_secret(std::string_view prefix = {});

/// BLAKE2b-256 of `text` under a purpose of its own, as 64 hexadecimal digits. A hash made for one purpose says nothing
/// about the same text's hash for another.
std::string hash_for(std::string_view purpose, std::string_view text);

/// Compares in a time that depends on the lengths alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// Encrypts `text` under a key derived from `secret` (XSalsa20-Poly1305), as URL-safe base64.
std::string seal(std::string_view text, std::string_view secret);
/// What `seal` was given, or nothing when `sealed` was made under another secret or has been altered.
std::optional<std::string> unseal(std::string_view sealed, std::string_view secret);

/// URL-safe base64 without padding (RFC 4648 section 5).
std::string to_base64url(std::string_view bytes);
std::optional<std::string> from_base64url(std::string_view text);
/// Base64 with or without padding (RFC 4648 section 4).
std::optional<std::string> from_base64(std::string_view text);

}  // namespace snippetd::base
