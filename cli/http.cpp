#include "http.hpp"

#include "failure.hpp"
#include "signals.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <curl/curl.h>
#include <fmt/format.h>

namespace snippetd::cli {

namespace {

constexpr std::size_t kAnswerMax = 256u << 20;  // bytes; more is refused
constexpr std::size_t kFieldsMax = 256;         // further ones are not kept
constexpr Milliseconds kConnectTimeout{10'000};
constexpr long kLeastRate = 100;  // bytes a second; what is slower stands still

struct Exchange {
    const Request* request;
    Response response;
    bool too_large = false;
};

std::string trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
    return std::string{text};
}

std::size_t take_body(char* bytes, std::size_t size, std::size_t count, void* context) {
    Exchange& exchange = *static_cast<Exchange*>(context);
    if (exchange.response.body.size() + size * count > kAnswerMax) {
        exchange.too_large = true;
        return 0;
    }
    exchange.response.body.append(bytes, size * count);
    return size * count;
}

std::size_t take_field(char* bytes, std::size_t size, std::size_t count, void* context) {
    auto& fields = static_cast<Exchange*>(context)->response.fields;
    const std::string_view line{bytes, size * count};
    const std::size_t colon = line.find(':');
    if (line.starts_with("HTTP/")) {
        fields.clear();  // an interim answer came before
    } else if (colon != line.npos && fields.size() < kFieldsMax) {
        std::string name{line.substr(0, colon)};
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        fields.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
    }
    return size * count;
}

int report_progress(void* context, curl_off_t, curl_off_t, curl_off_t total, curl_off_t done) {
    const Exchange& exchange = *static_cast<Exchange*>(context);
    if (exchange.request->progress && total > 0) {
        exchange.request->progress(static_cast<std::uint64_t>(done), static_cast<std::uint64_t>(total));
    }
    return signal_received() != 0 ? 1 : 0;
}

NoAnswer::Kind kind_of(CURLcode code, bool connected) {
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST: return NoAnswer::Kind::resolve;
        case CURLE_COULDNT_CONNECT: return NoAnswer::Kind::connect;
        case CURLE_COULDNT_RESOLVE_PROXY:
        case CURLE_PROXY: return NoAnswer::Kind::proxy;
        case CURLE_SSL_CONNECT_ERROR:
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_SSL_CIPHER:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_ISSUER_ERROR:
        case CURLE_SSL_ENGINE_INITFAILED: return NoAnswer::Kind::tls;
        case CURLE_OPERATION_TIMEDOUT: return connected ? NoAnswer::Kind::timeout : NoAnswer::Kind::connect;
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_HTTP2:
        case CURLE_HTTP2_STREAM:
        case CURLE_WEIRD_SERVER_REPLY: return NoAnswer::Kind::cut;
        default: return NoAnswer::Kind::other;
    }
}

}  // namespace

std::string_view Response::field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
        if (key == name) return value;
    }
    return {};
}

struct Http::Handle {
    CURL* curl;
};

Http::Http() : handle_{std::make_unique<Handle>()} {
    curl_global_init(CURL_GLOBAL_DEFAULT);
    handle_->curl = curl_easy_init();
    if (!handle_->curl) throw Failure{ExitCode::other, "libcurl does not start"};
}

Http::~Http() {
    curl_easy_cleanup(handle_->curl);
    curl_global_cleanup();
}

std::variant<Response, NoAnswer> Http::send(const Request& request, Milliseconds timeout) {
    CURL* curl = handle_->curl;
    curl_easy_reset(curl);
    Exchange exchange{&request, {}, false};
    char reason[CURL_ERROR_SIZE] = "";
    std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> fields{nullptr, curl_slist_free_all};
    const auto add = [&](const std::string& line) { fields.reset(curl_slist_append(fields.release(), line.c_str())); };
    for (const auto& [name, value] : request.fields) add(name + ": " + value);
    // Some servers never answer the question whether they want the body, which costs a second.
    add("Expect:");
    curl_easy_setopt(curl, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, fields.get());
    if (request.has_body) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.data());
    }
    // What stays on this machine is not to be read elsewhere.
    if (request.loopback) curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "snip/" SNIPPETD_VERSION);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::min(kConnectTimeout, timeout).count()));
    // Not for the whole: a slow link would be cut although bytes flow.
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, kLeastRate);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME,
                     static_cast<long>(std::chrono::ceil<std::chrono::seconds>(timeout).count()));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_field);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
    // As the curl program does; the library alone does not look.
    const char* authorities = std::getenv("SSL_CERT_FILE");
    if (authorities && *authorities) curl_easy_setopt(curl, CURLOPT_CAINFO, authorities);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, report_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);

    const CURLcode result = curl_easy_perform(curl);
    check_interrupted();
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (result == CURLE_OK) {
        exchange.response.status = static_cast<int>(status);
        return std::move(exchange.response);
    }
    if (exchange.too_large) {
        return NoAnswer{NoAnswer::Kind::too_large, fmt::format("the answer has more than {} MiB", kAnswerMax >> 20)};
    }
    curl_off_t connected_us = 0;
    curl_easy_getinfo(curl, CURLINFO_PRETRANSFER_TIME_T, &connected_us);
    return NoAnswer{kind_of(result, connected_us > 0), *reason ? reason : curl_easy_strerror(result)};
}

std::string percent_encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain =
            byte < 0x80 && (std::isalnum(byte) || std::string_view{"-._~"}.find(c) != std::string_view::npos);
        out += plain ? std::string{c} : fmt::format("%{:02X}", byte);
    }
    return out;
}

}  // namespace snippetd::cli
