#pragma once

#include <string>
#include <string_view>

namespace snippetd::cli {

/// Puts `text` on the clipboard with the first of wl-copy, xclip, xsel, pbcopy and clip.exe that is there and takes it.
/// Throws Failure (other) when none does.
void copy_to_clipboard(std::string_view text);

/// Starts xdg-open, open or wslview with `url` and does not wait for it. Throws Failure (other) when there is none.
void open_in_browser(const std::string& url);

/// Lets the user edit the file with `$VISUAL`, `$EDITOR` or vi, which may be a shell command with arguments. Ctrl-C
/// goes to the editor alone. Throws Failure (other) when it ends in failure.
void run_editor(const std::string& path);

}  // namespace snippetd::cli
