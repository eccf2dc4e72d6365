#include "pages/assets.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>
#include <zlib.h>

namespace snippetd::pages {

std::span<const Asset> assets();                                             // made from web/ by the build
std::span<const std::pair<std::string_view, std::string_view>> templates();  // made from templates/*.html

const Asset* find_asset(std::string_view file) {
    static const auto by_file = [] {
        std::unordered_map<std::string_view, const Asset*> made;
        for (const Asset& asset : assets()) made.emplace(asset.file, &asset);
        return made;
    }();
    const auto found = by_file.find(file);
    return found == by_file.end() ? nullptr : found->second;
}

const std::string& asset_url(std::string_view name) {
    static const auto by_name = [] {
        std::map<std::string_view, std::string> made;
        for (const Asset& asset : assets()) made.emplace(asset.name, fmt::format("/assets/{}", asset.file));
        return made;
    }();
    const auto found = by_name.find(name);
    if (found == by_name.end()) throw std::logic_error{"there is no asset " + std::string{name}};
    return found->second;
}

const std::string& pages_build() {
    static const std::string build = [] {
        uLong sum = crc32(0, nullptr, 0);
        const auto add = [&sum](std::string_view text) {
            sum = crc32(sum, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size()));
        };
        for (const auto& [name, text] : templates()) add(text);
        for (const Asset& asset : assets()) add(asset.file);
        add(SNIPPETD_VERSION);
        return fmt::format("{:08x}", sum);
    }();
    return build;
}

}  // namespace snippetd::pages
