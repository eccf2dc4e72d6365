#include "settings/table.hpp"

#include "base/units.hpp"
#include "limiter/policies.hpp"
#include "settings/values.hpp"

#include <algorithm>
#include <thread>
#include <utility>

namespace snippetd::settings {

namespace {

using Duration = std::chrono::milliseconds;
using Texts = std::vector<std::string>;
using namespace std::chrono_literals;

constexpr std::uint64_t kKiB = 1024;
constexpr std::uint64_t kMiB = 1024 * kKiB;
constexpr std::uint64_t kGiB = 1024 * kMiB;

std::string or_none(std::string text) {
    return text.empty() ? std::string(kNone) : text;
}

// --- Kinds of settings.

struct Label {
    std::string name;
    std::string default_text;
    std::string meaning;
};

Setting single(Label label, std::string value, std::string allowed) {
    Setting setting;
    setting.defaults = {label.default_text};
    setting.default_text = std::move(label.default_text);
    setting.name = std::move(label.name);
    setting.meaning = std::move(label.meaning);
    setting.value = std::move(value);
    setting.allowed = std::move(allowed);
    return setting;
}

Setting duration(Label label, Duration Settings::*member, Duration min, Duration max) {
    const auto least = min == 0ms ? "0" : base::format_duration(min);
    Setting setting = single(std::move(label), "DURATION",
                             least + " to " + base::format_duration(max) + ", as a number with ms, s, m, h or d");
    setting.apply = [=](Settings& s, const Texts& texts) { s.*member = read_duration(texts.front(), min, max); };
    setting.show = [=](const Settings& s) { return Texts{base::format_duration(s.*member)}; };
    return setting;
}

Setting number(Label label, std::uint32_t Settings::*member, std::uint32_t min, std::uint32_t max) {
    Setting setting = single(std::move(label), "N", std::to_string(min) + " to " + std::to_string(max));
    setting.is_number = true;
    setting.apply = [=](Settings& s, const Texts& texts) {
        s.*member = static_cast<std::uint32_t>(read_number(texts.front(), min, max));
    };
    setting.show = [=](const Settings& s) { return Texts{std::to_string(s.*member)}; };
    return setting;
}

Setting size(Label label, std::uint64_t Settings::*member, Zero zero, std::uint64_t min, std::uint64_t max) {
    Setting setting = single(std::move(label), "SIZE",
                             (zero == Zero::allowed ? "0, or " : "") + base::format_size(min) + " to " +
                                 base::format_size(max) + ", as a number with B, KiB, MiB or GiB");
    setting.apply = [=](Settings& s, const Texts& texts) { s.*member = read_size(texts.front(), zero, min, max); };
    setting.show = [=](const Settings& s) { return Texts{base::format_size(s.*member)}; };
    return setting;
}

Setting on_off(Label label, bool Settings::*member) {
    Setting setting = single(std::move(label), "on|off", "on or off");
    setting.apply = [=](Settings& s, const Texts& texts) { s.*member = read_switch(texts.front()); };
    setting.show = [=](const Settings& s) { return Texts{s.*member ? "on" : "off"}; };
    return setting;
}

template <class Enum>
using Choices = std::vector<std::pair<std::string, Enum>>;

template <class Enum>
Setting choice(Label label, Enum Settings::*member, Choices<Enum> choices) {
    std::string words, allowed;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        words += (i == 0 ? "" : "|") + choices[i].first;
        allowed += (i == 0 ? "" : i + 1 == choices.size() ? " or " : ", ") + choices[i].first;
    }
    Setting setting = single(std::move(label), words, allowed);
    setting.apply = [=](Settings& s, const Texts& texts) {
        auto found =
            std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.first == texts.front(); });
        if (found == choices.end()) throw BadValue{texts.front(), "is not one of the choices"};
        s.*member = found->second;
    };
    setting.show = [=](const Settings& s) {
        auto found = std::find_if(choices.begin(), choices.end(), [&](const auto& c) { return c.second == s.*member; });
        return Texts{found->first};
    };
    return setting;
}

using Read = std::string (*)(const std::string&);
using Show = std::string (*)(std::string_view);

Setting text(Label label, std::string value, std::string allowed, std::string Settings::*member, Read read, Show mask) {
    Setting setting = single(std::move(label), std::move(value), std::move(allowed));
    setting.apply = [=](Settings& s, const Texts& texts) { s.*member = read(texts.front()); };
    setting.show = [=](const Settings& s) { return Texts{or_none(mask(s.*member))}; };
    return setting;
}

Setting secret(Setting setting) {
    setting.is_secret = true;
    return setting;
}

// --- Settings that are the only ones of their kind.

Setting listen() {
    Setting setting = single({"listen", "127.0.0.1:3000", "where to accept connections; may be repeated"}, "HOST:PORT",
                             "HOST:PORT or [IPV6]:PORT, with a port from 0 (picks a free one) to 65535");
    setting.kind = Setting::Kind::list;
    setting.apply = [](Settings& s, const Texts& texts) {
        if (texts.empty()) throw BadValue{"", "is empty"};
        s.listen.clear();
        for (const std::string& text : texts) s.listen.push_back(read_listen(text));
    };
    setting.show = [](const Settings& s) {
        Texts texts;
        for (const Listen& listen : s.listen) texts.push_back(show_listen(listen));
        return texts;
    };
    return setting;
}

