#include "base/clock.hpp"

#include <string_view>

namespace snippetd::base {

namespace {

struct CivilTime {
    int year;
    unsigned month, day;
    unsigned weekday;  ///< 0 is Sunday
    unsigned hour, minute, second, millisecond;
};

CivilTime civil_time(UnixMillis time) {
    using namespace std::chrono;
    const sys_time<milliseconds> point{milliseconds{time}};
    const sys_days day = floor<days>(point);
    const year_month_day date{day};
    const hh_mm_ss clock{point - day};
    return {int{date.year()},
            unsigned{date.month()},
            unsigned{date.day()},
            weekday{day}.c_encoding(),
            static_cast<unsigned>(clock.hours().count()),
            static_cast<unsigned>(clock.minutes().count()),
            static_cast<unsigned>(clock.seconds().count()),
            static_cast<unsigned>(clock.subseconds().count())};
}

/// Writes the last `digits` decimal digits of `number`.
void put(std::string& out, std::size_t at, std::size_t digits, unsigned number) {
    for (std::size_t i = at + digits; i > at; number /= 10) out[--i] = static_cast<char>('0' + number % 10);
}

}  // namespace

UnixMillis unix_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string format_rfc3339(UnixMillis time) {
    const CivilTime t = civil_time(time);
    std::string out = "0000-00-00T00:00:00.000Z";
    put(out, 0, 4, static_cast<unsigned>(t.year));
    put(out, 5, 2, t.month);
    put(out, 8, 2, t.day);
    put(out, 11, 2, t.hour);
    put(out, 14, 2, t.minute);
    put(out, 17, 2, t.second);
    put(out, 20, 3, t.millisecond);
    return out;
}

std::string format_http_date(UnixMillis time) {
    constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    const CivilTime t = civil_time(time);
    std::string out = "Sun, 00 Jan 0000 00:00:00 GMT";
    out.replace(0, 3, kDays.substr(t.weekday * 3, 3));
    put(out, 5, 2, t.day);
    out.replace(8, 3, kMonths.substr((t.month - 1) * 3, 3));
    put(out, 12, 4, static_cast<unsigned>(t.year));
    put(out, 17, 2, t.hour);
    put(out, 20, 2, t.minute);
    put(out, 23, 2, t.second);
    return out;
}

}  // namespace snippetd::base
