#pragma once

#include "settings/settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// From the texts that settings are given as to their values, and back. Each `read_` function throws
/// BadValue.
namespace snippetd::settings {

/// Why a value is refused. The message is `PLACE: "given" problem; allowed: …`.
struct BadValue {
    std::string given;    ///< with secrets masked
    std::string problem;  ///< completes the sentence that `given` starts: `is not a duration`
};

/// How a setting that may be empty is written when it is.
inline constexpr std::string_view kNone = "none";

/// Whether a size may be 0 (also without a unit) though its range starts above it.
enum class Zero { refused, allowed };

std::uint64_t read_number(const std::string& text, std::uint64_t min, std::uint64_t max);
/// Takes 0 without a unit where `min` is 0.
std::chrono::milliseconds read_duration(const std::string& text, std::chrono::milliseconds min,
                                        std::chrono::milliseconds max);
std::uint64_t read_size(const std::string& text, Zero zero, std::uint64_t min, std::uint64_t max);
bool read_switch(const std::string& text);
std::string read_path(const std::string& text);
Listen read_listen(const std::string& text);
/// Without closing slashes; empty for `none`.
std::string read_public_url(const std::string& text);
/// Empty for `none`.
std::string read_webhook(const std::string& text);
/// Empty for `none`.
std::string read_redis(const std::string& text);
std::string read_database(const std::string& text);
std::vector<base::Cidr> read_proxies(const std::vector<std::string>& texts);
/// Changes the policies in `policies` that the texts (NAME=N/DURATION or NAME=off) name. The text `shadow` is about the
/// one before.
void read_policies(std::vector<limiter::Policy>& policies, const std::vector<std::string>& texts);

/// Each text is WHO:RATE; WHO is a range of addresses, `account:NAME` or `token:ID`, and RATE is as `read_policies`
/// takes it, or of `address`; `shadow` likewise. Empty for `none`.
std::vector<limiter::Override> read_overrides(const std::vector<std::string>& texts);

std::string show_listen(const Listen& listen);
std::string show_policy(const limiter::Policy& policy);
std::string show_override(const limiter::Override& one);
/// `url` without what follows the host, which often is the only secret that a webhook has.
std::string mask_webhook(std::string_view url);

}  // namespace snippetd::settings
