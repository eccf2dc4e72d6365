#include "run.hpp"

#include "context.hpp"
#include "signals.hpp"
#include "text.hpp"

namespace snippetd::cli {

namespace {

ExitCode carry_out(const Invocation& invocation) {
    if (invocation.command == Command::print) {
        Terminal{invocation.talk}.print(invocation.text);
        return ExitCode::ok;
    }
    Context context{invocation};
    switch (invocation.command) {
        case Command::create: return create(context);
        case Command::get: return get(context);
        case Command::list: return list(context);
        case Command::edit: return edit(context);
        case Command::remove: return remove(context);
        case Command::login: return log_in(context);
        case Command::logout: return log_out(context);
        case Command::stats: return stats(context);
        case Command::print: break;
    }
    return ExitCode::other;
}

}  // namespace

int run(int argc, const char* const* argv) {
    catch_signals();
    const Terminal terminal{Talk::quiet};  // for errors, which are told all the same
    try {
        return static_cast<int>(carry_out(parse_arguments(argc, argv)));
    } catch (const Failure& failure) {
        terminal.complain(failure.what());
        return static_cast<int>(failure.code());
    } catch (const Interrupted& interrupted) {
        return 128 + interrupted.number;  // as shells say it
    } catch (const std::exception& error) {
        terminal.complain(printable(error.what()));
        return static_cast<int>(ExitCode::other);
    }
}

}  // namespace snippetd::cli
