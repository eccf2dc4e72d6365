#include "base/log.hpp"

#include "base/clock.hpp"
#include "base/json_text.hpp"
#include "base/utf8.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <iterator>
#include <memory>

#include <fmt/format.h>
#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace snippetd::log {

namespace {

// An access log chunk is at most 64 KiB, so the queue holds at most 32 MiB.
constexpr std::size_t kQueueEntriesMax = 512;

std::atomic<Level> current_level{Level::info};
std::atomic<Format> current_format{Format::text};
std::shared_ptr<spdlog::details::thread_pool> thread_pool;
std::shared_ptr<spdlog::async_logger> logger;

std::string_view level_name(Level level) {
    switch (level) {
        case Level::trace: return "trace";
        case Level::debug: return "debug";
        case Level::info: return "info";
        case Level::warn: return "warn";
        case Level::error: return "error";
        case Level::off: break;
    }
    return "off";
}

std::string json_line(Level level, std::string_view message, Fields fields) {
    std::string line = fmt::format(R"({{"time":"{}","level":"{}","message":")",
                                   base::format_rfc3339(base::unix_now_ms()), level_name(level));
    append_escaped(line, message);
    line += '"';
    for (const Field& field : fields) {
        line += ",\"";
        line += field.key;
        line += field.bare ? "\":" : "\":\"";
        if (field.bare) {
            line += field.value;
        } else {
            append_escaped(line, field.value);
            line += '"';
        }
    }
    line += "}\n";
    return line;
}

std::string text_line(Level level, std::string_view message, Fields fields) {
    std::string line = fmt::format("{} {:5} ", base::format_rfc3339(base::unix_now_ms()), level_name(level));
    append_escaped(line, message);
    for (const Field& field : fields) {
        line += ' ';
        line += field.key;
        line += '=';
        append_text_value(line, field.value);
    }
    line += '\n';
    return line;
}

std::string line_of(Level level, std::string_view message, Fields fields) {
    return format() == Format::json ? json_line(level, message, fields) : text_line(level, message, fields);
}

}  // namespace

void start(const Settings& settings) {
    current_level = settings.level;
    current_format = settings.format;
    thread_pool = std::make_shared<spdlog::details::thread_pool>(kQueueEntriesMax, 1);
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    logger = std::make_shared<spdlog::async_logger>("snippetd", sink, thread_pool,
                                                    spdlog::async_overflow_policy::overrun_oldest);
    // Lines are whole when they get here: no time, no level and no line feed are added.
    logger->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%v", spdlog::pattern_time_type::utc, std::string{}));
    logger->set_level(spdlog::level::trace);
}

void stop() {
    thread_pool.reset();  // joins after the queue has been written
    logger.reset();       // the last one of it: messages on the way held it too
}

bool enabled(Level level) {
    return level >= current_level.load(std::memory_order_relaxed);
}

Format format() {
    return current_format.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view message, Fields fields) {
    if (enabled(level)) write_lines(line_of(level, message, fields));
}

void write_now(Level level, std::string_view message, Fields fields) {
    const std::string line = line_of(level, message, fields);
    std::fwrite(line.data(), 1, line.size(), stderr);
}

void write_lines(std::string lines) {
    if (logger) {
        logger->log(spdlog::level::info, std::string_view{lines});
    } else {
        std::fwrite(lines.data(), 1, lines.size(), stderr);
    }
}

namespace {

/// Whether it is itself also between quotes.
constexpr bool is_plain(char c) {
    return c >= ' ' && c < 0x7F && c != '"' && c != '\\';
}

/// How many of the first characters are so.
std::size_t count_plain(std::string_view text) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_plain) - text.begin());
}

}  // namespace

void append_escaped(std::string& out, std::string_view text) {
    while (true) {
        const std::size_t plain = count_plain(text);
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        const base::CodePoint next = base::first_code_point(text);
        const std::string_view bytes = text.substr(0, next.bytes);
        if (next.bytes == 0) {
            out += "\\ufffd";
        } else if (next.value >= 0x7F && base::is_unseen(next.value)) {
            fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(next.value));
        } else {
            base::append_json_escaped(out, bytes);
        }
        text.remove_prefix(std::max<std::size_t>(next.bytes, 1));
    }
}

void append_text_value(std::string& out, std::string_view text) {
    bool separates = text.empty(), plain = true;
    for (const char c : text) {
        separates |= c == ' ' || c == '=';
        plain &= is_plain(c);
    }
    if (!separates && plain) {
        out += text;
        return;
    }
    // Letters of all languages need no quotes.
    const std::size_t begin = out.size();
    out += '"';
    append_escaped(out, text);
    if (!separates && std::string_view{out}.substr(begin + 1) == text) {
        out.erase(begin, 1);
    } else {
        out += '"';
    }
}

}  // namespace snippetd::log
