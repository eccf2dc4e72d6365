#pragma once

#include "base/error.hpp"
#include "http/request.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace snippetd::http {

/// What a browser's form, or `curl -F`, sends.
struct Form {
    static constexpr std::size_t kFieldsMax = 256;

    struct Field {
        std::string name;
        std::string value;
        std::string file_name;  ///< as the client says it; empty for a field that is no file
        bool is_file = false;
    };
    std::vector<Field> fields;

    /// The first one of that name, or null.
    const Field* find(std::string_view name) const;
    /// Its value, or nothing.
    std::string_view value(std::string_view name) const;
    std::vector<std::string> values(std::string_view name) const;
};

/// The body as `multipart/form-data` (RFC 7578) or `application/x-www-form-urlencoded` (the URL standard). 400 when it
/// is neither, or is broken; values need not be UTF-8.
base::Result<Form> parse_form(const Request& request);

}  // namespace snippetd::http
