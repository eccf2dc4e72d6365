#pragma once

#include "retries.hpp"
#include "terminal.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace snippetd::cli {

/// When there are colours: on a terminal that has them, or whatever there is.
enum class Colours { automatic, always, never };

enum class Command { create, get, list, edit, remove, login, logout, stats, print };

/// What one run is asked to do. A member belongs to the commands that have its flag.
struct Invocation {
    Command command = Command::create;
    std::vector<std::string> operands;  ///< files, or ids and URLs
    std::string text;                   ///< with Command::print: help, version or languages

    std::string server;  ///< empty when the environment or the stored one decides
    Milliseconds timeout{60'000};
    int retries_max = 5;
    Talk talk = Talk::normal;
    bool json = false;

    std::optional<std::string> title, language, visibility;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::optional<std::int64_t>> expires_in_s;  ///< an inner nothing is `never`
    Colours colours = Colours::automatic;
    bool burn = false, copy = false, open = false, qr = false, raw = false;

    std::string output, file;  ///< empty when not given
    std::string search, tag, by = "day";
    std::size_t limit = 50;  ///< 0 for all
    std::string username;
    bool token_from_input = false;
    bool insecure = false;
};

/// Throws Failure (bad_input) that says what is wrong. A command is recognised before anything but -s, --timeout,
/// --retries, -q and -v: a file of the same name is `./get`, or comes after `--`.
Invocation parse_arguments(int argc, const char* const* argv);

}  // namespace snippetd::cli
