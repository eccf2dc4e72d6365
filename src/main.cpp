#include "app/assemble.hpp"
#include "app/health.hpp"
#include "app/serve.hpp"
#include "base/fail_point.hpp"
#include "base/log.hpp"
#include "base/secret.hpp"
#include "pages/document_process.hpp"
#include "settings/settings.hpp"

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

namespace {

using namespace snippetd;

// Exit codes: 0 after a clean end, 1 when the service cannot start, go on, or is not ready, 2 when a setting is wrong.
constexpr int kCannotRun = 1;
constexpr int kBadSettings = 2;

void print(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

int run(const settings::Invocation& invocation) {
    const settings::Settings& settings = invocation.settings;
    for (const std::string& name : invocation.unknown_variables) {
        log::warn("an environment variable is not known", {{"name", name}});
    }
    base::start_cryptography();
    switch (invocation.command) {
        case settings::Command::serve: app::serve(settings); break;
        case settings::Command::work: app::work(settings); break;
        case settings::Command::migrate:
            log::info("the database is up to date", {{"applied", app::migrate_database(settings)}});
            break;
        case settings::Command::config: print(settings::describe(invocation)); break;
        case settings::Command::health: {
            const app::Health health = app::ask_for_health(settings);
            print(health.told + "\n");
            return health.ready ? 0 : kCannotRun;
        }
        case settings::Command::help: print(settings::help_text()); break;
        case settings::Command::version: print("snippetd " SNIPPETD_VERSION "\n"); break;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (pages::is_document_process(argc, argv)) return pages::run_document_process(argv);
    if (const char* file = std::getenv(base::FailPoints::kVariable)) base::FailPoints::obey(file);
    settings::Invocation invocation;
    try {
        invocation = settings::parse_settings(argc, argv, settings::process_environment());
    } catch (const settings::SettingsError& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return kBadSettings;
    }
    log::start({invocation.settings.log_level, invocation.settings.log_format});
    int status = 0;
    try {
        status = run(invocation);
    } catch (const std::exception& error) {
        log::error("cannot run", {{"reason", error.what()}});
        status = kCannotRun;
    }
    log::stop();
    return status;
}
