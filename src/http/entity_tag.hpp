#pragma once

#include <optional>
#include <string>
#include <string_view>

/// Entity tags (RFC 9110 section 8.8.3).
namespace snippetd::http {

struct EntityTag {
    bool weak = false;
    std::string_view opaque;  ///< what is between the quotes
};

/// Section 8.8.3.2.
enum class Comparison { strong, weak };

bool is_same(const EntityTag& a, const EntityTag& b, Comparison comparison);

/// Takes the entity tag at the beginning of `text` off it; nothing when there is none. A comma may be part of it, and a
/// backslash escapes nothing.
std::optional<EntityTag> take_entity_tag(std::string_view& text);
/// `text` as a whole.
std::optional<EntityTag> read_entity_tag(std::string_view text);

/// A strong tag as `ETag` has it. `opaque` has no blanks, quotes or control characters.
std::string strong_entity_tag(std::string_view opaque);

}  // namespace snippetd::http