Setting data_dir() {
    Setting setting = single({"data-dir", "./data", "where the embedded store lives"}, "DIR", "a folder");
    setting.apply = [](Settings& s, const Texts& texts) { s.data_dir = read_path(texts.front()); };
    setting.show = [](const Settings& s) { return Texts{s.data_dir.string()}; };
    return setting;
}

/// Without a value the store is in the data folder, which only `parse_settings` knows in the end.
Setting database() {
    Setting setting = text({"database", "sqlite:DATA-DIR/snippets.db", "the store"}, "URL",
                           "sqlite:PATH, postgres://USER:PASSWORD@HOST:PORT/DB or postgresql://…", &Settings::database,
                           read_database, mask_password);
    setting.defaults.clear();
    return setting;
}

Setting threads() {
    Setting setting = number({"threads", "number of cores", "worker threads"}, &Settings::threads, 1, 1024);
    setting.defaults = {std::to_string(std::clamp(std::thread::hardware_concurrency(), 1u, 1024u))};
    return setting;
}

Setting public_url() {
    Setting setting = text({"public-url", "none, as each request says", "base of links; https makes cookies Secure"},
                           "URL", "http:// or https:// with a host, without path, query and fragment, or none",
                           &Settings::public_url, read_public_url, mask_password);
    setting.defaults = {std::string(kNone)};
    return setting;
}

Setting trusted_proxies() {
    Setting setting = single({"trusted-proxies", "none", "whose X-Forwarded-For is believed"}, "CIDR,…",
                             "ranges such as 10.0.0.0/8 or 2001:db8::/32, addresses, or none");
    setting.kind = Setting::Kind::list;
    setting.apply = [](Settings& s, const Texts& texts) { s.trusted_proxies = read_proxies(texts); };
    setting.show = [](const Settings& s) {
        Texts texts;
        for (const base::Cidr& range : s.trusted_proxies) texts.push_back(range.to_string());
        return texts;
    };
    return setting;
}

/// `a, b, c`, with `last` instead of the last comma.
template <class List>
std::string join(const List& list, std::string_view last) {
    std::string all;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (i > 0) all += i + 1 == list.size() ? last : ", ";
        all += list[i];
    }
    return all;
}

Setting rate_limit() {
    Setting setting = single(
        {"rate-limit", "", "how often a client may do what costs; shadow: counted, not refused; may be repeated"},
        "NAME=N/DURATION[,shadow]",
        join(limiter::kPolicyNames, " or ") +
            ", then =off, or =N/DURATION and perhaps ,shadow, with N from 1 to 1000000 (MiB for egress) and "
            "DURATION from 1s to 1d in whole seconds");
    setting.kind = Setting::Kind::partial;
    setting.defaults.clear();
    for (const limiter::Policy& policy : limiter::default_policies()) setting.defaults.push_back(show_policy(policy));
    setting.default_text = join(setting.defaults, ", ");
    setting.apply = [](Settings& s, const Texts& texts) {
        if (s.rate_policies.empty()) s.rate_policies = limiter::default_policies();
        read_policies(s.rate_policies, texts);
    };
    setting.show = [](const Settings& s) {
        Texts texts;
        for (const limiter::Policy& policy : s.rate_policies) texts.push_back(show_policy(policy));
        return texts;
    };
    return setting;
}

Setting rate_limit_for() {
    Setting setting = single({"rate-limit-for", "none", "a rate of its own for some; may be repeated"},
                             "WHO:NAME=N/DURATION[,shadow]",
                             "WHO a range or an address, account:NAME or token:ID, then a rate as for --rate-limit, "
                             "also of address; each once, up to 256, or none");
    setting.kind = Setting::Kind::list;
    setting.apply = [](Settings& s, const Texts& texts) { s.rate_overrides = read_overrides(texts); };
    setting.show = [](const Settings& s) {
        Texts texts;
        for (const limiter::Override& one : s.rate_overrides) texts.push_back(show_override(one));
        return texts;
    };
    return setting;
}

