#include "base/clock.hpp"

#include <fmt/format.h>

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

}  // namespace

UnixMillis unix_now_ms() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

std::string format_rfc3339(UnixMillis time) {
    const CivilTime t = civil_time(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", t.year, t.month, t.day, t.hour, t.minute, t.second,
                       t.millisecond);
}

std::string format_http_date(UnixMillis time) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const CivilTime t = civil_time(time);
    return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT", kDays[t.weekday], t.day, kMonths[t.month - 1],
                       t.year, t.hour, t.minute, t.second);
}

}  // namespace snippetd::base
