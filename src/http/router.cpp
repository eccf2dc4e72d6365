#include "http/router.hpp"

#include <algorithm>
#include <utility>

namespace snippetd::http {

namespace {

void allow(std::string& allowed, Method method) {
    if (!allowed.empty()) allowed += ", ";
    allowed += to_text(method);
    if (method == Method::get) allowed += ", HEAD";
}

std::vector<std::string_view> split(std::string_view path) {
    std::vector<std::string_view> segments;
    if (path.empty() || path.front() != '/') return segments;
    path.remove_prefix(1);
    while (true) {
        const std::size_t slash = path.find('/');
        segments.push_back(path.substr(0, slash));
        if (slash == path.npos) return segments;
        path.remove_prefix(slash + 1);
    }
}

bool is_parameter(std::string_view segment) {
    return !segment.empty() && segment.front() == '{';
}

bool fits(const std::vector<std::string_view>& pattern, bool (*accepts)(std::string_view),
          const std::vector<std::string_view>& path) {
    if (pattern.size() != path.size()) return false;
    bool first = true;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (!is_parameter(pattern[i])) {
            if (pattern[i] != path[i]) return false;
            continue;
        }
        if (first && accepts ? !accepts(path[i]) : path[i].empty()) return false;
        first = false;
    }
    return true;
}

}  // namespace

Router::Router(std::vector<Row> rows) {
    for (const Row& row : rows) rows_.push_back({row, split(row.pattern)});
}

Router::Match Router::find(Method method, std::string_view path) const {
    Match match;
    std::vector<std::string> decoded;
    std::vector<std::string_view> segments = split(path);
    if (path.find('%') != path.npos) {
        decoded.resize(segments.size());
        for (std::size_t i = 0; i < segments.size(); ++i) {
            std::optional<std::string> segment = decode_segment(segments[i]);
            match.malformed |= !segment;
            decoded[i] = std::move(segment).value_or(std::string{segments[i]});  // for the row that it was meant for
            segments[i] = decoded[i];
        }
    }
    const Method wanted = method == Method::head ? Method::get : method;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Compiled& row = rows_[i];
        if (!fits(row.segments, row.row.accepts, segments)) continue;
        if (row.row.method != wanted) {
            allow(match.allow, row.row.method);
            continue;
        }
        match.allow.clear();
        match.row = i;
        for (std::size_t s = 0; s < segments.size(); ++s) {
            if (!is_parameter(row.segments[s])) continue;
            match.parameters.emplace_back(segments[s]);
        }
        return match;
    }
    if (!match.allow.empty()) allow(match.allow, Method::options);
    return match;
}

std::string Router::allowed_anywhere() const {
    std::string allowed;
    for (const Method method :
         {Method::get, Method::post, Method::put, Method::patch, Method::delete_, Method::options}) {
        const auto has = [method](const Compiled& row) { return row.row.method == method; };
        if (method == Method::options || std::any_of(rows_.begin(), rows_.end(), has)) allow(allowed, method);
    }
    return allowed;
}

}  // namespace snippetd::http
