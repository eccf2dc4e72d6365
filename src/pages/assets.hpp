#pragma once

#include <string>
#include <string_view>

namespace snippetd::pages {

/// A file of web/ as it was bundled at build time. Everything it refers to lives as long as the program.
struct Asset {
    std::string_view name;  ///< `read.js`: what templates ask for
    std::string_view file;  ///< `read-5F2A….js`: its public name, which changes with its content
    std::string_view type;
    std::string_view content, brotli, gzip;  ///< the compressed ones are empty where they are no smaller
};

/// The asset of that public name, or null.
const Asset* find_asset(std::string_view file);

/// `/assets/read-5F2A….js` of `read.js`. Throws std::logic_error when there is none.
const std::string& asset_url(std::string_view name);

/// Names what all pages depend on besides what fills them: the templates and the assets.
const std::string& pages_build();

}  // namespace snippetd::pages
