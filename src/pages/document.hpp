#pragma once

#include "base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace snippetd::pages {

/// What is made of strangers' text by a library that is not linear in it.
enum class DocumentKind : std::uint32_t { markdown, diff_inline, diff_split, colours, picture };

/// What one document may take of the processor.
inline constexpr base::Milliseconds kMarkdownTimeMax{200};
inline constexpr base::Milliseconds kDiffTimeMax{150};
inline constexpr base::Milliseconds kColoursTimeMax{150};
inline constexpr base::Milliseconds kPictureTimeMax{250};

struct DocumentRequest {
    DocumentKind kind = DocumentKind::markdown;
    std::shared_ptr<const void> owner;  ///< of the texts
    /// The text; the old one and the new one; the text and its language; or of a picture its lines and
    /// `picture_request`.
    std::string_view first, second{};
    base::Milliseconds time_max = kMarkdownTimeMax;
    std::uint32_t context = 3;  ///< of a difference: lines around each change
    /// Of both texts of a difference, or of a picture's lines: what `pages::written` makes of their runs, or nothing.
    std::string_view first_colours{}, second_colours{};
};

/// How it went. All but `made` are properties of the text: it will go the same way again.
enum class DocumentOutcome : std::uint32_t {
    made,
    too_slow,   ///< it took more than its time of the processor
    too_large,  ///< it took more memory, or became longer, than it may
    crashed,    ///< the library died of it
};
inline constexpr std::size_t kDocumentOutcomes = 4;

std::string_view to_text(DocumentOutcome outcome);

struct Document {
    DocumentOutcome outcome = DocumentOutcome::made;
    std::string html;  ///< when it was made; of colours, what `pages::read_runs` takes; of a picture, PNG
    std::size_t added = 0, removed = 0;  ///< lines; of a diff
    bool cut = false;                    ///< of a diff: there is more of it
};

/// What one document may take besides. The memory is what its process may grow by.
inline constexpr std::size_t kDocumentMemoryBytesMax = 48 * 1024 * 1024;
inline constexpr std::size_t kDocumentBytesMax = 2 * 1024 * 1024;

}  // namespace snippetd::pages
