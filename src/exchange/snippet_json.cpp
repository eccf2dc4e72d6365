#include "exchange/snippet_json.hpp"

#include "base/json_text.hpp"
#include "base/numbers.hpp"
#include "base/utf8.hpp"
#include "http/entity_tag.hpp"
#include "model/languages.hpp"
#include "use_cases/texts.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace snippetd::exchange {

void append_base_tag(std::string& out, std::string_view base) {
    std::uint32_t hash = 2166136261;
    for (const char c : base) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619;
    constexpr std::string_view kDigits = "0123456789abcdef";
    out += '-';
    for (int shift = 28; shift >= 0; shift -= 4) out += kDigits[hash >> shift & 15];
}

void append_json_etag(std::string& out, std::int64_t version, std::int64_t view_count, std::string_view base) {
    out += "\"v";
    base::append_number(out, version);
    out += "-c";
    base::append_number(out, view_count);
    append_base_tag(out, base);
    out += '"';
}

std::string json_etag(const model::Snippet& snippet, std::string_view base) {
    std::string tag;
    append_json_etag(tag, snippet.version, snippet.view_count, base);
    return tag;
}

std::string raw_etag(std::int64_t version) {
    return http::strong_entity_tag(fmt::format("v{}-raw", version));
}

void append_coding(std::string& etag, http::Coding coding) {
    if (coding == http::Coding::identity) return;
    etag.back() = '-';  // its quote
    etag += http::to_text(coding);
    etag += '"';
}

namespace {

/// With the room that they need, made once.
void append_all(std::string& out, std::initializer_list<std::string_view> pieces) {
    std::size_t bytes = out.size();
    for (const std::string_view piece : pieces) bytes += piece.size();
    out.reserve(bytes);
    for (const std::string_view piece : pieces) out += piece;
}

/// Builds an object member by member.
class Writer {
  public:
    explicit Writer(std::string& out) : out_{out} {}

    void name(std::string_view name) {
        out_ += first_ ? "{\"" : ",\"";
        first_ = false;
        out_ += name;
        out_ += "\":";
    }
    void text(std::string_view name_, std::string_view value) {
        name(name_);
        base::append_json_string(out_, value);
    }
    void text_or_null(std::string_view name_, std::string_view value) {
        if (!value.empty()) return text(name_, value);
        name(name_);
        out_ += "null";
    }
    void number(std::string_view name_, std::int64_t value) {
        name(name_);
        out_ += std::to_string(value);
    }
    void time(std::string_view name_, base::UnixMillis value) { text(name_, base::format_rfc3339(value)); }

  private:
    std::string& out_;
    bool first_ = true;
};

/// A snippet's JSON in three parts: between the first two goes the view count, between the last two the base of the
/// link.
struct Parts {
    std::string before_count, after_count, after_base;
    std::size_t body_at = 0;  ///< in the first, after the quote
};

/// The body's own text is put into the first part by `with_body`.
Parts snippet_parts(const model::Snippet& snippet, Body body, std::string_view edit_token) {
    Parts parts;
    // As much as most need: what is kept is not to be twice as large as what is in it.
    constexpr std::size_t kBeforeCount = 192, kAfterCount = 120, kAfterBase = 20;
    parts.before_count.reserve(kBeforeCount);
    parts.after_count.reserve(kAfterCount);
    parts.after_base.reserve(kAfterBase);
    Writer writer{parts.before_count};
    writer.text("id", snippet.id);
    writer.text("title", snippet.title);
    if (body == Body::shown) {
        writer.text("body", {});
        parts.body_at = parts.before_count.size() - 1;
    }
    writer.text("language", snippet.language);
    writer.text("visibility", to_text(snippet.visibility));
    writer.name("tags");
    parts.before_count += '[';
    for (const std::string& tag : snippet.tags) {
        if (parts.before_count.back() != '[') parts.before_count += ',';
        base::append_json_string(parts.before_count, tag);
    }
    parts.before_count += ']';
    writer.text_or_null("owner", snippet.owner_name);
    writer.number("version", snippet.version);
    writer.name("view_count");

    const std::string created_at = base::format_rfc3339(snippet.created_at);
    const bool edited = snippet.updated_at != snippet.created_at;
    append_all(parts.after_count,
               {R"(,"created_at":")", created_at, R"(","updated_at":")",
                edited ? base::format_rfc3339(snippet.updated_at) : created_at, R"(","expires_at":)"});
    if (snippet.expires_at) {
        append_all(parts.after_count, {"\"", base::format_rfc3339(*snippet.expires_at), "\""});
    } else {
        parts.after_count += "null";
    }
    if (snippet.burn_after_reading) parts.after_count += R"(,"burn_after_reading":true)";
    if (!snippet.forked_from.empty()) {
        parts.after_count += R"(,"forked_from":)";
        base::append_json_string(parts.after_count, snippet.forked_from);
    }
    parts.after_count += R"(,"url":")";

