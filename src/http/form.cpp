#include "http/form.hpp"

#include "base/ascii.hpp"
#include "base/percent.hpp"
#include "http/lists.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace snippetd::http {

namespace {

base::Error malformed(std::string detail) {
    return {base::ErrorKind::bad_request, std::move(detail), {}, 0};
}

/// The name of a field or file as it was before a browser, or curl, wrote `"`, CR and LF as `%22`, `%0D` and `%0A`
/// (HTML standard, "multipart/form-data encoding algorithm"). They escape nothing else, `%` neither.
std::string unescaped(std::string_view text) {
    static constexpr std::pair<std::string_view, char> kEscapes[] = {{"%22", '"'}, {"%0d", '\r'}, {"%0a", '\n'}};
    std::string out;
    while (!text.empty()) {
        const auto escape = std::find_if(std::begin(kEscapes), std::end(kEscapes),
                                         [&](const auto& one) { return base::starts_without_case(text, one.first); });
        const bool escaped = escape != std::end(kEscapes);
        out += escaped ? escape->second : text.front();
        text.remove_prefix(escaped ? escape->first.size() : 1);
    }
    return out;
}

/// One part's header fields, of which only one matters. False when it has no name.
bool read_part_header(std::string_view header, Form::Field& field) {
    while (!header.empty()) {
        const std::size_t end = std::min(header.find("\r\n"), header.size());
        const std::string_view line = header.substr(0, end);
        header.remove_prefix(std::min(end + 2, header.size()));
        const std::size_t colon = line.find(':');
        if (colon == line.npos ||
            !base::equals_without_case(base::trimmed(line.substr(0, colon)), "content-disposition"))
            continue;
        const std::string_view value = line.substr(colon + 1);
        const std::optional<std::string> name = parameter_of(value, "name");
        if (!name) return false;
        field.name = unescaped(*name);
        const std::optional<std::string> file_name = parameter_of(value, "filename");
        field.is_file = file_name.has_value();
        field.file_name = unescaped(file_name.value_or(""));
        return true;
    }
    return false;
}

base::Result<Form> parse_multipart(const Request& request) {
    const std::optional<std::string> boundary = parameter_of(request.field(Field::content_type), "boundary");
    if (!boundary || boundary->empty() || boundary->size() > 70) return malformed("The form's boundary is missing.");
    const std::string delimiter = "\r\n--" + *boundary;
    std::string_view rest = request.body;
    // The first delimiter has no line end before it when there is no preamble.
    if (rest.starts_with(std::string_view{delimiter}.substr(2))) {
        rest.remove_prefix(delimiter.size() - 2);
    } else {
        const std::size_t first = rest.find(delimiter);
        if (first == rest.npos) return malformed("The form has no parts.");
        rest.remove_prefix(first + delimiter.size());
    }
    Form form;
    while (!rest.starts_with("--")) {
        const std::size_t line_end = rest.find("\r\n");
        if (line_end == rest.npos || !base::trimmed(rest.substr(0, line_end)).empty())
            return malformed("The form is broken off.");
        rest.remove_prefix(line_end);  // the line end may be the empty line after no header
        const std::size_t header_end = rest.find("\r\n\r\n");
        if (header_end == rest.npos) return malformed("The form is broken off.");
        Form::Field field;
        if (!read_part_header(rest.substr(2, header_end < 2 ? 0 : header_end - 2), field))
            return malformed("A part of the form has no name.");
        rest.remove_prefix(header_end + 4);
        const std::size_t end = rest.find(delimiter);
        if (end == rest.npos) return malformed("The form is broken off.");
        field.value = rest.substr(0, end);
        rest.remove_prefix(end + delimiter.size());
        if (form.fields.size() >= Form::kFieldsMax) return malformed("The form has too many fields.");
        form.fields.push_back(std::move(field));
    }
    return form;
}

base::Result<Form> parse_urlencoded(const Request& request) {
    Form form;
    std::string_view rest = request.body;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('&'), rest.size());
        const std::string_view pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = base::percent_decoded(pair.substr(0, equals), base::Plus::space);
        auto value = base::percent_decoded(pair.substr(std::min(equals + 1, pair.size())), base::Plus::space);
        if (!name || !value) return malformed("The form is not percent-encoded.");
        Form::Field field;
        field.name = *std::move(name);
        field.value = *std::move(value);
        if (form.fields.size() >= Form::kFieldsMax) return malformed("The form has too many fields.");
        form.fields.push_back(std::move(field));
    }
    return form;
}

}  // namespace

const Form::Field* Form::find(std::string_view name) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const Field& field) { return field.name == name; });
    return found == fields.end() ? nullptr : &*found;
}

std::string_view Form::value(std::string_view name) const {
    const Field* field = find(name);
    return field ? std::string_view{field->value} : std::string_view{};
}

std::vector<std::string> Form::values(std::string_view name) const {
    std::vector<std::string> values;
    for (const Field& field : fields) {
        if (field.name == name) values.push_back(field.value);
    }
    return values;
}

base::Result<Form> parse_form(const Request& request) {
    const std::string_view type = without_parameters(request.field(Field::content_type));
    if (base::equals_without_case(type, "multipart/form-data")) return parse_multipart(request);
    if (base::equals_without_case(type, "application/x-www-form-urlencoded")) return parse_urlencoded(request);
    return malformed("This address takes a form.");
}

}  // namespace snippetd::http
