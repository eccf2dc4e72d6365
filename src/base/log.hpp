#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

/// The process's log: lines on standard error, written by one thread of its own, so that a slow reader of standard
/// error never holds up a worker. The queue to that thread is bounded; when it is full the oldest lines give way.
namespace snippetd::log {

enum class Level { trace, debug, info, warn, error, off };
enum class Format { text, json };

struct Settings {
    Level level = Level::info;
    Format format = Format::text;
};

/// One named value of a line. Numbers are written bare in JSON when made from a number.
struct Field {
    Field(std::string_view key_, std::string_view value_) : key{key_}, value{value_} {}
    Field(std::string_view key_, const char* value_) : key{key_}, value{value_} {}
    Field(std::string_view key_, const std::string& value_) : key{key_}, value{value_} {}
    Field(std::string_view key_, long long number) : key{key_}, value{std::to_string(number)}, bare{true} {}

    std::string_view key;
    std::string value;
    bool bare = false;
};
using Fields = std::initializer_list<Field>;

/// Until `start` and after `stop`, lines are written at once by the calling thread.
void start(const Settings& settings);
/// Writes what is queued and ends the thread.
void stop();

bool enabled(Level level);
Format format();

void write(Level level, std::string_view message, Fields fields = {});
inline void debug(std::string_view message, Fields fields = {}) {
    write(Level::debug, message, fields);
}
inline void info(std::string_view message, Fields fields = {}) {
    write(Level::info, message, fields);
}
inline void warn(std::string_view message, Fields fields = {}) {
    write(Level::warn, message, fields);
}
inline void error(std::string_view message, Fields fields = {}) {
    write(Level::error, message, fields);
}

/// Writes a line from this thread, before it returns and whatever the level: for what is said last.
void write_now(Level level, std::string_view message, Fields fields);

/// Hands over whole lines, each with its line feed, that are formatted already (the access log gathers them).
void write_lines(std::string lines);

/// Appends `text` as it stands within quotes, in both formats: escaped as JSON has it, also what acts upon a terminal
/// or changes how the line looks (`base::is_unseen`), and with U+FFFD for what is not UTF-8.
void append_escaped(std::string& out, std::string_view text);

/// Appends `text` for a text line: quoted when it has blanks, quotes or what is escaped.
void append_text_value(std::string& out, std::string_view text);

}  // namespace snippetd::log