    append_all(parts.after_base, {"/s/", snippet.id, "\""});
    if (!edit_token.empty()) {
        parts.after_base += R"(,"edit_token":)";
        base::append_json_string(parts.after_base, edit_token);
    }
    parts.after_base += '}';
    return parts;
}

/// How much room a body needs when it is escaped: of a large one to the byte, of others an estimate, since counting
/// costs more than moving what was too small.
std::size_t room_for(std::string_view body) {
    const bool large = body.size() > use_cases::Texts::kHereBytesMax;
    return large ? base::json_escaped_bytes(body) : body.size() + body.size() / 16;
}

/// `around` with the escaped body in its place.
std::string with_body(std::string_view around, std::size_t body_at, std::string_view body, std::size_t body_bytes) {
    std::string out;
    constexpr std::size_t kRoom = 512;  // for what is put behind it, and what escaping needs
    out.reserve(around.size() + body_bytes + kRoom);
    out += around.substr(0, body_at);
    base::append_json_escaped(out, body);
    out += around.substr(body_at);
    return out;
}

/// What both representations say.
std::string common_fields(const model::Snippet& snippet, std::string_view cache_control) {
    std::string out;
    append_all(out, {"Last-Modified: ", base::format_http_date(snippet.updated_at),
                     "\r\nCache-Control: ", cache_control, "\r\n"});
    return out;
}

}  // namespace

std::string snippet_json(const model::Snippet& snippet, std::string_view base, Body body, std::string_view edit_token) {
    const Parts parts = snippet_parts(snippet, body, edit_token);
    std::string out = body == Body::left_out
                          ? parts.before_count
                          : with_body(parts.before_count, parts.body_at, snippet.body, room_for(snippet.body));
    out += std::to_string(snippet.view_count);
    out += parts.after_count;
    out += base;
    out += parts.after_base;
    return out;
}

namespace {

void fill_in_body(cache::Entry& entry) {
    const std::size_t around = entry.json_before_count.size();
    entry.json_before_count =
        with_body(entry.json_before_count, entry.json_body_at, entry.snippet->body,
                  entry.json_body_bytes > 0 ? entry.json_body_bytes : room_for(entry.snippet->body));
    entry.json_before_count.shrink_to_fit();
    entry.json_before_count_bytes = entry.json_before_count.size();
    entry.json_body_bytes = entry.json_before_count_bytes - around;
}

}  // namespace

std::shared_ptr<cache::Entry> make_entry(std::shared_ptr<const model::Snippet> snippet, base::Milliseconds ttl,
                                         std::string_view cache_control) {
    auto entry = std::make_shared<cache::Entry>();
    entry->id = snippet->id;
    entry->version = snippet->version;
    entry->expires_at = snippet->expires_at.value_or(0);
    entry->valid_until = base::steady_now() + ttl;
    entry->view_count = snippet->view_count;
    Parts parts = snippet_parts(*snippet, Body::shown, {});
    entry->json_body_at = parts.body_at;
    entry->json_before_count = std::move(parts.before_count);
    entry->json_after_count = std::move(parts.after_count);
    entry->json_after_base = std::move(parts.after_base);
    entry->raw_etag = raw_etag(snippet->version);
    const std::string fields = common_fields(*snippet, cache_control);
    append_all(entry->json_fields, {"Vary: Accept, Accept-Encoding\r\nContent-Type: application/json\r\n", fields});
    entry->raw_head = cache::Entry::kStatusLine;
    append_all(entry->raw_head, {"ETag: ", entry->raw_etag, "\r\nVary: Accept-Encoding\r\n",
                                 snippet->burn_after_reading ? "" : "Accept-Ranges: bytes\r\n",
                                 "Content-Type: text/plain; charset=utf-8\r\n", fields});
    entry->raw_fields_bytes = entry->raw_head.size() - cache::Entry::kStatusLine.size();
    append_all(entry->raw_head, {"Content-Length: ", std::to_string(snippet->body.size()), "\r\n"});
    entry->snippet = std::move(snippet);
    if (entry->snippet->body.size() > use_cases::Texts::kHereBytesMax) {
        entry->json_body_bytes = base::json_escaped_bytes(entry->snippet->body);
        entry->json_before_count_bytes = entry->json_before_count.size() + entry->json_body_bytes;
        entry->completion = std::make_shared<cache::Entry::Completion>();
    } else {
        fill_in_body(*entry);
    }
    return entry;
}

