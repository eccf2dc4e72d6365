#include "base/zip_writer.hpp"

#include <clocale>
#include <stdexcept>
#include <utility>

#include <archive.h>
#include <archive_entry.h>
#include <locale.h>

namespace snippetd::base {

namespace {

constexpr mode_t kMode = 0644;

/// libarchive asks the locale in which encoding names are, and marks them in the archive as UTF-8 when they are that.
/// The locale of the process is "C" and stays so; this is for the calling thread, as long as it lives.
class Utf8Names {
  public:
    Utf8Names() : before_{uselocale(utf8())} {}
    ~Utf8Names() { uselocale(before_); }
    Utf8Names(const Utf8Names&) = delete;
    Utf8Names& operator=(const Utf8Names&) = delete;

  private:
    static locale_t utf8() {
        static const locale_t made = newlocale(LC_CTYPE_MASK, "C.UTF-8", locale_t{});
        if (!made) throw std::runtime_error{"the system has no locale C.UTF-8"};
        return made;
    }
    locale_t before_;
};

struct FreeEntry {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};

}  // namespace

struct ZipWriter::Archive {
    explicit Archive(std::string& out) : handle{archive_write_new()} {
        if (!handle) throw std::bad_alloc{};
        check(archive_write_set_format_zip(handle));
        // Nothing is held back, and nothing is filled up at the end.
        check(archive_write_set_bytes_per_block(handle, 0));
        check(archive_write_set_bytes_in_last_block(handle, 1));
        check(archive_write_open(handle, &out, nullptr, append, nullptr));
    }
    ~Archive() {
        const Utf8Names names;
        archive_write_free(handle);
    }
    Archive(const Archive&) = delete;
    Archive& operator=(const Archive&) = delete;

    void check(la_ssize_t result) const {
        if (result < 0) throw std::runtime_error{std::string{"an archive cannot be written: "} + reason()};
    }
    const char* reason() const {
        const char* text = archive_error_string(handle);
        return text ? text : "unknown error";
    }
    static la_ssize_t append(archive*, void* out, const void* bytes, std::size_t size) {
        static_cast<std::string*>(out)->append(static_cast<const char*>(bytes), size);
        return static_cast<la_ssize_t>(size);
    }

    archive* handle;
};

ZipWriter::ZipWriter() : archive_{std::make_unique<Archive>(out_)} {}
ZipWriter::~ZipWriter() = default;

void ZipWriter::add(const std::string& name, std::string_view content, UnixMillis modified_at) {
    const Utf8Names names;
    const std::unique_ptr<archive_entry, FreeEntry> entry{archive_entry_new()};
    if (!entry) throw std::bad_alloc{};
    archive_entry_copy_pathname(entry.get(), name.c_str());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), kMode);
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(content.size()));
    archive_entry_set_mtime(entry.get(), modified_at / 1000, 0);
    archive_->check(archive_write_header(archive_->handle, entry.get()));
    while (!content.empty()) {
        const la_ssize_t taken = archive_write_data(archive_->handle, content.data(), content.size());
        archive_->check(taken);
        if (taken == 0) throw std::runtime_error{"an archive takes no more"};
        content.remove_prefix(static_cast<std::size_t>(taken));
    }
    archive_->check(archive_write_finish_entry(archive_->handle));
}

void ZipWriter::finish() {
    const Utf8Names names;
    archive_->check(archive_write_close(archive_->handle));
}

std::string ZipWriter::take() {
    return std::exchange(out_, {});
}

}  // namespace snippetd::base
