#pragma once

#include "base/cidr.hpp"
#include "base/log.hpp"
#include "limiter/limiter.hpp"
#include "limiter/overrides.hpp"
#include "sql/connection.hpp"
#include "views/mode.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::settings {

struct Listen {
    std::string host;        ///< an IPv4 address, an IPv6 address without brackets, or a name
    std::uint16_t port = 0;  ///< 0: the system picks a free one

    friend bool operator==(const Listen&, const Listen&) = default;
};

/// So many of the largest snippets have room in the memory for what is under way: one in JSON may take six times its
/// size.
inline constexpr std::uint64_t kSnippetsInMemoryMin = 8;

/// What the service runs with. Every value is within the range that the table (table.cpp) documents,
/// so nobody checks it again. The values of a fresh object mean nothing: `parse_settings` fills in the
/// defaults.
struct Settings {
    std::vector<Listen> listen;  ///< at least one
    std::filesystem::path data_dir;
    std::string database;  ///< `sqlite:PATH`, `postgres://…` or `postgresql://…`; never empty
    std::string redis;     ///< `redis://…`; empty: in process
    std::chrono::milliseconds redis_timeout{0};
    std::uint32_t threads = 0;  ///< at least one
    std::string public_url;     ///< http or https, without a closing slash; empty: as each request says
    std::vector<base::Cidr> trusted_proxies;
    std::vector<limiter::Policy> rate_policies;  ///< all, in the order of limiter::kPolicyNames
    std::vector<limiter::Override> rate_overrides;
    limiter::Algorithm rate_limit_algorithm{};
    limiter::OnFailure rate_limit_on_failure{};  ///< as asked for; each policy has what holds for it
    bool cache = false;
    std::chrono::milliseconds cache_ttl{0};
    std::uint64_t cache_near_size = 0;  ///< bytes; 0: no near cache
    views::Mode views{};
    std::chrono::milliseconds views_flush{0};
    bool jobs = false;
    std::uint64_t max_body = 0;  ///< bytes
    bool anonymous = false;
    bool signup = false;
    bool metrics_clients = false;
    std::string alert_webhook;  ///< http or https; empty: none
    log::Level log_level{};
    log::Format log_format{};
    std::uint64_t memory_max = 0;  ///< bytes; at least kSnippetsInMemoryMin of max_body
    std::uint32_t max_connections = 0;
    std::chrono::milliseconds header_timeout{0};
    std::chrono::milliseconds body_timeout{0};
    std::uint64_t min_rate = 0;  ///< bytes a second
    std::chrono::milliseconds linger_timeout{0};
    std::chrono::milliseconds idle_timeout{0};
    std::chrono::milliseconds shutdown_timeout{0};  ///< 0: requests in flight are cut off
    std::chrono::milliseconds reaper_interval{0};
    std::chrono::milliseconds index_after{0};
    std::uint32_t database_connections = 0;
    sql::Pooler database_pooler{};
};

/// `help` and `version` mean: print `help_text()` or the version, and exit 0.
enum class Command { serve, work, migrate, config, health, help, version };

struct Invocation {
    Command command = Command::serve;
    Settings settings;  ///< not filled in for help and version
    /// From each setting's name to where its value is from: `default`, `file PATH`, `environment NAME`, `flag
    /// --NAME`; several with commas between them when each gave a part.
    std::map<std::string, std::string> sources;
    /// Variables that start with SNIPPETD_ and mean nothing to any part of the project: worth a warning.
    std::vector<std::string> unknown_variables;
};

/// A setting, command or configuration file that cannot be used. `what()` is the line for standard error,
/// without its line feed; the process exits 2.
class SettingsError : public std::runtime_error {
  public:
    explicit SettingsError(const std::string& problem) : std::runtime_error{"snippetd: " + problem} {}
};

using Environment = std::map<std::string, std::string>;

/// The variables of this process that start with SNIPPETD_.
Environment process_environment();

/// Reads the command, and the settings from the flags, else the environment, else the file of `--config` or
/// SNIPPETD_CONFIG, else the defaults; `--rate-limit` is put together policy by policy in that order. A
/// variable that is set to nothing counts as not set. Of a setting that may hold a secret, SNIPPETD_NAME_FILE names a
/// file with the value. Each value that is given is checked, also one that
/// another overrides. Throws SettingsError.
Invocation parse_settings(int argc, const char* const* argv, const Environment& environment);

/// The text of `--help`.
std::string help_text();

/// The effective settings as a TOML file that `--config` takes, with the source of each as a comment.
/// Passwords and the path of the webhook are masked.
std::string describe(const Invocation& invocation);

/// `url` with the passwords in it replaced by `****`; also for text that is not a valid URL. For logs and
/// messages.
std::string mask_password(std::string_view url);

}  // namespace snippetd::settings
