#include "support/run.hpp"
#include "support/store_backends.hpp"
#include "support/temporary_folder.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <gtest/gtest.h>

/// What SQLite has acknowledged survives the process.
namespace snippetd::store {
namespace {

TEST(SqliteStore, WhatWasAcknowledgedIsInTheFilesThatACrashLeaves) {
    const test::TemporaryFolder folder, crashed;
    test::Loop loop;  // outlives the store, whose threads answer to it
    test::SqliteBackend backend{folder.file("snippets.db")};
    backend.migrate();
    const auto store = backend.open();
    for (int i = 0; i < 20; ++i) {
        model::Snippet snippet;
        snippet.id = std::to_string(i);
        snippet.body = "body";
        loop.run(store->create_snippet(snippet, std::nullopt, base::deadline_in(test::kPatience)));
    }
    // The memory of the process is lost (the -shm file is that), the files are not, and nothing has been closed.
    for (const char* file : {"snippets.db", "snippets.db-wal"}) {
        std::filesystem::copy_file(folder.path() / file, crashed.path() / file);
    }
    test::SqliteBackend again{crashed.file("snippets.db")};
    EXPECT_EQ(again.number("select count(*) from snippets"), 20);
}

}  // namespace
}  // namespace snippetd::store
