#include "http/conditions.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace snippetd::http {

namespace {

/// RFC 9110 section 8.8.3.2.
enum class Comparison { strong, weak };

struct EntityTag {
    bool weak = false;
    std::string_view opaque;  ///< what is between the quotes
};

bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/// Takes the entity tag at the beginning of `text` off it; nothing when there is none. A comma may be part of it.
std::optional<EntityTag> take_tag(std::string_view& text) {
    EntityTag tag;
    tag.weak = text.starts_with("W/");
    if (tag.weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const std::size_t end = text.find('"', 1);
    if (end == text.npos) return std::nullopt;
    tag.opaque = text.substr(1, end - 1);
    const bool valid = std::all_of(tag.opaque.begin(), tag.opaque.end(),
                                   [](unsigned char c) { return c == 0x21 || (c >= 0x23 && c != 0x7F); });
    if (!valid) return std::nullopt;
    text.remove_prefix(end + 1);
    return tag;
}

bool matches(const EntityTag& tag, const Validators& current, Comparison comparison) {
    std::string_view wanted = current.etag;
    const bool weak = wanted.starts_with("W/");
    if (weak) wanted.remove_prefix(2);
    if (wanted.size() < 2 || (comparison == Comparison::strong && (weak || tag.weak))) return false;
    wanted = wanted.substr(1, wanted.size() - 2);
    if (tag.opaque == wanted) return true;
    return current.any_representation && tag.opaque.starts_with(wanted) && tag.opaque[wanted.size()] == '-';
}

struct Named {
    bool found = false;      ///< the list names what is there
    bool malformed = false;  ///< the list is none, from some place on
};

Named find_named(std::string_view list, const Validators& current, Comparison comparison) {
    if (list == "*") return {current.exists, false};  // in a list it is no entity tag
    Named named;
    bool empty = true;
    while (!list.empty() && !named.malformed) {
        while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
        if (list.empty()) break;
        empty = false;
        const std::optional<EntityTag> tag = take_tag(list);
        while (!list.empty() && is_blank(list.front())) list.remove_prefix(1);
        named.malformed = !tag || (!list.empty() && list.front() != ',');
        if (!named.malformed && current.exists && matches(*tag, current, comparison)) named.found = true;
    }
    named.malformed |= empty;
    return named;
}

std::int64_t whole_seconds(base::UnixMillis time) {
    return std::chrono::floor<std::chrono::seconds>(base::Milliseconds{time}).count();
}

/// Whether the target has been modified after the date in `field`; nothing when that cannot be said.
std::optional<bool> modified_since(std::string_view field, const Validators& current) {
    if (!current.exists || !current.modified_at) return std::nullopt;
    const std::optional<std::int64_t> date = parse_http_date(field, base::unix_now_ms());
    if (!date) return std::nullopt;
    return whole_seconds(*current.modified_at) > *date;
}

bool reads(const Request& request) {
    return request.method == Method::get || request.method == Method::head;
}

// --- Dates

constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// Reads a date from left to right; once something is not as expected, nothing is.
class DateReader {
  public:
    explicit DateReader(std::string_view text) : rest_{text} {}

    void text(std::string_view expected) {
        ok_ = ok_ && rest_.starts_with(expected);
        if (ok_) rest_.remove_prefix(expected.size());
    }
    /// The name of a day, whole or its first three letters.
    void day_name(bool whole) {
        const auto found = std::find_if(kDays.begin(), kDays.end(), [&](std::string_view day) {
            return rest_.starts_with(whole ? day : day.substr(0, 3));
        });
        ok_ = ok_ && found != kDays.end();
        if (ok_) rest_.remove_prefix(whole ? found->size() : 3);
    }
    unsigned month() {
        const auto found = std::find(kMonths.begin(), kMonths.end(), rest_.substr(0, 3));
        ok_ = ok_ && found != kMonths.end();
        if (!ok_) return 0;
        rest_.remove_prefix(3);
        return static_cast<unsigned>(found - kMonths.begin()) + 1;
    }
    unsigned number(std::size_t digits) {
        unsigned value = 0;
        const std::string_view field = rest_.substr(0, digits);
        const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
        ok_ = ok_ && field.size() == digits && failure == std::errc{} && end == field.data() + field.size();
        if (ok_) rest_.remove_prefix(digits);
        return value;
    }
    /// Of asctime: one digit after a blank, or two.
    unsigned padded_day() {
        if (!rest_.starts_with(' ')) return number(2);
        rest_.remove_prefix(1);
        return number(1);
    }
    std::chrono::seconds time_of_day() {
        const unsigned hour = number(2);
        text(":");
        const unsigned minute = number(2);
        text(":");
        const unsigned second = number(2);
        ok_ = ok_ && hour < 24 && minute < 60 && second <= 60;  // 60 is a leap second
        return std::chrono::hours{hour} + std::chrono::minutes{minute} + std::chrono::seconds{second};
    }
    bool done() const { return ok_ && rest_.empty(); }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

struct Date {
    unsigned year = 0, month = 0, day = 0;
    std::chrono::seconds time{};
};

std::optional<std::int64_t> seconds_of(const DateReader& reader, const Date& date) {
    using namespace std::chrono;
    const year_month_day ymd{year{static_cast<int>(date.year)}, month{date.month}, day{date.day}};
    if (!reader.done() || !ymd.ok()) return std::nullopt;
    return (sys_days{ymd}.time_since_epoch() + date.time).count();
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
std::optional<std::int64_t> parse_imf_fixdate(std::string_view text) {
    DateReader reader{text};
    Date date;
    reader.day_name(false);
    reader.text(", ");
    date.day = reader.number(2);
    reader.text(" ");
    date.month = reader.month();
    reader.text(" ");
    date.year = reader.number(4);
    reader.text(" ");
    date.time = reader.time_of_day();
    reader.text(" GMT");
    return seconds_of(reader, date);
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
std::optional<std::int64_t> parse_rfc850_date(std::string_view text, base::UnixMillis now) {
    DateReader reader{text};
    Date date;
    reader.day_name(true);
    reader.text(", ");
    date.day = reader.number(2);
    reader.text("-");
    date.month = reader.month();
    reader.text("-");
    date.year = reader.number(2);
    reader.text(" ");
    date.time = reader.time_of_day();
    reader.text(" GMT");
    using namespace std::chrono;
    const year_month_day today{floor<days>(sys_time<milliseconds>{milliseconds{now}})};
    const auto this_year = static_cast<unsigned>(static_cast<int>(today.year()));
    date.year += this_year - this_year % 100;
    if (date.year > this_year + 50) date.year -= 100;
    return seconds_of(reader, date);
}

/// `Sun Nov  6 08:49:37 1994`
std::optional<std::int64_t> parse_asctime(std::string_view text) {
    DateReader reader{text};
    Date date;
    reader.day_name(false);
    reader.text(" ");
    date.month = reader.month();
    reader.text(" ");
    date.day = reader.padded_day();
    reader.text(" ");
    date.time = reader.time_of_day();
    reader.text(" ");
    date.year = reader.number(4);
    return seconds_of(reader, date);
}

}  // namespace

Precondition weigh_preconditions(const Request& request, const Validators& current) {
    if (request.has(Field::if_match)) {
        if (!find_named(request.field(Field::if_match), current, Comparison::strong).found) return Precondition::failed;
    } else if (request.has(Field::if_unmodified_since)) {
        if (modified_since(request.field(Field::if_unmodified_since), current).value_or(false))
            return Precondition::failed;
    }
    if (request.has(Field::if_none_match)) {
        const Named named = find_named(request.field(Field::if_none_match), current, Comparison::weak);
        if (reads(request)) return named.found ? Precondition::not_modified : Precondition::met;
        return named.found || named.malformed ? Precondition::failed : Precondition::met;
    }
    if (reads(request) && request.has(Field::if_modified_since)) {
        if (!modified_since(request.field(Field::if_modified_since), current).value_or(true))
            return Precondition::not_modified;
    }
    return Precondition::met;
}

bool has_preconditions(const Request& request) {
    return request.has(Field::if_match) || request.has(Field::if_none_match) || request.has(Field::if_modified_since) ||
           request.has(Field::if_unmodified_since);
}

bool is_known(const Request& request, const Validators& current) {
    if (request.has(Field::if_match) || request.has(Field::if_unmodified_since)) return false;
    return weigh_preconditions(request, current) == Precondition::not_modified;
}

std::optional<std::int64_t> parse_http_date(std::string_view text, base::UnixMillis now) {
    if (const auto date = parse_imf_fixdate(text)) return date;
    if (const auto date = parse_rfc850_date(text, now)) return date;
    return parse_asctime(text);
}

}  // namespace snippetd::http
