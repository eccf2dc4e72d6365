#include "settings/values.hpp"

#include "base/ascii.hpp"
#include "base/units.hpp"
#include "http/place.hpp"
#include "limiter/policies.hpp"
#include "model/account.hpp"
#include "redis/endpoint.hpp"

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

#include <boost/url/parse.hpp>
#include <boost/url/scheme.hpp>
#include <boost/url/url_view.hpp>

namespace snippetd::settings {

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kPortMax = 65535;

bool is_bare_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
    std::uint64_t number = 0;
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (end != text.data() + text.size() || error == std::errc::invalid_argument) return std::nullopt;
    return error == std::errc{} ? number : UINT64_MAX;
}

template <class Number>
void check_range(const std::string& text, Number number, Number min, Number max) {
    if (number < min || number > max) throw BadValue{text, "is out of range"};
}

bool has_control_character(std::string_view text) {
    return std::any_of(text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

bool is_host_name(std::string_view host) {
    constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";
    return host.size() <= 253 && host.find_first_not_of(kCharacters) == std::string_view::npos;
}

/// The host in `text`, which is what stands before the last colon of a HOST:PORT.
std::string read_host(const std::string& text, std::string host) {
    if (host.empty()) throw BadValue{text, "has no host; to listen on every interface write 0.0.0.0" + text};
    if (host.front() == '[' && host.back() == ']') {
        host = host.substr(1, host.size() - 2);
        boost::system::error_code error;
        boost::asio::ip::make_address_v6(host, error);
        if (error) throw BadValue{text, "has no IPv6 address in its brackets"};
        return host;
    }
    if (host.find(':') != std::string::npos) throw BadValue{text, "needs brackets around its IPv6 address"};
    if (host == "*") throw BadValue{text, "has no host; to listen on every interface write 0.0.0.0" + text.substr(1)};
    if (!is_host_name(host)) throw BadValue{text, "has no valid host"};
    return host;
}

/// Whether it has a host, and a valid port if any.
bool has_address(const boost::urls::url_view& url) {
    if (url.encoded_host().empty()) return false;
    const auto port = parse_number(url.has_port() ? std::string(url.port()) : "1");
    return port && *port >= 1 && *port <= kPortMax;
}

bool is_http_url(const boost::urls::url_view& url) {
    const boost::urls::scheme scheme = url.scheme_id();  // in any case
    return (scheme == boost::urls::scheme::http || scheme == boost::urls::scheme::https) && has_address(url);
}

constexpr std::uint64_t kQuotaMax = 1'000'000;
constexpr std::string_view kShadow = "shadow";
constexpr std::chrono::milliseconds kWindowMin = 1s;
constexpr std::chrono::milliseconds kWindowMax = 24h;

}  // namespace

std::uint64_t read_number(const std::string& text, std::uint64_t min, std::uint64_t max) {
    const auto number = parse_number(text);
    if (!number) throw BadValue{text, "is not a whole number"};
    check_range(text, *number, min, max);
    return *number;
}

std::chrono::milliseconds read_duration(const std::string& text, std::chrono::milliseconds min,
                                        std::chrono::milliseconds max) {
    if (text == "0" && min == 0ms) return 0ms;
    if (is_bare_number(text)) throw BadValue{text, "has no unit"};
    const auto duration = base::parse_duration(text);
    if (!duration) throw BadValue{text, "is not a duration"};
    check_range(text, *duration, min, max);
    return *duration;
}

std::uint64_t read_size(const std::string& text, Zero zero, std::uint64_t min, std::uint64_t max) {
    if (text == "0" && zero == Zero::allowed) return 0;
    if (is_bare_number(text)) throw BadValue{text, "has no unit"};
    const auto bytes = base::parse_size(text);
    if (!bytes) throw BadValue{text, "is not a size"};
    if (*bytes != 0 || zero == Zero::refused) check_range(text, *bytes, min, max);
    return *bytes;
}

bool read_switch(const std::string& text) {
    if (text == "on" || text == "true") return true;
    if (text == "off" || text == "false") return false;
    throw BadValue{text, "is neither on nor off"};
}

std::string read_path(const std::string& text) {
    if (text.empty()) throw BadValue{text, "is empty"};
    if (has_control_character(text)) throw BadValue{text, "has control characters"};
    return text;
}

Listen read_listen(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos || text.back() == ']') throw BadValue{text, "has no port"};
    std::string host = read_host(text, text.substr(0, colon));
    const auto port = parse_number(std::string_view(text).substr(colon + 1));
    if (!port || *port > kPortMax) throw BadValue{text, "has no valid port"};
    return {std::move(host), static_cast<std::uint16_t>(*port)};
}

