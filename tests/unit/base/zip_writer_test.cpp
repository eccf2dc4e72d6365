#include "base/zip_writer.hpp"

#include <map>
#include <memory>
#include <random>
#include <stdexcept>

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

namespace snippetd::base {
namespace {

constexpr UnixMillis kNow = 1'795'508'130'000;

struct Close {
    void operator()(archive* handle) const { archive_read_free(handle); }
};

/// What a reader makes of it: contents by name.
std::map<std::string, std::string> read(const std::string& bytes) {
    const std::unique_ptr<archive, Close> handle{archive_read_new()};
    archive_read_support_format_zip_seekable(handle.get());
    if (archive_read_open_memory(handle.get(), bytes.data(), bytes.size()) != ARCHIVE_OK) {
        throw std::runtime_error{archive_error_string(handle.get())};
    }
    std::map<std::string, std::string> files;
    archive_entry* entry = nullptr;
    while (archive_read_next_header(handle.get(), &entry) == ARCHIVE_OK) {
        EXPECT_EQ(archive_entry_filetype(entry), AE_IFREG);
        EXPECT_EQ(archive_entry_mtime(entry), kNow / 1000);
        const char* name = archive_entry_pathname_utf8(entry);
        std::string& content = files[name ? name : archive_entry_pathname(entry)];
        char buffer[4096];
        la_ssize_t count = 0;
        while ((count = archive_read_data(handle.get(), buffer, sizeof buffer)) > 0) {
            content.append(buffer, static_cast<std::size_t>(count));
        }
        EXPECT_EQ(count, 0) << archive_error_string(handle.get());
    }
    return files;
}

TEST(ZipWriter, WhatIsAddedIsReadBack) {
    ZipWriter zip;
    const std::string bytes{"\0\x01\xff\r\n", 5};
    zip.add("a.txt", "content", kNow);
    zip.add("empty", "", kNow);
    zip.add("bytes", bytes, kNow);
    zip.finish();
    const auto files = read(zip.take());
    EXPECT_EQ(files, (std::map<std::string, std::string>{{"a.txt", "content"}, {"empty", ""}, {"bytes", bytes}}));
}

TEST(ZipWriter, AnEmptyArchiveIsTheEndOfADirectory) {
    ZipWriter zip;
    EXPECT_TRUE(zip.take().empty());
    zip.finish();
    const std::string bytes = zip.take();
    EXPECT_EQ(bytes.substr(0, 4), "PK\x05\x06");
    EXPECT_EQ(bytes.size(), 22u);
}

TEST(ZipWriter, ComesOutFileByFileAndNothingIsHeldBack) {
    ZipWriter zip;
    std::mt19937 random{1};
    std::string noise(200'000, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    std::string all;
    for (const char* name : {"1", "2", "3"}) {
        zip.add(name, noise, kNow);
        const std::string piece = zip.take();
        EXPECT_GE(piece.size(), noise.size()) << "noise does not become smaller";
        EXPECT_TRUE(zip.take().empty());
        all += piece;
    }
    zip.finish();
    all += zip.take();
    const auto files = read(all);
    ASSERT_EQ(files.size(), 3u);
    for (const auto& [name, content] : files) EXPECT_TRUE(content == noise) << name;
}

TEST(ZipWriter, Deflates) {
    ZipWriter zip;
    zip.add("a", std::string(1'000'000, 'a'), kNow);
    zip.finish();
    EXPECT_LT(zip.take().size(), 10'000u);
}

TEST(ZipWriter, NamesAreMarkedAsUtf8WhateverTheLocaleOfTheProcess) {
    ZipWriter zip;
    const std::string name =
        "Stra\xc3\x9f"
        "e-\xe6\xbc\xa2.txt";
    zip.add(name, "x", kNow);
    zip.finish();
    const std::string bytes = zip.take();
    ASSERT_EQ(bytes.substr(0, 4), "PK\x03\x04");
    EXPECT_TRUE(static_cast<unsigned char>(bytes[7]) & 0x08) << "bit 11 of the flags";
    EXPECT_NE(bytes.find(name), bytes.npos);
}

}  // namespace
}  // namespace snippetd::base
