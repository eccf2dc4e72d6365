#include "highlight/regex.hpp"

#include <ctime>
#include <stdexcept>

#include <dlfcn.h>
#include <oniguruma.h>

namespace snippetd::highlight {

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::int64_t kSlowness = 20;
#else
constexpr std::int64_t kSlowness = 1;
#endif

constexpr std::int64_t kLineNsMax = 30'000'000 * kSlowness;
constexpr unsigned long kRetriesMax = 50'000;  // of one match: some half of a millisecond
constexpr unsigned kStackMax = 20'000;         // entries of some tens of bytes

const OnigUChar* bytes_of(std::string_view text) {
    return reinterpret_cast<const OnigUChar*>(text.data());
}

static_assert(ONIGURUMA_VERSION_MAJOR == 6);
constexpr const char* kLibrary = "libonig.so.5";  // of Oniguruma 6

/// Oniguruma, and what all expressions of this process share. It is opened when the first text is coloured: the service
/// itself, which colours none, has no need of it. And it is opened for nobody else, since it has functions of its own
/// under the names of POSIX (regcomp and so on), with other structures, which other libraries would get for the C
/// library's. Never closed. Throws std::runtime_error.
class Library {
  public:
    Library() {
        OnigEncoding encodings[] = {utf8};
        find<decltype(onig_initialize)>("onig_initialize")(encodings, 1);
        find<decltype(onig_set_retry_limit_in_match)>("onig_set_retry_limit_in_match")(kRetriesMax);
        find<decltype(onig_set_match_stack_limit_size)>("onig_set_match_stack_limit_size")(kStackMax);
    }

  private:
    static void* open() {
        void* opened = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
        if (!opened) throw std::runtime_error{dlerror()};
        return opened;
    }
    template <class T>
    T* find(const char* name) const {
        void* found = dlsym(handle_, name);
        if (!found) throw std::runtime_error{dlerror()};
        return reinterpret_cast<T*>(found);
    }

    void* const handle_ = open();

  public:
    OnigEncodingType* const utf8 = find<OnigEncodingType>("OnigEncodingUTF8");
    OnigSyntaxType* const syntax = *find<OnigSyntaxType*>("OnigDefaultSyntax");
    decltype(onig_new)* const make = find<decltype(onig_new)>("onig_new");
    decltype(onig_free)* const free = find<decltype(onig_free)>("onig_free");
    decltype(onig_match)* const match = find<decltype(onig_match)>("onig_match");
    OnigRegion* const region = find<decltype(onig_region_new)>("onig_region_new")();
};

Library& library() {
    static Library opened;
    return opened;
}

}  // namespace

std::int64_t thread_time_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * std::int64_t{1'000'000'000} + now.tv_nsec;
}

void Line::start(std::string_view text) {
    static std::uint64_t lines = 0;
    number_ = ++lines;
    text_ = text;
    bytes_ = {};
    for (const char c : text) bytes_.add(kind_of(c));
    until_ns_ = thread_time_ns() + kLineNsMax;
    failures_ = 0;
    spent_ = false;
}

bool Line::look() {
    spent_ = thread_time_ns() > until_ns_;
    return spent_;
}

void Regex::Free::operator()(re_pattern_buffer* regex) const {
    library().free(regex);
}

Regex::Regex(std::string pattern)
    : pattern_{std::move(pattern)}, starts_{starts_of(pattern_)}, required_{required_by(pattern_)} {}

Regex::~Regex() = default;

std::size_t Regex::memory_bytes() const {
    // Measured over grammars of all kinds: most of it is what Oniguruma makes of alternatives.
    constexpr std::size_t kCompiledBytes = 4000, kCompiledPerByte = 60;
    return sizeof(Regex) + pattern_.size() + (regex_ ? kCompiledBytes + kCompiledPerByte * pattern_.size() : 0);
}

bool Regex::compile(Line& line) {
    compiled_ = true;
    const std::int64_t began_ns = thread_time_ns();
    const Library& onig = library();
    OnigRegex made = nullptr;
    const OnigUChar* begin = bytes_of(pattern_);
    // Of letters that are the same but for their case, those of ASCII are enough, and compile in half the time.
    constexpr OnigOptionType kOptions = ONIG_OPTION_CAPTURE_GROUP | ONIG_OPTION_IGNORECASE_IS_ASCII;
    if (onig.make(&made, begin, begin + pattern_.size(), kOptions, onig.utf8, onig.syntax, nullptr) == ONIG_NORMAL) {
        regex_.reset(made);
    }
    line.excuse(thread_time_ns() - began_ns);  // some have thousands of words, and are needed once
    return regex_ != nullptr;
}

bool Regex::may_match(const Line& line, std::size_t at) {
    if (line_ != line.number()) {
        line_ = line.number();
        until_ = line.text().size();
        if (!(required_.bytes & ~line.bytes()).empty()) {
            until_ = 0;
        } else if (required_.literal.size() > 1) {
            const std::size_t last = line.text().rfind(required_.literal);
            until_ = last == line.text().npos ? 0 : last + 1;
        } else {
            ++until_;
        }
    }
    return at < until_;
}

bool Regex::matches(std::string_view text, std::size_t at, Anchors anchors, Line& line, std::vector<Span>& spans) {
    if (!regex_ && (compiled_ || !compile(line))) return false;
    OnigOptionType options = ONIG_OPTION_NONE;
    if (!anchors.text) options |= ONIG_OPTION_NOT_BEGIN_STRING;
    if (!anchors.search) options |= ONIG_OPTION_NOT_BEGIN_POSITION;
    OnigRegion* region = library().region;
    const OnigUChar* begin = bytes_of(text);
    const int length = library().match(regex_.get(), begin, begin + text.size(), begin + at, region, options);
    if (length < 0) {
        if (length != ONIG_MISMATCH) line.add_failure();
        return false;
    }
    spans.clear();
    for (int i = 0; i < region->num_regs; ++i) {
        spans.push_back(region->beg[i] < 0
                            ? Span{}
                            : Span{static_cast<std::size_t>(region->beg[i]), static_cast<std::size_t>(region->end[i])});
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