std::string read_public_url(const std::string& text) {
    if (text == kNone) return {};
    const auto url = boost::urls::parse_uri(text);
    const auto shown = mask_password(text);
    if (!url || !is_http_url(*url)) throw BadValue{shown, "is not an http or https URL"};
    if (url->has_userinfo()) throw BadValue{shown, "has a user name"};
    if (url->has_query() || url->has_fragment()) throw BadValue{shown, "has a query or fragment"};
    if (url->encoded_path().find_first_not_of('/') != url->encoded_path().npos) {
        throw BadValue{shown, "has a path; this service is at the root of its host"};
    }
    const std::optional<http::Place> place = http::place_of(text);
    if (!place) throw BadValue{shown, "is not an http or https URL"};
    return place->scheme + "://" + place->authority;
}

std::string mask_webhook(std::string_view url) {
    const auto scheme = url.find("://");
    const auto path = url.find_first_of("/?#", scheme == std::string_view::npos ? 0 : scheme + 3);
    std::string shown = mask_password(url.substr(0, path));
    return path == std::string_view::npos || path + 1 == url.size() ? shown : shown + "/****";
}

std::string read_webhook(const std::string& text) {
    if (text == kNone) return {};
    const auto url = boost::urls::parse_uri(text);
    if (!url || !is_http_url(*url)) throw BadValue{mask_webhook(text), "is not an http or https URL"};
    return text;
}

std::string read_redis(const std::string& text) {
    if (text == kNone) return {};
    const auto shown = mask_password(text);
    try {
        redis::parse_endpoint(text);
    } catch (const std::invalid_argument& wrong) {
        throw BadValue{shown, wrong.what()};
    }
    return text;
}

/// libpq reads the rest of a PostgreSQL URL: it allows more than a URL does, such as several hosts.
std::string read_database(const std::string& text) {
    for (std::string_view scheme : {"sqlite:", "postgres://", "postgresql://"}) {
        if (!text.starts_with(scheme)) continue;
        if (text.size() == scheme.size()) throw BadValue{text, "says nothing after " + std::string(scheme)};
        if (has_control_character(text)) throw BadValue{mask_password(text), "has control characters"};
        return text;
    }
    throw BadValue{mask_password(text), "is not a database that this service knows"};
}

std::vector<base::Cidr> read_proxies(const std::vector<std::string>& texts) {
    std::vector<base::Cidr> ranges;
    if (texts == std::vector{std::string(kNone)}) return ranges;
    for (const std::string& text : texts) {
        const auto range = base::Cidr::parse(text);
        if (!range) throw BadValue{text, "is not an address range"};
        ranges.push_back(*range);
    }
    return ranges;
}

namespace {

/// Changes the policy that `text` (NAME=N/DURATION or NAME=off) names, which it returns.
limiter::Policy& read_policy(std::vector<limiter::Policy>& policies, const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos) throw BadValue{text, "has no ="};
    const auto name = text.substr(0, equals);
    const auto rate = text.substr(equals + 1);
    auto policy = std::find_if(policies.begin(), policies.end(), [&](const auto& p) { return p.name == name; });
    if (policy == policies.end()) throw BadValue{text, "names no policy"};
    if (rate == "off") {
        policy->enabled = false;
        policy->shadow = false;
        return *policy;
    }
    const auto slash = rate.find('/');
    const auto quota = parse_number(std::string_view(rate).substr(0, slash));
    const auto window = slash == std::string::npos ? std::nullopt : base::parse_duration(rate.substr(slash + 1));
    if (!quota || !window) throw BadValue{text, "is not a rate"};
    check_range(text, *quota, std::uint64_t{1}, kQuotaMax);
    check_range(text, *window, kWindowMin, kWindowMax);
    if (*window % 1s != 0ms) throw BadValue{text, "is not in whole seconds"};
    policy->quota = static_cast<std::uint32_t>(*quota);
    policy->window = *window;
    policy->enabled = true;
    policy->shadow = false;
    policy->spares_loopback = policy->leased && limiter::is_usual(*policy);
    return *policy;
}

}  // namespace

