#include "base/secret.hpp"

#include <array>
#include <stdexcept>

#include <sodium.h>

namespace snippetd::base {

namespace {

const unsigned char* bytes_of(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

using Hash = std::array<unsigned char, 32>;

Hash keyed_hash(std::string_view purpose, std::string_view text) {
    // The purpose is the key of BLAKE2b: hashing it first makes any length fit.
    std::array<unsigned char, crypto_generichash_KEYBYTES> key;
    crypto_generichash(key.data(), key.size(), bytes_of(purpose), purpose.size(), nullptr, 0);
    Hash hash;
    crypto_generichash(hash.data(), hash.size(), bytes_of(text), text.size(), key.data(), key.size());
    return hash;
}

Hash sealing_key(std::string_view secret) {
    return keyed_hash("snippetd/seal", secret);
}

}  // namespace

void start_cryptography() {
    if (sodium_init() < 0) throw std::runtime_error{"libsodium cannot start: the system gives no randomness"};
}

std::string random_alphanumeric(std::size_t length) {
    static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    std::string out(length, '\0');
    std::size_t done = 0;
    while (done < length) {
        std::array<unsigned char, 32> random;
        randombytes_buf(random.data(), random.size());
        for (const unsigned char byte : random) {
            // 248 = 4 * 62: rejecting the rest keeps the characters uniform.
            if (byte < 248 && done < length) out[done++] = kAlphabet[byte % kAlphabet.size()];
        }
    }
    return out;
}

std::string random_secret(std::string_view prefix) {
    std::string random(32, '\0');
    randombytes_buf(random.data(), random.size());
    return std::string{prefix} + to_base64url(random);
}

std::string hash_for(std::string_view purpose, std::string_view text) {
    const Hash hash = keyed_hash(purpose, text);
    std::array<char, hash.size() * 2 + 1> hex;
    sodium_bin2hex(hex.data(), hex.size(), hash.data(), hash.size());
    return std::string{hex.data(), hex.size() - 1};
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string seal(std::string_view text, std::string_view secret) {
    const Hash key = sealing_key(secret);
    std::string out(crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES + text.size(), '\0');
    auto* nonce = reinterpret_cast<unsigned char*>(out.data());
    randombytes_buf(nonce, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(nonce + crypto_secretbox_NONCEBYTES, bytes_of(text), text.size(), nonce, key.data());
    return to_base64url(out);
}

std::optional<std::string> unseal(std::string_view sealed, std::string_view secret) {
    const std::optional<std::string> bytes = from_base64url(sealed);
    if (!bytes || bytes->size() < crypto_secretbox_NONCEBYTES + crypto_secretbox_MACBYTES) return std::nullopt;
    const Hash key = sealing_key(secret);
    const unsigned char* nonce = bytes_of(*bytes);
    const std::size_t boxed = bytes->size() - crypto_secretbox_NONCEBYTES;
    std::string out(boxed - crypto_secretbox_MACBYTES, '\0');
    const int failed = crypto_secretbox_open_easy(reinterpret_cast<unsigned char*>(out.data()),
                                                  nonce + crypto_secretbox_NONCEBYTES, boxed, nonce, key.data());
    if (failed) return std::nullopt;
    return out;
}

std::string to_base64url(std::string_view bytes) {
    constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
    std::string out(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
    sodium_bin2base64(out.data(), out.size(), bytes_of(bytes), bytes.size(), kVariant);
    out.pop_back();  // the terminating NUL
    return out;
}

namespace {

std::optional<std::string> decode_base64(std::string_view text, int variant) {
    std::string out(text.size(), '\0');
    std::size_t length = 0;
    const char* end = nullptr;
    const int failed = sodium_base642bin(reinterpret_cast<unsigned char*>(out.data()), out.size(), text.data(),
                                         text.size(), nullptr, &length, &end, variant);
    if (failed || end != text.data() + text.size()) return std::nullopt;
    out.resize(length);
    return out;
}

}  // namespace

std::optional<std::string> from_base64url(std::string_view text) {
    return decode_base64(text, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

std::optional<std::string> from_base64(std::string_view text) {
    while (text.ends_with('=')) text.remove_suffix(1);
    return decode_base64(text, sodium_base64_VARIANT_ORIGINAL_NO_PADDING);
}

}  // namespace snippetd::base
