#include "http/dates.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace snippetd::http {

namespace {

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

std::optional<std::int64_t> parse_http_date(std::string_view text, base::UnixMillis now) {
    if (const auto date = parse_imf_fixdate(text)) return date;
    if (const auto date = parse_rfc850_date(text, now)) return date;
    return parse_asctime(text);
}

}  // namespace snippetd::http
