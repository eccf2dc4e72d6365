#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace snippetd::cli {

/// Larger files are not read: no server takes them.
inline constexpr std::uint64_t kFileBytesMax = 64ull << 20;

/// The whole of a file, or of standard input for `-`. Throws Failure: local_file when it cannot be read, bad_input when
/// it has more than kFileBytesMax.
std::string read_input(const std::string& path);

/// Writes a file that others may read as the umask says. Throws Failure (local_file).
void write_output(const std::string& path, std::string_view bytes);

/// A file of secrets: mode 0600 in a folder of mode 0700, replaced as a whole or not at all.
class PrivateFile {
  public:
    explicit PrivateFile(std::filesystem::path path) : path_{std::move(path)} {}

    const std::filesystem::path& path() const { return path_; }

    /// Nothing when there is no such file. Throws Failure (local_file) when it cannot be read, or others may read or
    /// write it.
    std::optional<std::string> read() const;

    /// Replaces the content with what `change` makes of it; nothing removes the file. Two runs never lose each other's
    /// change. Throws Failure as read() does, and what `change` throws.
    void update(const std::function<std::optional<std::string>(std::optional<std::string>)>& change) const;

  private:
    void write(std::string_view bytes) const;

    std::filesystem::path path_;
};

/// `$VARIABLE/snippetd/NAME`, or below `~/FALLBACK` when the variable is not an absolute path.
std::filesystem::path path_below(const char* variable, const char* fallback, const char* name);

/// A text that somebody edits: in a folder of its own, so that what an editor leaves beside it is private and removed
/// too. Removed at the end unless kept.
class Draft {
  public:
    Draft(const std::string& name, std::string_view text);
    ~Draft();
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;

    std::string path() const { return (folder_ / name_).string(); }
    /// What is in it now; empty when it is not there any more. Unlike read_input, also after a signal.
    std::string text() const;
    void keep() { kept_ = true; }

  private:
    std::filesystem::path folder_;
    std::string name_;
    bool kept_ = false;
};

}  // namespace snippetd::cli