std::shared_ptr<const cache::Entry> make_whole(const cache::Entry& entry) {
    const std::lock_guard lock{entry.completion->mutex};
    if (std::shared_ptr<const cache::Entry> made = entry.completion->whole.lock()) return made;
    auto whole = std::make_shared<cache::Entry>(entry);
    whole->completion = nullptr;
    fill_in_body(*whole);
    entry.completion->whole = whole;
    return whole;
}

namespace {

/// The title with what has a meaning in a path or in a header field, and what shows nothing itself, replaced: a name
/// must not look like another one. Without blanks at its beginning, and with one dot there at most.
std::string harmless(std::string_view title) {
    std::string name;
    while (!title.empty()) {
        const base::CodePoint next = base::first_code_point(title);
        const std::string_view bytes = title.substr(0, std::max<std::size_t>(next.bytes, 1));
        const auto byte = static_cast<unsigned char>(bytes.front());
        constexpr std::string_view kMarks = ".-_ ()+,'#&!=@~[]{}";
        const bool ascii = std::isalnum(byte) || kMarks.find(bytes.front()) != kMarks.npos;
        const bool kept = byte < 0x80 ? ascii : next.bytes > 0 && !base::is_unseen(next.value);
        name += kept ? bytes : "_";
        title.remove_prefix(bytes.size());
    }
    const std::size_t begin = name.find_first_not_of(". ");
    if (begin == name.npos) return {};
    const bool hidden = begin > 0 && name[begin - 1] == '.';
    return name.substr(hidden ? begin - 1 : begin);
}

/// Takes the extension off `name` and returns it, when it has one that looks like that.
std::string take_extension(std::string& name) {
    constexpr std::size_t kExtensionMax = 12;
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos || dot == 0) return {};
    std::string extension = name.substr(dot + 1);
    const bool plain =
        !extension.empty() && extension.size() <= kExtensionMax &&
        std::all_of(extension.begin(), extension.end(), [](unsigned char c) { return c < 0x80 && std::isalnum(c); });
    if (!plain) return {};
    name.erase(dot);
    return extension;
}

}  // namespace

std::string_view extension_of(std::string_view language) {
    for (const model::Language& known : model::languages()) {
        if (known.name == language && !known.extensions.empty()) return known.extensions.front();
    }
    return "txt";
}

std::string download_name(std::string_view id, std::string_view title, std::string_view language) {
    std::string name = harmless(title);
    if (!name.empty()) return name;
    return fmt::format("{}.{}", id, extension_of(language));
}

std::string export_name(std::string_view id, std::string_view title, std::string_view language) {
    constexpr std::size_t kTitleBytesMax = 120;
    std::string name = harmless(title);
    if (name.starts_with('.')) name.erase(0, 1);
    std::string extension = take_extension(name);
    if (extension.empty()) extension = extension_of(language);
    name.resize(base::cut(name, kTitleBytesMax).size());
    // Some systems do not allow these at the end.
    while (name.ends_with('.') || name.ends_with(' ')) name.pop_back();
    return name.empty() ? fmt::format("{}.{}", id, extension) : fmt::format("{}-{}.{}", id, name, extension);
}

}  // namespace snippetd::exchange
