#pragma once

#include "base/clock.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace snippetd::base {

/// A zip archive that is made from front to back, deflated, its names in UTF-8: what comes out can be sent before the
/// next file is known. Not for two threads at once. Throws std::runtime_error on failure, after which it is of no use.
class ZipWriter {
  public:
    ZipWriter();
    ~ZipWriter();
    ZipWriter(const ZipWriter&) = delete;
    ZipWriter& operator=(const ZipWriter&) = delete;

    /// `name` is UTF-8, harmless as a path, and not that of another file.
    void add(const std::string& name, std::string_view content, UnixMillis modified_at);
    /// The directory, which ends the archive.
    void finish();
    /// What has come out since the last call.
    std::string take();

  private:
    struct Archive;
    std::string out_;
    std::unique_ptr<Archive> archive_;
};

}  // namespace snippetd::base
