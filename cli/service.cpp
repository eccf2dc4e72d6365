#include "service.hpp"

#include "signals.hpp"
#include "text.hpp"

#include <algorithm>
#include <random>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kRedirectsMax = 5;
constexpr std::size_t kFieldsShownMax = 20;

std::optional<json::object> parse_object(std::string_view body) {
    json::error_code failure;
    json::value value = json::parse({body.data(), body.size()}, failure);
    if (failure || !value.is_object()) return std::nullopt;
    return std::move(value.as_object());
}

/// The stable word of a problem (RFC 9457), or nothing when the answer is no problem of snippetd.
std::string error_word(const Response& response) {
    const std::optional<json::object> problem = parse_object(response.body);
    return problem ? text_in(*problem, "error") : "";
}

bool asks_for_another_attempt(const Response& response) {
    switch (response.status) {
        case 409: return error_word(response) == "idempotency_in_progress";
        case 429:
        case 502:
        case 503:
        case 504: return true;
        default: return false;
    }
}

std::string_view reason_to_wait(int status) {
    switch (status) {
        case 409: return "the same request is still running";
        case 429: return "rate limited";
        case 503: return "busy or partly down";
        default: return "a gateway gets no answer from it";
    }
}

std::string seconds_text(Milliseconds duration) {
    if (duration.count() % 1000 == 0) return fmt::format("{} s", duration.count() / 1000);
    return fmt::format("{:.1f} s", static_cast<double>(duration.count()) / 1000);
}

std::string_view advice(NoAnswer::Kind kind) {
    switch (kind) {
        case NoAnswer::Kind::resolve:
            return "Is the name right, and is there a network? --server or SNIPPETD_URL says which";
        case NoAnswer::Kind::connect:
            return "Is the server running there? --server or SNIPPETD_URL says which one is asked";
        case NoAnswer::Kind::proxy: return "Check the proxy in http_proxy or https_proxy, or name the host in no_proxy";
        case NoAnswer::Kind::tls:
            return "Check the address and its certificate; SSL_CERT_FILE names certificate authorities of your own";
        case NoAnswer::Kind::timeout: return "The server or the network is slow; --timeout gives it more time";
        case NoAnswer::Kind::cut: return "Is something between here and the server cutting connections? Try again";
        case NoAnswer::Kind::too_large: return "This is not what snippetd answers; check --server";
        case NoAnswer::Kind::other: break;
    }
    return "Check --server or SNIPPETD_URL";
}

bool may_pass(NoAnswer::Kind kind) {
    return kind == NoAnswer::Kind::connect || kind == NoAnswer::Kind::timeout || kind == NoAnswer::Kind::cut;
}

double random_jitter() {
    static std::mt19937 generator{std::random_device{}()};
    return std::uniform_real_distribution<double>{0, 1}(generator);
}

}  // namespace

std::string json_line(const json::value& value) {
    return visible_json(json::serialize(value));
}

std::string text_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains({name.data(), name.size()});
    return value && value->is_string() ? std::string{value->get_string()} : std::string{};
}

std::int64_t number_in(const json::object& object, std::string_view name) {
    const json::value* value = object.if_contains({name.data(), name.size()});
    return value && value->is_int64() ? value->get_int64() : 0;
}

std::variant<Response, NoAnswer> Service::attempt(const Call& call, Milliseconds left) {
    Request request;
    request.method = call.method;
    request.url = server_.base() + call.path;
    request.loopback = server_.loopback;
    request.fields = call.fields;
    request.progress = call.progress;
    if (call.body) {
        request.fields.emplace_back("Content-Type", "application/json");
        request.body = *call.body;
        request.has_body = true;
    }
    if (!token_.empty()) request.fields.emplace_back("Authorization", "Bearer " + token_);
    const Clock::time_point deadline = Clock::now() + left;
    for (int redirects = 0;; ++redirects) {
        terminal_.explain(fmt::format("{} {}", request.method, printable(request.url)));
        std::variant<Response, NoAnswer> outcome =
            http_.send(request, std::max(Milliseconds{1}, std::chrono::ceil<Milliseconds>(deadline - Clock::now())));
        const Response* response = std::get_if<Response>(&outcome);
        if (!response) return outcome;
        terminal_.explain(
            fmt::format("answered {} (request {})", response->status, printable(response->field("x-request-id"))));
        const bool redirected = response->status >= 301 && response->status <= 308 && response->status != 304;
        if (!redirected || call.method != "GET" || redirects == kRedirectsMax) return outcome;
        const std::string next = resolve_redirect(request.url, std::string{response->field("location")});
        if (next.empty() || !(next.starts_with("http://") || next.starts_with("https://"))) return outcome;
        const ServerAddress target = parse_server(next);
        if (target.origin != server_.origin) {
            // What is secret, tokens and edit tokens, was meant for this server alone.
            std::erase_if(request.fields, [](const auto& field) {
                return field.first == "Authorization" || field.first == "X-Edit-Token" || field.first == "Cookie";
            });
        }
        request.url = next;
        request.loopback = target.loopback;
    }
}

