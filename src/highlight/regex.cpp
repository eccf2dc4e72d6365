#include "highlight/regex.hpp"

#include <ctime>

#include <oniguruma.h>

namespace snippetd::highlight {

namespace {

constexpr std::int64_t kLineNsMax = 30'000'000;
constexpr unsigned long kRetriesMax = 50'000;  // of one match: some half of a millisecond
constexpr unsigned kStackMax = 20'000;         // entries of some tens of bytes

std::int64_t thread_time_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

const OnigUChar* bytes_of(std::string_view text) {
    return reinterpret_cast<const OnigUChar*>(text.data());
}

/// What all expressions of this process share.
struct Library {
    Library() : region{onig_region_new()} {
        OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
        onig_initialize(encodings, 1);
        onig_set_retry_limit_in_match(kRetriesMax);
        onig_set_match_stack_limit_size(kStackMax);
    }
    OnigRegion* region;
};

Library& library() {
    static Library made;
    return made;
}

}  // namespace

void Effort::start_line() {
    until_ns_ = thread_time_ns() + kLineNsMax;
    failures_ = 0;
    spent_ = false;
}

bool Effort::look() {
    spent_ = thread_time_ns() > until_ns_;
    return spent_;
}

void Regex::Free::operator()(re_pattern_buffer* regex) const {
    onig_free(regex);
}

Regex::Regex(std::string pattern) : pattern_{std::move(pattern)}, starts_{starts_of(pattern_)} {}

Regex::~Regex() = default;

bool Regex::compile(Effort& effort) {
    compiled_ = true;
    const std::int64_t began_ns = thread_time_ns();
    library();
    OnigRegex made = nullptr;
    const OnigUChar* begin = bytes_of(pattern_);
    // Of letters that are the same but for their case, those of ASCII are enough, and compile in a tenth of the time.
    constexpr OnigOptionType kOptions = ONIG_OPTION_CAPTURE_GROUP | ONIG_OPTION_IGNORECASE_IS_ASCII;
    if (onig_new(&made, begin, begin + pattern_.size(), kOptions, ONIG_ENCODING_UTF8,
                 ONIG_SYNTAX_DEFAULT, nullptr) == ONIG_NORMAL) {
        regex_.reset(made);
    }
    effort.excuse(thread_time_ns() - began_ns);  // some have thousands of words, and are needed once
    return regex_ != nullptr;
}

bool Regex::matches(std::string_view line, std::size_t at, Anchors anchors, Effort& effort, std::vector<Span>& spans) {
    if (!regex_ && (compiled_ || !compile(effort))) return false;
    OnigOptionType options = ONIG_OPTION_NONE;
    if (!anchors.text) options |= ONIG_OPTION_NOT_BEGIN_STRING;
    if (!anchors.search) options |= ONIG_OPTION_NOT_BEGIN_POSITION;
    OnigRegion* region = library().region;
    const OnigUChar* begin = bytes_of(line);
    const int length = onig_match(regex_.get(), begin, begin + line.size(), begin + at, region, options);
    if (length < 0) {
        if (length != ONIG_MISMATCH) effort.add_failure();
        return false;
    }
    spans.clear();
    for (int i = 0; i < region->num_regs; ++i) {
        spans.push_back(region->beg[i] < 0 ? Span{}
                                           : Span{static_cast<std::size_t>(region->beg[i]),
                                                  static_cast<std::size_t>(region->end[i])});
    }
    return true;
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (std::string_view{R"(\|([{}]).?*+^$)"}.find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

}  // namespace snippetd::highlight