std::vector<Setting> make_table() {
    using S = Settings;
    return {
        listen(),
        data_dir(),
        secret(database()),
        secret(text({"redis", "none", "counters and cache that instances share; none: in process"}, "URL",
                    "redis://USER:PASSWORD@HOST:PORT/DB, rediss://… for TLS, or none", &S::redis, read_redis,
                    mask_password)),
        // A request has 750 ms for everything.
        duration({"redis-timeout", "150ms", "after which Redis counts as down; some times the round trip to it"},
                 &S::redis_timeout, 20ms, 700ms),
        threads(),
        public_url(),
        trusted_proxies(),
        rate_limit(),
        rate_limit_for(),
        choice<limiter::Algorithm>({"rate-limit-algorithm", "sliding-window", "how requests are counted"},
                                   &S::rate_limit_algorithm,
                                   {{"sliding-window", limiter::Algorithm::sliding_window},
                                    {"fixed-window", limiter::Algorithm::fixed_window}}),
        choice<limiter::OnFailure>(
            {"rate-limit-on-failure", "open", "what a limit does when its counters are out of reach"},
            &S::rate_limit_on_failure,
            {{"open", limiter::OnFailure::open},
             {"local", limiter::OnFailure::local},
             {"closed", limiter::OnFailure::closed}}),
        on_off({"cache", "on", "keep what is read through links"}, &S::cache),
        duration({"cache-ttl", "300s", "how long an entry is kept at most"}, &S::cache_ttl, 1s, 24h),
        size({"cache-near-size", "64MiB", "memory of the near cache; 0 turns it off"}, &S::cache_near_size,
             Zero::allowed, 64 * kKiB, 1024 * kGiB),
        choice<views::Mode>(
            {"views", "async", "how views are counted; sync writes the store in the request, to measure it"}, &S::views,
            {{"async", views::Mode::async}, {"sync", views::Mode::sync}, {"off", views::Mode::off}}),
        duration({"views-flush", "10s", "how often counted views go to the store"}, &S::views_flush, 100ms, 1h),
        on_off({"jobs", "on", "run the background jobs in serve"}, &S::jobs),
        size({"max-body", "1MiB", "of one snippet"}, &S::max_body, Zero::refused, 1, 64 * kMiB),
        on_off({"anonymous", "on", "allow creating without an account"}, &S::anonymous),
        on_off({"signup", "on", "allow new accounts"}, &S::signup),
        secret(text({"alert-webhook", "none", "gets a JSON POST on each alert change"}, "URL",
                    "http:// or https:// with a host, or none", &S::alert_webhook, read_webhook, mask_webhook)),
        choice<log::Level>({"log-level", "info", "the least important lines to log"}, &S::log_level,
                           {{"trace", log::Level::trace},
                            {"debug", log::Level::debug},
                            {"info", log::Level::info},
                            {"warn", log::Level::warn},
                            {"error", log::Level::error},
                            {"off", log::Level::off}}),
        on_off({"metrics-clients", "off", "name the clients that cost most in /metrics: addresses and accounts"},
               &S::metrics_clients),
        choice<log::Format>({"log-format", "text", "of the log on standard error"}, &S::log_format,
                            {{"text", log::Format::text}, {"json", log::Format::json}}),
        size(
            {"memory-max", "512MiB", "of bodies, answers and renderings under way; at least 8 of the largest snippets"},
            &S::memory_max, Zero::refused, 8 * kMiB, 1024 * kGiB),
        number({"max-connections", "16384", "more are answered with 503"}, &S::max_connections, 1, 1'000'000),
        duration({"header-timeout", "10s", "for the header section of a request"}, &S::header_timeout, 100ms, 1h),
        duration({"body-timeout", "30s", "how long a body or an answer may stand still; a slow one may take longer"},
                 &S::body_timeout, 100ms, 1h),
        size({"min-rate", "512B", "of a body or an answer, a second, over each body-timeout; 0 for none"}, &S::min_rate,
             Zero::allowed, 1, kMiB),
        duration({"linger-timeout", "5m", "for the rest of a request that was refused, whose sender may look late"},
                 &S::linger_timeout, 100ms, 1h),
        duration({"idle-timeout", "75s", "between two requests on a connection"}, &S::idle_timeout, 100ms, 24h),
        duration({"shutdown-timeout", "5s", "for requests in flight after SIGTERM"}, &S::shutdown_timeout, 0ms, 9s),
        duration({"reaper-interval", "60s", "how often expired snippets are removed"}, &S::reaper_interval, 100ms, 24h),
        duration({"index-after", "10s",
                  "how long after a write the index of searches takes it in; until then it is looked through"},
                 &S::index_after, 100ms, 1h),
        number({"database-connections", "8", "connections to PostgreSQL; at least 4 are made"},
               &S::database_connections, 1, 256),
        choice<sql::Pooler>(
            {"database-pooler", "auto",
             "whether a pooler gives each transaction another session of PostgreSQL; auto finds out"},
            &S::database_pooler,
            {{"auto", sql::Pooler::detect}, {"none", sql::Pooler::none}, {"transaction", sql::Pooler::transaction}}),
    };
}

}  // namespace

const std::vector<Setting>& settings_table() {
    static const std::vector<Setting> instance = make_table();
    return instance;
}

const Setting* find_setting(std::string_view name) {
    const auto& table = settings_table();
    auto found = std::find_if(table.begin(), table.end(), [&](const Setting& s) { return s.name == name; });
    return found == table.end() ? nullptr : &*found;
}

std::string variable_name(const std::string& setting) {
    std::string name = "SNIPPETD_" + setting;
    for (char& c : name) {
        if (c == '-') c = '_';
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    return name;
}

}  // namespace snippetd::settings