void read_policies(std::vector<limiter::Policy>& policies, const std::vector<std::string>& texts) {
    limiter::Policy* last = nullptr;
    for (const std::string& text : texts) {
        if (text != kShadow) {
            last = &read_policy(policies, text);
        } else if (last && last->enabled) {
            last->shadow = true;
        } else {
            throw BadValue{text, "follows no rate"};
        }
    }
}

namespace {

constexpr std::string_view kAccount = "account:";
constexpr std::string_view kToken = "token:";

std::optional<limiter::Beneficiary> read_beneficiary(const std::string& text) {
    limiter::Beneficiary who;
    if (text.starts_with(kAccount) && text.size() > kAccount.size()) {
        who.username = base::lower_case(text.substr(kAccount.size()));
        if (!model::is_username(who.username)) return std::nullopt;
    } else if (text.starts_with(kToken) && text.size() > kToken.size()) {
        who.token_id = text.substr(kToken.size());
    } else {
        who.range = base::Cidr::parse(text);
        if (!who.range) return std::nullopt;
    }
    return who;
}

}  // namespace

std::vector<limiter::Override> read_overrides(const std::vector<std::string>& texts) {
    std::vector<limiter::Override> overrides;
    if (texts == std::vector{std::string(kNone)}) return overrides;
    for (const std::string& text : texts) {
        if (text == kShadow) {
            if (overrides.empty() || !overrides.back().policy.enabled) throw BadValue{text, "follows no rate"};
            overrides.back().policy.shadow = true;
            continue;
        }
        // An IPv6 range has colons too.
        const auto colon = text.rfind(':', text.find('='));
        if (colon == std::string::npos) throw BadValue{text, "does not say for whom it is"};
        const std::optional<limiter::Beneficiary> who = read_beneficiary(text.substr(0, colon));
        if (!who) throw BadValue{text, "is for no range, account or token"};
        std::vector<limiter::Policy> policies = limiter::default_policies();
        policies.push_back(limiter::address_policy(policies.front()));
        limiter::Policy policy;
        try {
            policy = read_policy(policies, text.substr(colon + 1));
        } catch (const BadValue& bad) {
            throw BadValue{text, bad.problem};
        }
        policy.spares_loopback = false;  // somebody has asked for it
        policy.scope = text.substr(0, colon);
        const auto same = std::find_if(overrides.begin(), overrides.end(), [&](const limiter::Override& one) {
            return one.who == *who && one.policy.name == policy.name;
        });
        if (same != overrides.end()) throw BadValue{text, "is said twice"};
        if (overrides.size() == limiter::kOverridesMax) throw BadValue{text, "is one too many"};
        overrides.push_back({*who, std::move(policy)});
    }
    return overrides;
}

std::string show_override(const limiter::Override& one) {
    std::string who;
    if (one.who.range) {
        who = one.who.range->to_string();
    } else if (!one.who.username.empty()) {
        who = std::string{kAccount} + one.who.username;
    } else {
        who = std::string{kToken} + one.who.token_id;
    }
    return who + ":" + show_policy(one.policy);
}

std::string show_listen(const Listen& listen) {
    const bool v6 = listen.host.find(':') != std::string::npos;
    return (v6 ? "[" + listen.host + "]" : listen.host) + ":" + std::to_string(listen.port);
}

std::string show_policy(const limiter::Policy& policy) {
    if (!policy.enabled) return policy.name + "=off";
    const std::string rate = std::to_string(policy.quota) + "/" + base::format_duration(policy.window);
    return policy.name + "=" + rate + (policy.shadow ? "," + std::string{kShadow} : "");
}

std::string mask_password(std::string_view url) {
    std::string shown(url);
    if (url.starts_with("sqlite:")) return shown;
    const auto scheme = shown.find("://");
    const auto user = scheme == std::string::npos ? 0 : scheme + 3;
    // The last @, because a password that is not percent-encoded may have one too; first without the query.
    auto at = shown.rfind('@', shown.find('?'));
    if (at == std::string::npos) at = shown.rfind('@');
    const auto colon = shown.find(':', user);
    if (at != std::string::npos && colon < at) shown.replace(colon + 1, at - colon - 1, "****");
    const std::string key = "password=";
    for (auto found = shown.find(key); found != std::string::npos; found = shown.find(key, found + key.size())) {
        const auto start = found + key.size();
        const auto end = std::min(shown.find_first_of("& ", start), shown.size());
        shown.replace(start, end - start, "****");
    }
    return shown;
}

}  // namespace snippetd::settings