Answer Service::call(const Call& call) {
    Retries retries{options_.retries_max, options_.timeout};
    const Clock::time_point started = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration_cast<Milliseconds>(Clock::now() - started); };
    Answer answer;
    while (true) {
        const auto outcome = attempt(call, options_.timeout - elapsed());
        const Response* response = std::get_if<Response>(&outcome);
        const NoAnswer* none = std::get_if<NoAnswer>(&outcome);
        const bool refused = response ? response->status == 429 : none->kind == NoAnswer::Kind::connect;
        const bool again = response ? asks_for_another_attempt(*response) : may_pass(none->kind);
        if (response && !again) {
            answer.response = *response;
            return answer;
        }
        std::optional<Milliseconds> asked;
        if (response) {
            const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
            asked = parse_retry_after(response->field("retry-after"), now);
        }
        Retries::Next next{Retries::Next::Verdict::used_up, {}};
        if (again && (refused || call.repeat == Repeat::always)) {
            next = retries.after_failure(elapsed(), asked, random_jitter());
        }
        if (next.verdict != Retries::Next::Verdict::wait) {
            const int attempts = retries.retries_made() + 1;
            const std::string tried =
                fmt::format("{} {}, {} {} in {}", call.method, printable(server_.base() + call.path), attempts,
                            attempts == 1 ? "attempt" : "attempts", seconds_text(elapsed()));
            if (none) {
                throw Failure{ExitCode::network, fmt::format("no answer from the server ({}): {}. {}.", tried,
                                                             printable(none->detail), advice(none->kind))};
            }
            const Failure failure = failure_of(call, *response);
            const bool beyond = asked && next.verdict == Retries::Next::Verdict::too_late;
            throw Failure{
                failure.code(),
                beyond ? fmt::format("{}\n  The server asks to wait {}, which is more than --timeout leaves ({}).",
                                     failure.what(), seconds_text(*asked), tried)
                       : fmt::format("{}\n  Given up: {}. Try again later.", failure.what(), tried)};
        }
        answer.perhaps_done_before = answer.perhaps_done_before || !refused;
        terminal_.clear_progress();
        if (asked) {
            terminal_.tell(fmt::format("the server asks to wait {} ({}); trying again…", seconds_text(*asked),
                                       reason_to_wait(response->status)));
        } else {
            terminal_.tell(fmt::format(
                "{}; trying again in {}…",
                response ? fmt::format("the server answers {} ({})", response->status, reason_to_wait(response->status))
                         : printable(none->detail),
                seconds_text(next.wait)));
        }
        pause_for(next.wait);
    }
}

Answer Service::call_or_fail(const Call& call) {
    Answer answer = this->call(call);
    if (!answer.ok()) throw failure_of(call, answer.response);
    return answer;
}

Failure Service::failure_of(const Call& call, const Response& response) const {
    const ExitCode code = exit_code_of_status(response.status);
    const std::optional<json::object> problem = parse_object(response.body);
    if (response.status >= 300 && response.status < 400) {
        return {code,
                fmt::format("{} answers with a redirect ({}) to {}, which is not followed with {}: give the address "
                            "that it names with --server",
                            server_.base(), response.status, printable(response.field("location")), call.method)};
    }
    if (!problem || text_in(*problem, "error").empty()) {
        return {code,
                fmt::format(
                    "{} {} was answered {} with {} that is not snippetd's: is there a proxy in between, and "
                    "is --server right?",
                    call.method, printable(server_.base() + call.path), response.status,
                    response.field("content-type").empty() ? "something" : printable(response.field("content-type")))};
    }
    std::string text = printable(text_in(*problem, "detail"));
    if (text.empty()) text = printable(text_in(*problem, "title"));
    while (text.ends_with('.')) text.pop_back();
    text += fmt::format(" ({} {})", response.status, printable(text_in(*problem, "error")));
    if (const json::value* fields = problem->if_contains("fields"); fields && fields->is_object()) {
        std::size_t shown = 0;
        for (const auto& field : fields->get_object()) {
            if (!field.value().is_string() || ++shown > kFieldsShownMax) continue;
            text += fmt::format("\n  {}: {}", printable({field.key().data(), field.key().size()}),
                                printable({field.value().get_string().data(), field.value().get_string().size()}));
        }
    }
    if (response.status == 401) {
        text += token_.empty() ? "\n  `snip login` stores a token for this server; SNIPPETD_TOKEN holds one too."
                               : "\n  `snip login` makes a new one.";
    }
    return {code, text};
}

json::object Service::object_of(const Call& call, const Response& response) const {
    std::optional<json::object> object = parse_object(response.body);
    if (!object) {
        throw Failure{ExitCode::other,
                      fmt::format("{} {} was answered {} with what is not snippetd's JSON: is --server right?",
                                  call.method, printable(server_.base() + call.path), response.status)};
    }
    return *std::move(object);
}

}  // namespace snippetd::cli
