#include "use_cases/snippet_input.hpp"

#include "base/secret.hpp"
#include "base/shows_nothing.hpp"
#include "base/units.hpp"
#include "base/utf8.hpp"
#include "model/languages.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::use_cases {

namespace {

constexpr std::size_t kTitleCharactersMax = 200;
constexpr std::size_t kTagsMax = 10;
constexpr std::size_t kTagCharactersMax = 32;
constexpr std::int64_t kExpiresInMax = 10LL * 365 * 24 * 3600;
constexpr std::string_view kNoText = "is not text in UTF-8";

void check_body(const std::string& body, Complaints& complaints) {
    if (body.empty()) complaints.add("body", "may not be empty");
    if (!base::count_code_points(body)) complaints.add("body", kNoText);
    if (body.find('\0') != std::string::npos)
        complaints.add("body", "may not have NUL characters, as binary files have: only text can be shared");
}

/// Whether it has characters, and none of them is seen, though they are not all blanks of ASCII.
bool is_all_unseen(std::string_view text) {
    bool more_than_blanks = false;
    while (!text.empty()) {
        const base::CodePoint c = base::first_code_point(text);
        if (c.bytes == 0 || !base::shows_nothing(c.value)) return false;
        if (c.value != 0x20) more_than_blanks = true;
        text.remove_prefix(c.bytes);
    }
    return more_than_blanks;
}

void check_title(const std::string& title, Complaints& complaints) {
    const std::optional<std::size_t> length = base::count_code_points(title);
    if (!length) {
        complaints.add("title", kNoText);
    } else if (*length > kTitleCharactersMax) {
        complaints.add("title", "may have at most 200 characters");
    } else if (base::has_control_characters(title)) {
        complaints.add("title", "may not have control characters");
    } else if (is_all_unseen(title)) {
        complaints.add("title", "has nothing that can be seen");
    }
}

void check_tags(std::vector<std::string>& tags, Complaints& complaints) {
    // As they were sent, repetitions included: what follows compares each with each.
    if (tags.size() > kTagsMax) {
        complaints.add("tags", "may be 10 at most");
        return;
    }
    std::vector<std::string> unique;
    for (std::string& tag : tags) {
        const std::optional<std::size_t> length = base::count_code_points(tag);
        if (!length) {
            complaints.add("tags", kNoText);
            return;
        }
        if (*length < 1 || *length > kTagCharactersMax || base::has_control_characters(tag)) {
            complaints.add("tags", "have 1 to 32 characters each, without control characters");
            return;
        }
        if (std::find(unique.begin(), unique.end(), tag) == unique.end()) unique.push_back(std::move(tag));
    }
    tags = std::move(unique);
}

void check_language(std::string& language, Complaints& complaints) {
    if (!base::count_code_points(language)) {
        complaints.add("language", kNoText);
        return;
    }
    language = model::canonical_language(language);
}

bool is_lifetime(std::int64_t seconds) {
    return seconds >= 1 && seconds <= kExpiresInMax;
}

/// What a hash is made of: each part with its length, so that none runs into the next.
class Parts {
  public:
    void add(std::string_view name, std::string_view value) {
        text_ += fmt::format("{} {}:", name, value.size());
        text_ += value;
    }
    void add(std::string_view name, std::int64_t value) { add(name, std::to_string(value)); }
    const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace

std::optional<Error> check(SnippetInput& input, std::uint64_t body_bytes_max, Purpose purpose) {
    Complaints& complaints = input.complaints;
    if (input.body && input.body->size() > body_bytes_max) {
        return error(ErrorKind::payload_too_large,
                     fmt::format("A snippet may have {}.", base::format_size(body_bytes_max)));
    }
    if (input.title) check_title(*input.title, complaints);
    if (input.tags) check_tags(*input.tags, complaints);
    if (input.language) check_language(*input.language, complaints);
    if (input.body) check_body(*input.body, complaints);
    const auto seconds = input.expires_in_s.value_or(std::nullopt);
    if (seconds && !is_lifetime(*seconds)) complaints.add("expires_in", lifetime_fault(kExpiresInMax));
    if (purpose == Purpose::create && !input.body) complaints.add("body", "is required");
    return complaints.to_error();
}

std::optional<Error> set_expiry(const SnippetInput& input, base::UnixMillis now, model::Snippet& snippet) {
    std::optional<std::optional<std::int64_t>> seconds = input.expires_in_s;
    if (input.expires_at) seconds = (*input.expires_at - now) / 1000;
    if (!seconds) return std::nullopt;
    snippet.expires_at.reset();
    if (!*seconds) return std::nullopt;
    if (!is_lifetime(**seconds)) return invalid_field("expires_in", lifetime_fault(kExpiresInMax));
    snippet.expires_at = now + **seconds * 1000;
    return std::nullopt;
}

std::string fingerprint_of(const SnippetInput& input) {
    Parts parts;
    if (input.title) parts.add("title", *input.title);
    if (input.language) parts.add("language", *input.language);
    if (input.visibility) parts.add("visibility", model::to_text(*input.visibility));
    if (input.tags) {
        Parts tags;
        for (const std::string& tag : *input.tags) tags.add("tag", tag);
        parts.add("tags", tags.text());
    }
    if (const auto seconds = input.expires_in_s.value_or(std::nullopt)) parts.add("expires_in", *seconds);
    if (input.expires_at) parts.add("expires_at", *input.expires_at);
    if (input.burn_after_reading) parts.add("burn", *input.burn_after_reading ? 1 : 0);
    if (input.body) parts.add("body", *input.body);
    return base::hash_for("snippetd/asked", parts.text());
}

std::string title_of_file(std::string_view file_name) {
    file_name.remove_prefix(file_name.find_last_of("/\\") + 1);  // npos + 1 is 0
    if (file_name == "-" || !base::count_code_points(file_name)) return {};
    std::string title;
    for (const char c : file_name) {
        if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) title += c;
    }
    const std::size_t characters = *base::count_code_points(title);
    return std::string{base::without_first(title, characters - std::min(characters, kTitleCharactersMax))};
}

}  // namespace snippetd::use_cases
