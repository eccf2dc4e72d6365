#include "http/entity_tag.hpp"

#include "base/assert.hpp"

#include <algorithm>

namespace snippetd::http {

namespace {

/// etagc
bool is_tag_character(unsigned char c) {
    return c == 0x21 || (c >= 0x23 && c != 0x7F);
}

bool is_opaque(std::string_view text) {
    return std::all_of(text.begin(), text.end(), is_tag_character);
}

}  // namespace

bool is_same(const EntityTag& a, const EntityTag& b, Comparison comparison) {
    if (comparison == Comparison::strong && (a.weak || b.weak)) return false;
    return a.opaque == b.opaque;
}

std::optional<EntityTag> take_entity_tag(std::string_view& text) {
    EntityTag tag;
    tag.weak = text.starts_with("W/");
    if (tag.weak) text.remove_prefix(2);
    if (!text.starts_with('"')) return std::nullopt;
    const std::size_t end = text.find('"', 1);
    if (end == text.npos) return std::nullopt;
    tag.opaque = text.substr(1, end - 1);
    if (!is_opaque(tag.opaque)) return std::nullopt;
    text.remove_prefix(end + 1);
    return tag;
}

std::optional<EntityTag> read_entity_tag(std::string_view text) {
    const std::optional<EntityTag> tag = take_entity_tag(text);
    return text.empty() ? tag : std::nullopt;
}

std::string strong_entity_tag(std::string_view opaque) {
    SNIPPETD_ASSERT(is_opaque(opaque), opaque);
    std::string tag;
    tag.reserve(opaque.size() + 2);
    tag += '"';
    tag += opaque;
    tag += '"';
    return tag;
}

}  // namespace snippetd::http
