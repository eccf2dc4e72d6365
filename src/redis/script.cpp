#include "redis/script.hpp"

#include <array>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/evp.h>

namespace snippetd::redis {

const std::string& Script::digest() const {
    std::call_once(digested_, [this] {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
        unsigned size = 0;
        EVP_Digest(text_.data(), text_.size(), digest.data(), &size, EVP_sha1(), nullptr);
        for (unsigned i = 0; i < size; ++i) digest_ += fmt::format("{:02x}", digest[i]);
    });
    return digest_;
}

Script find_script(Scripts scripts, std::string_view name) {
    for (const auto& [known, text] : scripts) {
        if (known == name) return Script{text};
    }
    throw std::logic_error{fmt::format("there is no script {}", name)};
}

}  // namespace snippetd::redis
