#include "settings/settings.hpp"

#include "settings/file.hpp"
#include "settings/table.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

namespace snippetd::settings {
namespace {

using namespace std::chrono_literals;
using Arguments = std::vector<std::string>;
using limiter::Policy;

constexpr auto kOpen = limiter::OnFailure::open, kLocal = limiter::OnFailure::local,
               kClosed = limiter::OnFailure::closed;

Invocation parse(const Arguments& arguments, const Environment& environment = {}) {
    std::vector<const char*> argv{"snippetd"};
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return parse_settings(static_cast<int>(argv.size()), argv.data(), environment);
}

/// The message that the arguments are refused with; empty when they are accepted.
std::string refusal(const Arguments& arguments, const Environment& environment = {}) {
    try {
        parse(arguments, environment);
    } catch (const SettingsError& error) {
        return error.what();
    }
    return "";
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

/// A configuration file that is removed at the end of the test.
class File {
  public:
    explicit File(const std::string& text) {
        char name[] = "/tmp/settings_test_XXXXXX";
        const int descriptor = mkstemp(name);
        close(descriptor);
        path_ = name;
        std::ofstream(path_) << text;
    }
    ~File() { std::filesystem::remove(path_); }
    File(const File&) = delete;
    File& operator=(const File&) = delete;

    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

TEST(Settings, HaveTheDocumentedDefaults) {
    const Invocation invocation = parse({});
    const Settings& s = invocation.settings;
    EXPECT_EQ(invocation.command, Command::serve);
    EXPECT_EQ(s.listen, (std::vector<Listen>{{"127.0.0.1", 3000}}));
    EXPECT_EQ(s.data_dir, "./data");
    EXPECT_EQ(s.database, "sqlite:./data/snippets.db");
    EXPECT_EQ(s.redis, "");
    EXPECT_EQ(s.redis_timeout, 150ms);
    EXPECT_EQ(s.threads, std::max(1u, std::thread::hardware_concurrency()));
    EXPECT_EQ(s.public_url, "");
    EXPECT_TRUE(s.trusted_proxies.empty());
    const auto of_reads = [](const char* name, std::uint32_t quota, base::Milliseconds window) {
        Policy policy{name, quota, window, true, kLocal};
        policy.leased = policy.spares_loopback = true;
        return policy;
    };
    EXPECT_EQ(s.rate_policies, (std::vector<Policy>{{"write", 60, 60s, true, kOpen},
                                                    {"anonymous", 20, 60s, true, kOpen},
                                                    {"login", 10, 60s, true, kLocal},
                                                    {"signup", 10, 60s, true, kLocal},
                                                    of_reads("read", 6000, 60s),
                                                    of_reads("search", 120, 60s),
                                                    of_reads("list", 1200, 60s),
                                                    of_reads("render", 3000, 60s),
                                                    of_reads("export", 20, 1h),
                                                    of_reads("egress", 2048, 60s)}));
    EXPECT_EQ(s.rate_limit_algorithm, limiter::Algorithm::sliding_window);
    EXPECT_EQ(s.rate_limit_on_failure, limiter::OnFailure::open);
    EXPECT_TRUE(s.cache);
    EXPECT_EQ(s.cache_ttl, 300s);
    EXPECT_EQ(s.cache_near_size, 64u << 20);
    EXPECT_EQ(s.views, views::Mode::async);
    EXPECT_EQ(s.views_flush, 10s);
    EXPECT_TRUE(s.jobs);
    EXPECT_EQ(s.max_body, 1u << 20);
    EXPECT_TRUE(s.anonymous);
    EXPECT_TRUE(s.signup);
    EXPECT_EQ(s.alert_webhook, "");
    EXPECT_EQ(s.log_level, log::Level::info);
    EXPECT_EQ(s.log_format, log::Format::text);
    EXPECT_EQ(s.memory_max, 512u << 20);
    EXPECT_EQ(s.max_connections, 16384u);
    EXPECT_EQ(s.header_timeout, 10s);
    EXPECT_EQ(s.body_timeout, 30s);
    EXPECT_EQ(s.min_rate, 512u);
    EXPECT_EQ(s.linger_timeout, 5min);
    EXPECT_EQ(s.idle_timeout, 75s);
    EXPECT_EQ(s.shutdown_timeout, 5s);
    EXPECT_EQ(s.reaper_interval, 60s);
    EXPECT_EQ(s.index_after, 10s);
    EXPECT_FALSE(s.metrics_clients);
    EXPECT_EQ(s.database_connections, 8u);
    EXPECT_EQ(s.database_pooler, sql::Pooler::detect);
}

TEST(Settings, TakeEveryFlag) {
    const Settings s = parse({"--listen",
                              "0.0.0.0:80",
                              "--listen",
                              "[::1]:0",
                              "--data-dir",
                              "/var/lib/s",
                              "--database=postgres://u:p@h:5432/db",
                              "--redis",
                              "redis://u:p@h:6379/2",
                              "--redis-timeout",
                              "600ms",
                              "--threads",
                              "3",
                              "--public-url",
                              "HTTPS://X.org:443/",
                              "--trusted-proxies",
                              "10.0.0.0/8,::1",
                              "--rate-limit",
                              "write=5/2m",
                              "--rate-limit-for",
                              "10.0.0.0/8:read=5/2m",
                              "--rate-limit-algorithm",
                              "fixed-window",
                              "--rate-limit-on-failure",
                              "closed",
                              "--cache",
                              "off",
                              "--cache-ttl",
                              "1d",
                              "--cache-near-size",
                              "0",
                              "--views",
                              "sync",
                              "--views-flush",
                              "100ms",
                              "--jobs",
                              "off",
                              "--max-body",
                              "64KiB",
                              "--anonymous",
                              "off",
                              "--signup",
                              "off",
                              "--alert-webhook",
                              "http://hook/x?y",
                              "--log-level",
                              "debug",
                              "--log-format",
                              "json",
                              "--memory-max",
                              "1GiB",
                              "--max-connections",
                              "7",
                              "--header-timeout",
                              "1s",
                              "--body-timeout",
                              "2s",
                              "--min-rate",
                              "1KiB",
                              "--linger-timeout",
                              "1m",
                              "--idle-timeout",
                              "3s",
                              "--shutdown-timeout",
                              "0",
                              "--reaper-interval",
                              "4s",
                              "--index-after",
                              "6s",
                              "--metrics-clients",
                              "on",
                              "--database-connections",
                              "9",
                              "--database-pooler",
                              "transaction"})
                           .settings;
    EXPECT_EQ(s.listen, (std::vector<Listen>{{"0.0.0.0", 80}, {"::1", 0}}));
    EXPECT_EQ(s.data_dir, "/var/lib/s");
    EXPECT_EQ(s.database, "postgres://u:p@h:5432/db");
    EXPECT_EQ(s.redis, "redis://u:p@h:6379/2");
    EXPECT_EQ(s.redis_timeout, 600ms);
    EXPECT_EQ(s.threads, 3u);
    EXPECT_EQ(s.public_url, "https://x.org");
    EXPECT_EQ(s.trusted_proxies, (std::vector{*base::Cidr::parse("10.0.0.0/8"), *base::Cidr::parse("::1")}));
    EXPECT_EQ(s.rate_policies[0], (Policy{"write", 5, 120s, true, kClosed}));
    EXPECT_EQ(s.rate_limit_algorithm, limiter::Algorithm::fixed_window);
    EXPECT_EQ(s.rate_limit_on_failure, limiter::OnFailure::closed);
    EXPECT_FALSE(s.cache);
    EXPECT_EQ(s.cache_ttl, 24h);
    EXPECT_EQ(s.cache_near_size, 0u);
    EXPECT_EQ(s.views, views::Mode::sync);
    EXPECT_EQ(s.views_flush, 100ms);
    EXPECT_FALSE(s.jobs);
    EXPECT_EQ(s.max_body, 65536u);
    EXPECT_FALSE(s.anonymous);
    EXPECT_FALSE(s.signup);
    EXPECT_EQ(s.alert_webhook, "http://hook/x?y");
    EXPECT_EQ(s.log_level, log::Level::debug);
    EXPECT_EQ(s.log_format, log::Format::json);
    EXPECT_EQ(s.memory_max, 1u << 30);
    EXPECT_EQ(s.max_connections, 7u);
    EXPECT_EQ(s.header_timeout, 1s);
    EXPECT_EQ(s.body_timeout, 2s);
    EXPECT_EQ(s.min_rate, 1024u);
    EXPECT_EQ(s.linger_timeout, 60s);
    EXPECT_EQ(s.idle_timeout, 3s);
    EXPECT_EQ(s.shutdown_timeout, 0s);
    EXPECT_EQ(s.reaper_interval, 4s);
    EXPECT_EQ(s.index_after, 6s);
    EXPECT_TRUE(s.metrics_clients);
    EXPECT_EQ(s.database_connections, 9u);
    EXPECT_EQ(s.database_pooler, sql::Pooler::transaction);
}

TEST(Settings, FlagBeatsEnvironmentBeatsFileBeatsDefault) {
    const File file("cache-ttl = \"1s\"\nthreads = 1\nviews-flush = '1s'\n");
    const Environment environment{{"SNIPPETD_CACHE_TTL", "2s"}, {"SNIPPETD_THREADS", "2"}};
    const Invocation invocation = parse({"--config", file.path(), "--cache-ttl", "3s"}, environment);
    EXPECT_EQ(invocation.settings.cache_ttl, 3s);
    EXPECT_EQ(invocation.settings.threads, 2u);
    EXPECT_EQ(invocation.settings.views_flush, 1s);
    EXPECT_EQ(invocation.sources.at("cache-ttl"), "flag --cache-ttl");
    EXPECT_EQ(invocation.sources.at("threads"), "environment SNIPPETD_THREADS");
    EXPECT_EQ(invocation.sources.at("views-flush"), "file " + file.path());
    EXPECT_EQ(invocation.sources.at("max-body"), "default");
}

TEST(Settings, TakeTheFileFromTheFlagElseFromTheEnvironment) {
    const File one("threads = 1"), two("threads = 2");
    EXPECT_EQ(parse({}, {{"SNIPPETD_CONFIG", one.path()}}).settings.threads, 1u);
    EXPECT_EQ(parse({"--config", two.path()}, {{"SNIPPETD_CONFIG", one.path()}}).settings.threads, 2u);
    EXPECT_TRUE(has(refusal({"--config", "/nowhere/s.toml"}), "\"/nowhere/s.toml\""));
    EXPECT_TRUE(has(refusal({"--config", "/tmp"}), "cannot read"));
}

TEST(Settings, TheLastOfAFlagThatIsRepeatedWins) {
    EXPECT_EQ(parse({"--threads", "1", "--threads", "2"}).settings.threads, 2u);
}

TEST(Settings, ListsAreRepeatedFlagsOrCommasOrArrays) {
    const std::vector<Listen> expected{{"a", 1}, {"::1", 2}};
    const File array("listen = [\n  \"a:1\",  # one\n  '[::1]:2',\n]\n"), commas("listen = \"a:1, [::1]:2\"");
    EXPECT_EQ(parse({"--listen", "a:1", "--listen", "[::1]:2"}).settings.listen, expected);
    EXPECT_EQ(parse({"--listen", "a:1,[::1]:2"}).settings.listen, expected);
    EXPECT_EQ(parse({}, {{"SNIPPETD_LISTEN", "a:1, [::1]:2"}}).settings.listen, expected);
    EXPECT_EQ(parse({"--config", array.path()}).settings.listen, expected);
    EXPECT_EQ(parse({"--config", commas.path()}).settings.listen, expected);
    EXPECT_EQ(parse({"--config", array.path(), "--listen", "b:3"}).settings.listen, (std::vector<Listen>{{"b", 3}}));
}

TEST(Settings, AVariableThatIsSetToNothingIsNotSet) {
    EXPECT_EQ(parse({}, {{"SNIPPETD_CACHE_TTL", ""}, {"SNIPPETD_CONFIG", ""}}).settings.cache_ttl, 300s);
}

TEST(Settings, NoneTakesAnOptionalValueBack) {
    const Environment environment{{"SNIPPETD_REDIS", "redis://h"},
                                  {"SNIPPETD_ALERT_WEBHOOK", "http://h"},
                                  {"SNIPPETD_PUBLIC_URL", "http://h"},
                                  {"SNIPPETD_TRUSTED_PROXIES", "10.0.0.1"}};
    const Settings s =
        parse({"--redis", "none", "--alert-webhook", "none", "--public-url", "none", "--trusted-proxies", "none"},
              environment)
            .settings;
    EXPECT_EQ(s.redis + s.alert_webhook + s.public_url, "");
    EXPECT_TRUE(s.trusted_proxies.empty());
}

TEST(Settings, TheEmbeddedStoreLivesInTheDataFolder) {
    EXPECT_EQ(parse({"--data-dir", "/srv/x"}).settings.database, "sqlite:/srv/x/snippets.db");
    EXPECT_EQ(parse({"--data-dir", "/srv/x", "--database", "sqlite:y.db"}).settings.database, "sqlite:y.db");
}

TEST(RateLimit, KeepsTheDefaultsOfPoliciesThatAreNotNamed) {
    const File file("rate-limit = [\"login=1/1s\", \"signup=off\"]");
    const Invocation invocation =
        parse({"--config", file.path(), "--rate-limit", "write=off", "--rate-limit", "signup=3/1h"});
    const auto& policies = invocation.settings.rate_policies;
    EXPECT_EQ(policies[0], (Policy{"write", 60, 60s, false, kOpen}));
    EXPECT_EQ(policies[1], (Policy{"anonymous", 20, 60s, true, kOpen}));
    EXPECT_EQ(policies[2], (Policy{"login", 1, 1s, true, kLocal}));
    EXPECT_EQ(policies[3], (Policy{"signup", 3, 1h, true, kLocal}));
    EXPECT_EQ(invocation.sources.at("rate-limit"), "default, file " + file.path() + ", flag --rate-limit");
}

TEST(RateLimit, IsAnotherOneForSome) {
    const auto overrides = parse({"--rate-limit-for", "2001:db8::/32:write=5/1m,shadow", "--rate-limit-for",
                                  "account:Ada:egress=100/1h,token:abc:read=off", "--rate-limit-for",
                                  "10.1.2.3:address=7/2s", "--rate-limit-on-failure", "closed"})
                               .settings.rate_overrides;
    ASSERT_EQ(overrides.size(), 4u);
    EXPECT_EQ(overrides[0].who.range, base::Cidr::parse("2001:db8::/32"));
    EXPECT_EQ(overrides[0].policy.quota, 5u);
    EXPECT_TRUE(overrides[0].policy.shadow);
    EXPECT_EQ(overrides[0].policy.on_failure, limiter::OnFailure::closed);
    EXPECT_EQ(overrides[1].who.username, "ada");
    EXPECT_FALSE(overrides[1].policy.spares_loopback);
    EXPECT_EQ(overrides[1].policy.on_failure, kLocal);
    EXPECT_EQ(overrides[2].who.token_id, "abc");
    EXPECT_FALSE(overrides[2].policy.enabled);
    EXPECT_EQ(overrides[3].policy.name, "address");
    EXPECT_TRUE(parse({"--rate-limit-for", "none"}).settings.rate_overrides.empty());
}

TEST(RateLimit, IsSaidOnceForEach) {
    EXPECT_NE(refusal({"--rate-limit-for", "10.0.0.0/8:read=1/1s,10.0.0.0/8:read=2/1s"}).find("is said twice"),
              std::string::npos);
    Arguments many;
    for (std::size_t i = 0; i <= limiter::kOverridesMax; ++i) {
        many.insert(many.end(), {"--rate-limit-for", "account:a" + std::to_string(i) + ":read=1/1s"});
    }
    EXPECT_NE(refusal(many).find("is one too many"), std::string::npos);
}

TEST(Commands, StandBeforeOrAfterFlags) {
    EXPECT_EQ(parse({"serve"}).command, Command::serve);
    EXPECT_EQ(parse({"migrate"}).command, Command::migrate);
    EXPECT_EQ(parse({"work", "--threads", "2"}).command, Command::work);
    EXPECT_EQ(parse({"work", "--threads", "2"}).settings.threads, 2u);
    EXPECT_EQ(parse({"--threads", "2", "config"}).command, Command::config);
    EXPECT_EQ(parse({"--threads", "2", "config", "--listen", "a:1"}).settings.listen[0].host, "a");
}

TEST(Commands, HelpAndVersionNeedNoValidSettings) {
    EXPECT_EQ(parse({"--help"}).command, Command::help);
    EXPECT_EQ(parse({"-h"}, {{"SNIPPETD_THREADS", "x"}}).command, Command::help);
    EXPECT_EQ(parse({"work", "--help"}).command, Command::help);
    EXPECT_EQ(parse({"--version"}).command, Command::version);
    EXPECT_EQ(parse({"serve", "--version"}).command, Command::version);
}

TEST(HelpText, NamesEverySettingWithDefaultAndRange) {
    const std::string help = help_text();
    for (const Setting& setting : settings_table()) {
        EXPECT_TRUE(has(help, "--" + setting.name + " " + setting.value)) << setting.name;
        EXPECT_TRUE(has(help, "default: " + setting.default_text + "\n")) << setting.name;
        EXPECT_TRUE(has(help, "allowed: " + setting.allowed + "\n")) << setting.name;
        EXPECT_FALSE(setting.meaning.empty()) << setting.name;
    }
    for (const char* command : {"serve", "work", "migrate", "config"}) EXPECT_TRUE(has(help, command));
}

TEST(BadValue, NamesTheSettingAsItWasGivenAndWhatIsAllowed) {
    const std::string rest = "\"5 minutes\" is not a duration; allowed: 1s to 1d, as a number with ms, s, m, h or d";
    const File file("\n# comment\ncache-ttl = \"5 minutes\"");
    EXPECT_EQ(refusal({"--cache-ttl", "5 minutes"}), "snippetd: --cache-ttl: " + rest);
    EXPECT_EQ(refusal({}, {{"SNIPPETD_CACHE_TTL", "5 minutes"}}), "snippetd: SNIPPETD_CACHE_TTL: " + rest);
    EXPECT_EQ(refusal({"--config", file.path()}), "snippetd: " + file.path() + ":3: cache-ttl: " + rest);
    EXPECT_EQ(refusal({"--cache-ttl", "1s"}, {{"SNIPPETD_CACHE_TTL", "5 minutes"}}),
              "snippetd: SNIPPETD_CACHE_TTL: " + rest)
        << "a value is checked even if another overrides it";
}

struct Refused {
    std::string setting, value, problem;
};

class RefusedValue : public testing::TestWithParam<Refused> {};

TEST_P(RefusedValue, SaysWhatIsWrongAndAllowed) {
    const auto& [setting, value, problem] = GetParam();
    const std::string message = refusal({"--" + setting, value});
    EXPECT_TRUE(message.starts_with("snippetd: --" + setting + ": \"")) << message;
    EXPECT_TRUE(has(message, "\" " + problem)) << message;
    EXPECT_TRUE(has(message, "; allowed: ")) << message;
}

INSTANTIATE_TEST_SUITE_P(
    Values, RefusedValue,
    testing::Values(
        Refused{"cache-ttl", "300", "has no unit"}, Refused{"cache-ttl", "0", "has no unit"},
        Refused{"cache-ttl", "0s", "is out of range"}, Refused{"cache-ttl", "999ms", "is out of range"},
        Refused{"cache-ttl", "25h", "is out of range"}, Refused{"cache-ttl", "", "is not a duration"},
        Refused{"cache-ttl", "-5s", "is not a duration"}, Refused{"shutdown-timeout", "10s", "is out of range"},
        Refused{"shutdown-timeout", "5", "has no unit"}, Refused{"max-body", "0", "has no unit"},
        Refused{"max-body", "0B", "is out of range"}, Refused{"max-body", "1048576", "has no unit"},
        Refused{"max-body", "1MB", "is not a size"}, Refused{"max-body", "65MiB", "is out of range"},
        Refused{"cache-near-size", "1KiB", "is out of range"}, Refused{"cache-near-size", "64", "has no unit"},
        Refused{"threads", "0", "is out of range"}, Refused{"threads", "1025", "is out of range"},
        Refused{"threads", "-1", "is not a whole number"}, Refused{"threads", "two", "is not a whole number"},
        Refused{"threads", "99999999999999999999", "is out of range"}, Refused{"cache", "yes", "is neither on nor off"},
        Refused{"views", "fast", "is not one of the choices"},
        Refused{"log-level", "INFO", "is not one of the choices"}, Refused{"data-dir", "", "is empty"},
        Refused{"data-dir", "a\nb", "has control characters"}));

INSTANTIATE_TEST_SUITE_P(
    Listen, RefusedValue,
    testing::Values(Refused{"listen", ":3000", "has no host; to listen on every interface write 0.0.0.0:3000"},
                    Refused{"listen", "*:3000", "has no host; to listen on every interface write 0.0.0.0:3000"},
                    Refused{"listen", "3000", "has no port"}, Refused{"listen", "", "has no port"},
                    Refused{"listen", "[::1]", "has no port"}, Refused{"listen", "a:", "has no valid port"},
                    Refused{"listen", "a:65536", "has no valid port"}, Refused{"listen", "a:-1", "has no valid port"},
                    Refused{"listen", "::1:3000", "needs brackets"}, Refused{"listen", "[a]:1", "has no IPv6 address"},
                    Refused{"listen", "[]:1", "has no IPv6 address"}, Refused{"listen", "a b:1", "has no valid host"},
                    Refused{"listen", "http://a:1", "needs brackets"}, Refused{"listen", "a:1,,b:2", "has no port"}));

INSTANTIATE_TEST_SUITE_P(
    RateLimit, RefusedValue,
    testing::Values(Refused{"rate-limit", "views=1/1s", "names no policy"}, Refused{"rate-limit", "write", "has no ="},
                    Refused{"rate-limit", "shadow", "follows no rate"},
                    Refused{"rate-limit", "write=off,shadow", "follows no rate"},
                    Refused{"rate-limit", "write=", "is not a rate"}, Refused{"rate-limit", "write=5", "is not a rate"},
                    Refused{"rate-limit", "write=5/60", "is not a rate"},
                    Refused{"rate-limit", "write=x/60s", "is not a rate"},
                    Refused{"rate-limit", "write=0/60s", "is out of range"},
                    Refused{"rate-limit", "write=1000001/60s", "is out of range"},
                    Refused{"rate-limit", "write=5/500ms", "is out of range"},
                    Refused{"rate-limit", "write=5/25h", "is out of range"},
                    Refused{"rate-limit", "write=5/1500ms", "is not in whole seconds"},
                    Refused{"rate-limit-for", "write=5/1s", "does not say for whom it is"},
                    Refused{"rate-limit-for", "ada", "does not say for whom it is"},
                    Refused{"rate-limit-for", "ada:write=5/1s", "is for no range, account or token"},
                    Refused{"rate-limit-for", "account::write=5/1s", "is for no range, account or token"},
                    Refused{"rate-limit-for", "10.0.0.0/33:write=5/1s", "is for no range, account or token"},
                    Refused{"rate-limit-for", "10.0.0.0/8:views=5/1s", "names no policy"},
                    Refused{"rate-limit-for", "10.0.0.0/8:write=0/1s", "is out of range"},
                    Refused{"rate-limit-for", "shadow", "follows no rate"}));

INSTANTIATE_TEST_SUITE_P(
    Urls, RefusedValue,
    testing::Values(
        Refused{"database", "mysql://h/db", "is not a database"}, Refused{"database", "", "is not a database"},
        Refused{"database", "sqlite:", "says nothing"}, Refused{"database", "postgres://", "says nothing"},
        Refused{"redis", "localhost:6379", "is not a Redis URL"}, Refused{"redis", "redis://", "is not a Redis URL"},
        Refused{"redis", "redis://h:99999", "has no valid port"}, Refused{"redis", "redis://h/x", "has no number"},
        Refused{"redis", "redis://h/0?x=1", "has a query"}, Refused{"public-url", "x.org", "is not an http"},
        Refused{"public-url", "ftp://x.org", "is not an http"}, Refused{"public-url", "https://", "is not an http"},
        Refused{"public-url", "https:///p", "is not an http"},
        Refused{"public-url", "https://x:99999", "is not an http"},
        Refused{"public-url", "https://u@x.org", "has a user name"},
        Refused{"public-url", "https://x.org/?q", "has a query"},
        Refused{"public-url", "https://x.org/paste", "has a path"},
        Refused{"public-url", "https://x.org/paste/", "has a path"},
        Refused{"public-url", "https://x.org/#f", "has a query or fragment"},
        Refused{"alert-webhook", "hook", "is not an http"},
        Refused{"trusted-proxies", "10.0.0.0/33", "is not an address range"},
        Refused{"trusted-proxies", "10.0.0.1,,::1", "is not an address range"}));

TEST(RateLimit, AnUnknownPolicyIsAnsweredWithTheKnownOnes) {
    const std::string message = refusal({"--rate-limit", "views=1/1s"});
    for (const char* name : {"write", "anonymous", "login", "signup"}) EXPECT_TRUE(has(message, name));
}

TEST(BadValue, DoesNotShowSecrets) {
    for (const Arguments& arguments :
         {Arguments{"--database", "mysql://u:secret@h/db"}, Arguments{"--redis", "redis://u:secret@h/x"},
          Arguments{"--redis", "redis://u:sec@ret/secret@h:x"}, Arguments{"--alert-webhook", "hooks.example/secret"},
          Arguments{"--public-url", "https://u:secret@x.org"}}) {
        const std::string message = refusal(arguments);
        EXPECT_FALSE(message.empty());
        EXPECT_FALSE(has(message, "sec")) << message;
    }
}

TEST(CommandLine, RefusesWhatItDoesNotKnow) {
    EXPECT_EQ(refusal({"--cache-tll", "1s"}), "snippetd: \"--cache-tll\" is not a flag; snippetd --help lists them");
    EXPECT_EQ(refusal({"serve", "--cache-tll=1s"}),
              "snippetd: \"--cache-tll\" is not a flag; snippetd --help lists them");
    EXPECT_TRUE(
        has(refusal({"server"}), "\"server\" is unexpected; allowed: one of the commands serve, work, migrate"));
    EXPECT_TRUE(has(refusal({"serve", "work"}), "\"work\" is unexpected"));
    EXPECT_FALSE(has(refusal({"serve", "postgres://ada:secret@localhost/db"}), "secret"));
    EXPECT_EQ(refusal({"--threads"}), "snippetd: --threads: has no value; allowed: 1 to 1024");
    EXPECT_EQ(refusal({"--config"}), "snippetd: --config: has no value; allowed: a file");
}

TEST(EnvironmentVariables, AreReportedWhenUnknown) {
    const Environment environment{{"SNIPPETD_CACHE_TLL", "1s"},
                                  {"SNIPPETD_CACHE_TTL", "1s"},
                                  {"SNIPPETD_TOKEN", "x"},
                                  {"SNIPPETD_TEST_ANY", "x"},
                                  {"SNIPPETD_BINARY", "x"},
                                  {"SNIPPETD_TIME_FACTOR", "x"},
                                  {"SNIPPETD_CORPUS", "x"},
                                  {"SNIPPETD_FUZZ_SEED", "x"},
                                  {"SNIPPETD_SANITIZER", "x"},
                                  {"SNIPPETD_CONFIG", ""},
                                  {"HOME", "/"},
                                  {"SNIPPETD_", "x"}};
    EXPECT_EQ(parse({}, environment).unknown_variables, (std::vector<std::string>{"SNIPPETD_", "SNIPPETD_CACHE_TLL"}));
}

class SecretFiles : public testing::Test {
  protected:
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = testing::TempDir() + "snippetd-secret-" + std::to_string(getpid()) + "-" + name;
        std::ofstream{path} << text;
        written_.push_back(path);
        return path;
    }
    ~SecretFiles() override {
        for (const std::string& path : written_) std::filesystem::remove(path);
    }

  private:
    std::vector<std::string> written_;
};

std::string refusal_of(const Environment& environment) {
    try {
        parse({}, environment);
        return "";
    } catch (const SettingsError& error) {
        return error.what();
    }
}

TEST_F(SecretFiles, HoldWhatMayBeSecret) {
    const std::string file = write("database", "postgres://ada:s%40y@db/snippets\n");
    const Invocation invocation = parse({}, {{"SNIPPETD_DATABASE_FILE", file},
                                             {"SNIPPETD_REDIS_FILE", write("redis", "redis://:x@cache/1\r\n")},
                                             {"SNIPPETD_ALERT_WEBHOOK_FILE", write("hook", "https://a.example/s")}});
    EXPECT_EQ(invocation.settings.database, "postgres://ada:s%40y@db/snippets");
    EXPECT_EQ(invocation.settings.redis, "redis://:x@cache/1");
    EXPECT_EQ(invocation.settings.alert_webhook, "https://a.example/s");
    EXPECT_EQ(invocation.sources.at("database"), "environment SNIPPETD_DATABASE_FILE");
    EXPECT_TRUE(invocation.unknown_variables.empty());
}

TEST_F(SecretFiles, AreBeatenByAFlagAndNotBesideTheVariable) {
    const std::string file = write("redis", "redis://there/1");
    EXPECT_EQ(parse({"--redis", "redis://here/1"}, {{"SNIPPETD_REDIS_FILE", file}}).settings.redis, "redis://here/1");
    EXPECT_EQ(refusal_of({{"SNIPPETD_REDIS", "redis://a/1"}, {"SNIPPETD_REDIS_FILE", file}}),
              "snippetd: SNIPPETD_REDIS and SNIPPETD_REDIS_FILE are both set; one of them is enough");
    EXPECT_EQ(parse({}, {{"SNIPPETD_REDIS_FILE", ""}}).settings.redis, "");
}

TEST_F(SecretFiles, ThatAreOfNoUseAreNamedWithoutWhatIsInThem) {
    EXPECT_EQ(refusal_of({{"SNIPPETD_REDIS_FILE", "/nowhere/redis"}}),
              "snippetd: SNIPPETD_REDIS_FILE: cannot read the file \"/nowhere/redis\"");
    const std::string empty = write("empty", "\n"), wrong = write("wrong", "redis//:secret"),
                      long_one = write("long", std::string(20000, 'x'));
    EXPECT_EQ(refusal_of({{"SNIPPETD_REDIS_FILE", empty}}),
              "snippetd: SNIPPETD_REDIS_FILE: the file \"" + empty + "\" is empty");
    EXPECT_EQ(refusal_of({{"SNIPPETD_REDIS_FILE", long_one}}),
              "snippetd: SNIPPETD_REDIS_FILE: the file \"" + long_one + "\" is too long");
    EXPECT_TRUE(refusal_of({{"SNIPPETD_REDIS_FILE", wrong}}).starts_with("snippetd: SNIPPETD_REDIS_FILE: "));
    EXPECT_EQ(parse({}, {{"SNIPPETD_CACHE_TTL_FILE", wrong}}).unknown_variables,
              (std::vector<std::string>{"SNIPPETD_CACHE_TTL_FILE"}));
}

TEST(EnvironmentVariables, OfThisProcessAreThoseWithThePrefix) {
    setenv("SNIPPETD_TEST_VARIABLE", "a=b", 1);
    const Environment environment = process_environment();
    unsetenv("SNIPPETD_TEST_VARIABLE");
    EXPECT_EQ(environment.at("SNIPPETD_TEST_VARIABLE"), "a=b");
    for (const auto& [name, value] : environment) EXPECT_TRUE(name.starts_with("SNIPPETD_")) << name;
}

TEST(SettingsFile, TakesEveryType) {
    const File file(
        "\xEF\xBB\xBF# comment\r\ncache = false # off\r\n\"jobs\" = \"off\"\nmax-connections = 1_000\n"
        "data-dir = 'C:\\x # y'\ndatabase = \"postgres://u:p#w,d@h/db\"");
    const Settings s = parse({"--config", file.path()}).settings;
    EXPECT_FALSE(s.cache);
    EXPECT_FALSE(s.jobs);
    EXPECT_EQ(s.max_connections, 1000u);
    EXPECT_EQ(s.data_dir, "C:\\x # y");
    EXPECT_EQ(s.database, "postgres://u:p#w,d@h/db");
}

TEST(SettingsFile, IsTomlInFull) {
    const File file(
        "threads = 0x10\nmax-connections = +7\npublic-url = \"http://\\u0061.example\"\n"
        "data-dir = \"\"\"\\\n  /srv/x\"\"\"\nlisten = ['a:1', \"b:2\",]");
    const Settings s = parse({"--config", file.path()}).settings;
    EXPECT_EQ(s.threads, 16u);
    EXPECT_EQ(s.max_connections, 7u);
    EXPECT_EQ(s.public_url, "http://a.example");
    EXPECT_EQ(s.data_dir, "/srv/x");
    EXPECT_EQ(s.listen, (std::vector<Listen>{{"a", 1}, {"b", 2}}));
}

TEST(SettingsFile, RefusesWhatItDoesNotUnderstandWithTheLine) {
    const std::vector<std::pair<std::string, std::string>> files{
        {"a = 1", ":1: \"a\" is not a setting"},
        {"config = 'x'", ":1: \"config\" is not a setting"},
        {"\n[cache]\nttl = 1", ":2: tables are not supported"},
        {"cache.ttl = '1s'", ":1: tables are not supported"},
        {"cache = {ttl = 1}", ":1: tables are not supported"},
        {"cache", ":1: Error while parsing key-value pair"},
        {"= 1", ":1: Error while parsing root table: expected keys"},
        {"cache =", ":1: Error while parsing key-value pair"},
        {"cache = \"on", ":1: Error while parsing string: encountered end-of-file"},
        {"cache = 'on\n'", ":1: Error while parsing literal string"},
        {"data-dir = \"C:\\x\"", ":1: Error while parsing string: escape sequence"},
        {"cache-ttl = 300s", ":1: Error while parsing decimal integer: expected digit, saw 's'; a text needs quotes"},
        {"\ncache = on", ":2: Error while parsing value: could not determine value type; a text needs quotes"},
        {"cache-ttl = \"1s\" \"2s\"", ":1: Error while parsing key-value pair: expected a comment"},
        {"threads = 1\nthreads = 2",
         ":2: Error while parsing key-value pair: cannot redefine existing integer 'threads'"},
        {"threads = 1.5", ":1: threads: takes a text in quotes, a whole number, true or false"},
        {"reaper-interval = 10:00:00", ":1: reaper-interval: takes a text in quotes"},
        {"listen = [\n  'a:1',\n  ['b:2']\n]", ":3: listen: takes a text in quotes"},
        // What a lenient reader would take, and is no TOML.
        {"threads = 08", ":1: Error while parsing decimal integer: leading zeroes"},
        {"threads = 1__0", ":1: Error while parsing decimal integer: underscores"},
        {"\n# caf\xE9\nthreads = 1", ":2: Encountered invalid utf-8 sequence"},
        {"data-dir = 'a\x01'", ":1: Error while parsing literal string: control characters"},
        // What is wrong first is told first, whatever the order of the names.
        {"z = 1\na = 1", ":1: \"z\" is not a setting"},
        {"threads = [1]", ":1: threads: takes one value"},
        {"listen = [\"a:1\"", ":1: Error while parsing array: encountered end-of-file"},
        {"listen = [\"a:1\"\n\"b:2\"]", ":2: Error while parsing array: expected comma or closing ']'"},
        {"listen = []", ":1: listen: \"\" is empty"},
        {"cache-ttl = 300", ":1: cache-ttl: \"300\" has no unit"},
    };
    for (const auto& [text, problem] : files) {
        const File file(text);
        const std::string message = refusal({"--config", file.path()});
        EXPECT_TRUE(message.starts_with("snippetd: " + file.path() + problem)) << text << "\n" << message;
    }
}

TEST(SettingsFile, SurvivesEveryPrefixAndByte) {
    const std::string text = "listen = [\"a:1\", 'b:2'] # x\ncache = true\ndata-dir = \"a\\\"b\"\n";
    for (std::size_t length = 0; length <= text.size(); ++length) {
        for (const char* end : {"", "\"", "'", "[", "]", "\\", "#", "\n", "=", "\xff"}) {
            try {
                parse_settings_file(text.substr(0, length) + end, "f");
            } catch (const SettingsError&) {
            }
        }
    }
}

TEST(TomlString, IsReadAsWhatWasWritten) {
    const std::string text = "a \"b\" \\c #d\t\n'é,";
    EXPECT_EQ(parse_settings_file("k = " + toml_string(text), "f").at(0).values, std::vector{text});
}

TEST(Describe, IsAFileThatGivesTheSameSettings) {
    const Arguments arguments{"config",
                              "--listen",
                              "[::1]:1",
                              "--listen",
                              "b:2",
                              "--data-dir",
                              "a \"b\" #c",
                              "--rate-limit",
                              "login=off",
                              "--trusted-proxies",
                              "10.0.0.0/8,::1",
                              "--rate-limit-for",
                              "2001:db8::/32:read=5/1m,shadow,account:ada:address=off,token:x:egress=5/1s",
                              "--cache-near-size",
                              "0",
                              "--shutdown-timeout",
                              "0",
                              "--views",
                              "off",
                              "--public-url",
                              "http://h/",
                              "--cache",
                              "off"};
    const std::string first = describe(parse(arguments));
    const File file(first);
    const Invocation again = parse({"--config", file.path()});
    const Settings s = again.settings, expected = parse(arguments).settings;
    EXPECT_EQ(s.listen, expected.listen);
    EXPECT_EQ(s.data_dir, expected.data_dir);
    EXPECT_EQ(s.database, expected.database);
    EXPECT_EQ(s.trusted_proxies, expected.trusted_proxies);
    EXPECT_EQ(s.rate_policies, expected.rate_policies);
    EXPECT_EQ(s.cache_near_size, 0u);
    EXPECT_EQ(s.public_url, "http://h");
    const File second(describe(again));
    EXPECT_EQ(describe(parse({"--config", second.path()})).size(), describe(again).size());
}

TEST(Describe, SaysWhereEachValueIsFrom) {
    const File file("views-flush = \"2s\"");
    const std::string text =
        describe(parse({"config", "--config", file.path(), "--threads", "2"}, {{"SNIPPETD_CACHE_TTL", "60s"}}));
    EXPECT_TRUE(has(text, "\nthreads = 2  # flag --threads\n"));
    EXPECT_TRUE(has(text, "\ncache-ttl = \"60s\"  # environment SNIPPETD_CACHE_TTL\n"));
    EXPECT_TRUE(has(text, "\nviews-flush = \"2s\"  # file " + file.path() + "\n"));
    EXPECT_TRUE(has(text, "\ncache = \"on\"  # default\n"));
    for (const Setting& setting : settings_table()) EXPECT_TRUE(has(text, "\n" + setting.name + " = ")) << setting.name;
}

TEST(Describe, MasksSecrets) {
    const std::string text =
        describe(parse({"--database", "postgresql://u:secret@h/db?sslpassword=secret&x=1", "--redis",
                        "redis://:secret@h/0", "--alert-webhook", "https://hooks.example/secret"}));
    EXPECT_FALSE(has(text, "secret\"")) << text;
    EXPECT_TRUE(has(text, "\"postgresql://u:****@h/db?sslpassword=****&x=1\""));
    EXPECT_TRUE(has(text, "\"redis://:****@h/0\""));
    EXPECT_TRUE(has(text, "\"https://hooks.example/****\""));
}

TEST(MaskPassword, LeavesEverythingElse) {
    EXPECT_EQ(mask_password("postgres://u@h:5432/db"), "postgres://u@h:5432/db");
    EXPECT_EQ(mask_password("postgres://h:5432/db"), "postgres://h:5432/db");
    EXPECT_EQ(mask_password("postgres://u:@h/db"), "postgres://u:****@h/db");
    EXPECT_EQ(mask_password("postgres://u:a@b?c/d@h/db"), "postgres://u:****@b?c/d@h/db");
    EXPECT_EQ(mask_password("sqlite:/data@home/x.db"), "sqlite:/data@home/x.db");
    EXPECT_EQ(mask_password(""), "");
}

TEST(SettingsTable, EveryVariableIsItsFlagInCapitals) {
    EXPECT_EQ(variable_name("cache-ttl"), "SNIPPETD_CACHE_TTL");
    EXPECT_EQ(variable_name("redis"), "SNIPPETD_REDIS");
}

}  // namespace
}  // namespace snippetd::settings
