#include "http/request_reader.hpp"

#include "base/assert.hpp"
#include "http/client_address.hpp"
#include "http/memory.hpp"
#include "http/plain_get.hpp"

#include <utility>

namespace snippetd::http {

namespace {

constexpr std::size_t kUnparsedBodyMax = 16 * 1024;
constexpr int kEmptyLinesMax = 4;

}  // namespace

RequestReader::RequestReader(const ServerOptions& options, const Service& service, ServerLimits& limits,
                             boost::asio::ip::address peer)
    : options_{options}, service_{service}, peer_{std::move(peer)}, body_{limits.memory} {
    request_.client = peer_;
}

RequestReader::Progress RequestReader::take(std::string_view& input) {
    SNIPPETD_ASSERT(!refusal_ && !is_done(), refusal_.has_value(), is_done());
    if (is_header_done()) return feed(input);
    // RFC 9112 section 2.2: an empty line before a request is passed over.
    while (input.starts_with("\r\n") && empty_lines_ < kEmptyLinesMax) {
        input.remove_prefix(2);
        ++empty_lines_;
    }
    if (input.empty() || (input == "\r" && empty_lines_ < kEmptyLinesMax)) return Progress::wanting;
    const std::size_t end = input.substr(0, Parser::kHeaderBytesMax).find("\r\n\r\n");
    if (end == input.npos) {
        refusal_ = Parser::find_early_fault(input);
        return refusal_ ? Progress::refused : Progress::wanting;
    }
    sent_header_ = input.substr(0, end + 4);
    if (read_plain_get(sent_header_, request_)) {
        plain_ = true;
        input.remove_prefix(sent_header_.size());
        identify_client();
        return Progress::whole;
    }
    request_.client = peer_;
    parser_.emplace(request_, options_.request_body_bytes_max, &service_);
    const Progress progress = feed(input);
    if (progress == Progress::wanting) keep();
    return progress;
}

RequestReader::Progress RequestReader::feed(std::string_view& input) {
    const bool knew_header = is_header_done();
    const std::size_t used = parser_->feed(input);
    SNIPPETD_ASSERT(used <= input.size(), used, input.size());
    input.remove_prefix(used);
    if (parser_->failure()) {
        refusal_ = parser_->failure();
        return Progress::refused;
    }
    if (is_header_done() && !knew_header) identify_client();
    if (!count_body()) return Progress::refused;
    if (is_done()) return Progress::whole;
    if (input.size() > kUnparsedBodyMax) return refuse(base::ErrorKind::bad_request, "The chunked body is malformed.");
    return Progress::wanting;
}

void RequestReader::identify_client() {
    request_.client = client_address(peer_, request_.field(Field::forwarded_for), options_.trusted_proxies);
}

RequestReader::Progress RequestReader::refuse(base::ErrorKind kind, std::string_view detail) {
    refusal_ = base::Error{kind, std::string{detail}, {}, 0};
    return Progress::refused;
}

void RequestReader::keep() {
    if (!header_.empty()) return;
    header_ = sent_header_;
    request_.move_views(sent_header_, header_.data());
}

void RequestReader::finish() {
    body_.release();
    request_.clear();
    request_.client = peer_;
    plain_ = false;
    parser_.reset();
    refusal_.reset();
    sent_header_ = {};
    std::string{}.swap(header_);
    empty_lines_ = 0;
    continued_ = false;
}

bool RequestReader::take_continue() {
    return parser_ && parser_->expects_continue() && !std::exchange(continued_, true);
}

/// Counts the body against what its client, and all together, may have the process hold.
bool RequestReader::count_body() {
    if (request_.body.empty()) return true;  // nor was it ever more
    const auto outcome = body_.set(request_.body.size(), [this] { return memory_groups(request_.client); });
    if (outcome == base::MemoryBudget::Outcome::granted) return true;
    refusal_ = too_much_held(outcome);
    return false;
}

}  // namespace snippetd::http
