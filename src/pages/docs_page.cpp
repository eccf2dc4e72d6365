#include "pages/docs_page.hpp"

#include "base/ascii.hpp"
#include "pages/layout.hpp"
#include "pages/markdown.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::pages {

namespace json = boost::json;

namespace {

constexpr std::size_t kOneLineMax = 60;  // a value that fits is written in one line

std::string_view view_of(const json::value& text) {
    const json::string& string = text.as_string();
    return {string.data(), string.size()};
}

std::string_view text_at(const json::object& in, const char* name) {
    const json::value* found = in.if_contains(name);
    return found && found->is_string() ? view_of(*found) : std::string_view{};
}

const json::object& object_at(const json::object& in, const char* name) {
    static const json::object kNone;
    const json::value* found = in.if_contains(name);
    return found && found->is_object() ? found->get_object() : kNone;
}

const json::array& array_at(const json::object& in, const char* name) {
    static const json::array kNone;
    const json::value* found = in.if_contains(name);
    return found && found->is_array() ? found->get_array() : kNone;
}

std::string escaped(std::string_view text) {
    std::string out;
    append_escaped(out, text);
    return out;
}

/// Indented by two, as people write it.
void append_pretty(std::string& out, const json::value& value, std::size_t depth) {
    const std::string line = json::serialize(value);
    if (!value.is_structured()) {
        out += line;
        return;
    }
    const bool is_flat = line.size() <= kOneLineMax;
    const std::string indent(is_flat ? 0 : 2 * depth + 2, ' ');
    const auto next = [&](bool& first) {
        if (!first) out += is_flat ? ", " : ",";
        if (!is_flat) out += '\n';
        first = false;
        out += indent;
    };
    bool first = true;
    out += value.is_object() ? '{' : '[';
    if (const json::object* object = value.if_object()) {
        for (const auto& member : *object) {
            next(first);
            out += json::serialize(json::string{member.key()});
            out += ": ";
            append_pretty(out, member.value(), depth + 1);
        }
    } else {
        for (const json::value& element : value.get_array()) {
            next(first);
            append_pretty(out, element, depth + 1);
        }
    }
    if (!is_flat) out += '\n' + std::string(2 * depth, ' ');
    out += value.is_object() ? '}' : ']';
}

/// An example as it is sent.
std::string example_text(const json::value& example) {
    if (example.is_string()) return std::string{view_of(example)};
    std::string out;
    append_pretty(out, example, 0);
    return out;
}

/// What `#/components/KIND/NAME` refers to; an object that is no reference is itself.
const json::object& resolve(const json::object& document, const json::object& object) {
    const std::string_view reference = text_at(object, "$ref");
    if (reference.empty()) return object;
    const std::size_t slash = reference.rfind('/'), before = reference.rfind('/', slash - 1);
    const std::string kind{reference.substr(before + 1, slash - before - 1)}, name{reference.substr(slash + 1)};
    return object_at(object_at(object_at(document, "components"), kind.c_str()), name.c_str());
}

// --- Types

std::string schema_link(std::string_view reference) {
    const std::string name{reference.substr(reference.rfind('/') + 1)};
    return fmt::format("<a href=\"/docs/schemas#schema-{0}\">{0}</a>", name);
}

std::string code(const json::value& value) {
    return fmt::format("<code>{}</code>", escaped(value.is_string() ? view_of(value) : json::serialize(value)));
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
    std::string out;
    for (const std::string& part : parts) {
        if (!out.empty()) out += between;
        out += part;
    }
    return out;
}

/// `1 to 200 characters`; nothing without bounds.
std::string bounds_text(const json::object& schema, const char* least, const char* most, std::string_view unit) {
    const json::value* min = schema.if_contains(least);
    const json::value* max = schema.if_contains(most);
    const std::string from = min ? json::serialize(*min) : "", to = max ? json::serialize(*max) : "";
    if (min && max) return fmt::format("{} to {}{}", from, to, unit);
    if (max) return fmt::format("at most {}{}", to, unit);
    if (min) return fmt::format("at least {}{}", from, unit);
    return {};
}

std::string type_html(const json::object& schema);

std::string type_name_html(const json::object& schema) {
    std::vector<std::string> names;
    if (const json::array& types = array_at(schema, "type"); !types.empty()) {
        for (const json::value& type : types) names.emplace_back(view_of(type));
        return join(names, " or ");
    }
    const std::string_view type = text_at(schema, "type");
    const json::object& items = object_at(schema, "items");
    if (type == "array" && !items.empty()) return "array of " + type_html(items);
    return std::string{type};
}

/// In a few words, with links; trusted HTML.
std::string type_html(const json::object& schema) {
    if (const std::string_view reference = text_at(schema, "$ref"); !reference.empty()) return schema_link(reference);
    if (const json::array& choices = array_at(schema, "oneOf"); !choices.empty()) {
        std::vector<std::string> parts;
        for (const json::value& choice : choices) parts.push_back(type_html(choice.as_object()));
        return join(parts, " or ");
    }
    if (const json::value* constant = schema.if_contains("const")) return code(*constant);
    if (const json::array& choices = array_at(schema, "enum"); !choices.empty()) {
        std::vector<std::string> parts;
        for (const json::value& choice : choices) parts.push_back(code(choice));
        return join(parts, ", ");
    }
    std::vector<std::string> parts;
    for (std::string part :
         {type_name_html(schema), bounds_text(schema, "minLength", "maxLength", " characters"),
          bounds_text(schema, "minimum", "maximum", ""), bounds_text(schema, "minItems", "maxItems", " of them")}) {
        if (!part.empty()) parts.push_back(std::move(part));
    }
    return join(parts, ", ");
}

std::string markdown_line(std::string_view text) {
    std::string html = markdown_html(text);
    // One paragraph stands in a cell of a table.
    if (html.starts_with("<p>") && html.ends_with("</p>\n") && html.find("<p>", 3) == html.npos) {
        html = html.substr(3, html.size() - 8);
    }
    return html;
}

// --- What to paste

std::string single_quoted(std::string_view text) {
    std::string out = "'";
    for (const char c : text) {
        if (c == '\'') {
            out += "'\\''";
        } else {
            out += c;
        }
    }
    return out + "'";
}

/// The path with what a shell puts in for its parameters.
std::string shell_path(const json::object& document, std::string_view path, const json::object& operation) {
    std::string filled{path};
    for (const json::value& element : array_at(operation, "parameters")) {
        const json::object& parameter = resolve(document, element.as_object());
        if (text_at(parameter, "in") != "path") continue;
        const std::string name = fmt::format("{{{}}}", text_at(parameter, "name"));
        const bool is_token = text_at(element.as_object(), "$ref").ends_with("/TokenId");
        const bool is_id = name == "{id}" || name == "{key}";
        const std::string value = !is_id ? example_text(parameter.at("example")) : is_token ? "$TOKEN_ID" : "$ID";
        if (const std::size_t at = filled.find(name); at != filled.npos) filled.replace(at, name.size(), value);
    }
    // What has to be in the query; the link of the example is that of the reader's own snippet.
    for (const json::value& element : array_at(operation, "parameters")) {
        const json::object& parameter = resolve(document, element.as_object());
        if (text_at(parameter, "in") != "query" || !parameter.contains("required")) continue;
        std::string value = example_text(parameter.at("example"));
        if (const std::size_t at = value.rfind("/s/"); at != value.npos) value.replace(at + 3, value.npos, "$ID");
        filled +=
            fmt::format("{}{}={}", filled.find('?') == filled.npos ? '?' : '&', text_at(parameter, "name"), value);
    }
    return filled;
}

/// The first of a media type's examples; null when there is none.
const json::value* find_example(const json::object& media) {
    if (const json::value* example = media.if_contains("example")) return example;
    const json::object& examples = object_at(media, "examples");
    return examples.empty() ? nullptr : examples.begin()->value().as_object().if_contains("value");
}

std::string form_arguments(const json::object& example) {
    std::string out;
    const auto add = [&out](json::string_view name, const json::value& value) {
        out += " \\\n  --data-urlencode ";
        out += single_quoted(fmt::format("{}={}", std::string_view{name}, view_of(value)));
    };
    for (const auto& member : example) {
        if (member.value().is_string()) add(member.key(), member.value());
        for (const json::value& value : array_at(example, std::string{member.key()}.c_str())) add(member.key(), value);
    }
    return out;
}

std::string curl_line(const json::object& document, std::string_view method, std::string_view path,
                      const json::object& operation) {
    const json::object& content = object_at(object_at(operation, "requestBody"), "content");
    const json::object& body = object_at(content, "application/json");
    const json::object& form = object_at(content, "application/x-www-form-urlencoded");
    const bool sends = !content.empty();
    std::string line = "curl";
    if (method != (sends ? "POST" : "GET")) line += fmt::format(" -X {}", method);
    const std::string url = fmt::format("{}{}", text_at(array_at(document, "servers").front().as_object(), "url"),
                                        shell_path(document, path, operation));
    line += url.find('$') == url.npos ? fmt::format(" {}", url) : fmt::format(" \"{}\"", url);
    const json::array& callers = array_at(operation, "security");
    const bool anyone = std::any_of(callers.begin(), callers.end(),
                                    [](const json::value& scheme) { return scheme.as_object().empty(); });
    const bool by_password = !callers.empty() && callers.front().as_object().contains("basic");
    if (by_password) {
        line += " -u 'ada:correct horse'";
    } else if (!callers.empty() && !anyone) {
        line += " \\\n  -H \"Authorization: Bearer $TOKEN\"";
    }
    if (const json::value* example = find_example(body))
        line += " \\\n  -d " + single_quoted(json::serialize(*example));
    if (const json::value* example = find_example(form)) line += form_arguments(example->as_object());
    if (sends && body.empty() && form.empty()) {
        const json::value* example = find_example(content.begin()->value().as_object());
        if (example) line += " \\\n  --data-binary " + single_quoted(example_text(*example));
    }
    return line;
}

// --- Parts of the page

/// `an account`, `anyone`: who may call.
std::string callers_text(const json::object& operation) {
    const json::array& callers = array_at(operation, "security");
    const auto has = [&callers](const char* name) {
        return std::any_of(callers.begin(), callers.end(), [name](const json::value& scheme) {
            return name ? scheme.as_object().contains(name) : scheme.as_object().empty();
        });
    };
    if (callers.empty()) return "anyone";
    if (has(nullptr)) return has("token") ? "anyone, with or without an account" : "anyone";
    return has("editToken") ? "its owner, or with its edit token" : "an account";
}

void show_parameters(Fields& fields, const json::object& document, const json::object& operation) {
    const json::array& parameters = array_at(operation, "parameters");
    if (parameters.empty()) return;
    Fields table = fields.add("PARAMETERS");
    for (const json::value& element : parameters) {
        const json::object& parameter = resolve(document, element.as_object());
        Fields row = table.add("PARAMETER");
        row.set("PARAMETER_NAME", text_at(parameter, "name"));
        row.set("PARAMETER_IN", text_at(parameter, "in"));
        row.set("PARAMETER_TYPE_HTML", type_html(object_at(parameter, "schema")));
        row.set("PARAMETER_HTML", markdown_line(text_at(parameter, "description")));
    }
}

void show_body(Fields& fields, const json::object& operation) {
    const json::object& content = object_at(object_at(operation, "requestBody"), "content");
    if (content.empty()) return;
    Fields body = fields.add("BODY");
    const json::object& first = content.begin()->value().as_object();
    std::vector<std::string> types;
    for (const auto& member : content) types.push_back(fmt::format("<code>{}</code>", std::string{member.key()}));
    body.set("BODY_TYPES_HTML", join(types, " or "));
    body.set("BODY_SCHEMA_HTML", type_html(object_at(first, "schema")));
    if (!content.contains("application/json")) return;
    for (const auto& member : object_at(first, "examples")) {
        Fields example = body.add("BODY_EXAMPLE");
        example.set("EXAMPLE_NAME", std::string_view{member.key()});
        example.set("EXAMPLE_HTML", escaped(example_text(member.value().at("value"))));
    }
}

/// Types and schemas of an answer's content.
std::string content_html(const json::object& content) {
    std::vector<std::string> parts;
    for (const auto& member : content) {
        const json::object& schema = object_at(member.value().as_object(), "schema");
        const std::string_view reference = text_at(schema, "$ref");
        parts.push_back(reference.empty() ? fmt::format("<code>{}</code>", std::string{member.key()})
                                          : schema_link(reference));
    }
    return join(parts, ", ");
}

void show_answers(Fields& fields, const json::object& document, const json::object& operation) {
    for (const auto& member : object_at(operation, "responses")) {
        const json::object& said = member.value().as_object();
        const json::object& response = resolve(document, said);
        const json::object& content = object_at(response, "content");
        const bool is_problem = content.contains("application/problem+json");
        const std::string_view own = text_at(said, "description");
        Fields row = fields.add("ANSWER");
        row.set("STATUS", std::string_view{member.key()});
        row.set("ANSWER_HTML", markdown_line(own.empty() ? text_at(response, "description") : own));
        row.set("CONTENT_HTML", is_problem ? schema_link("Problem") : content_html(content));
        if (is_problem || content.empty()) continue;
        const json::value* example = find_example(content.begin()->value().as_object());
        if (!example) continue;
        Fields shown = fields.add("ANSWER_EXAMPLE");
        shown.set("EXAMPLE_NAME", std::string_view{member.key()});
        shown.set("EXAMPLE_HTML", escaped(example_text(*example)));
    }
}

/// A part of a chapter that has an address of its own.
struct Entry {
    std::string id, text;
};

/// What is on one page.
struct Chapter {
    std::string slug;  ///< the last part of its address; empty for the first one
    std::string name;
    std::string id;  ///< where all of it was in the days when the documentation was one page
    std::vector<Entry> entries;
    std::function<void(Fields&)> show;
};

std::string address_of(const Chapter& chapter) {
    return chapter.slug.empty() ? "/docs" : "/docs/" + chapter.slug;
}

void show_operation(Fields& chapter, const json::object& document, std::string_view method, std::string_view path,
                    const json::object& operation) {
    Fields fields = chapter.add("OPERATION");
    fields.set("ID", text_at(operation, "operationId"));
    fields.set("METHOD", method);
    fields.set("VERB", base::lower_case(method));
    fields.set("PATH", path);
    fields.set("SUMMARY", text_at(operation, "summary"));
    fields.set("OPERATION_HTML", markdown_html(text_at(operation, "description")));
    fields.set("CALLERS", callers_text(operation));
    show_parameters(fields, document, operation);
    show_body(fields, operation);
    fields.set("CURL_HTML", escaped(curl_line(document, method, path, operation)));
    show_answers(fields, document, operation);
}

/// Calls `each(method, path, operation)` for all that have the tag.
template <class Each>
void for_operations_of(const json::object& document, std::string_view tag, Each each) {
    for (const auto& path : object_at(document, "paths")) {
        for (const auto& member : path.value().as_object()) {
            const json::object& operation = member.value().as_object();
            if (view_of(array_at(operation, "tags").front()) != tag) continue;
            std::string method{member.key()};
            std::transform(method.begin(), method.end(), method.begin(),
                           [](unsigned char c) { return std::toupper(c); });
            each(std::string_view{method}, std::string_view{path.key()}, operation);
        }
    }
}

Chapter chapter_of_group(const json::object& document, const json::object& tag) {
    const std::string name{text_at(tag, "name")};
    Chapter chapter{base::lower_case(name), name, "group-" + base::lower_case(name), {}, {}};
    for_operations_of(document, name, [&](std::string_view, std::string_view, const json::object& operation) {
        chapter.entries.push_back(
            {std::string{text_at(operation, "operationId")}, std::string{text_at(operation, "summary")}});
    });
    chapter.show = [&document, &tag, name](Fields& fields) {
        fields.add("LEAD", "LEAD_HTML", markdown_html(text_at(tag, "description")));
        for_operations_of(document, name,
                          [&](std::string_view method, std::string_view path, const json::object& operation) {
                              show_operation(fields, document, method, path, operation);
                          });
    };
    return chapter;
}

void show_schema(Fields& fields, std::string_view name, const json::object& schema) {
    fields.set("SCHEMA_NAME", name);
    fields.set("SCHEMA_HTML", markdown_line(text_at(schema, "description")));
    const json::object& properties = object_at(schema, "properties");
    if (properties.empty()) {
        fields.add("PLAIN", "TYPE_HTML", type_html(schema));
        return;
    }
    const json::array& required = array_at(schema, "required");
    Fields table = fields.add("MEMBERS");
    for (const auto& member : properties) {
        const json::object& property = member.value().as_object();
        Fields row = table.add("MEMBER");
        row.set("MEMBER_NAME", std::string_view{member.key()});
        row.set("MEMBER_TYPE_HTML", type_html(property));
        row.set("MEMBER_HTML", markdown_line(text_at(property, "description")));
        const bool always = std::find(required.begin(), required.end(), json::string{member.key()}) != required.end();
        row.show_if(always, "ALWAYS");
    }
}

Chapter chapter_of_schemas(const json::object& document) {
    const json::object& schemas = object_at(object_at(document, "components"), "schemas");
    Chapter chapter{"schemas", "Schemas", "schemas", {}, {}};
    for (const auto& member : schemas) {
        const std::string name{member.key()};
        chapter.entries.push_back({"schema-" + name, name});
    }
    chapter.show = [&schemas](Fields& fields) {
        fields.add("LEAD", "LEAD_HTML", std::string_view{"<p>No object has other members than these.</p>"});
        for (const auto& member : schemas) {
            Fields schema = fields.add("SCHEMA");
            show_schema(schema, std::string_view{member.key()}, member.value().as_object());
        }
    };
    return chapter;
}

/// Puts a button to copy it beside each block of commands.
std::string with_buttons(std::string_view html) {
    constexpr std::string_view kBegin = "<pre><code class=\"language-sh\">", kEnd = "</code></pre>";
    std::string out;
    for (int number = 1;; ++number) {
        const std::size_t begin = html.find(kBegin);
        const std::size_t end = begin == html.npos ? begin : html.find(kEnd, begin);
        if (end == html.npos) return out += html;
        out += html.substr(0, begin);
        out += fmt::format(
            "<div class=\"try\"><button type=\"button\" class=\"btn small js-only\" data-copy=\"#commands-{0}\" "
            "data-copy-what=\"Commands\" aria-label=\"Copy the commands\">Copy</button><pre tabindex=\"0\"><code "
            "id=\"commands-{0}\" class=\"language-sh\">",
            number);
        out += html.substr(begin + kBegin.size(), end - begin - kBegin.size());
        out += kEnd;
        out += "</div>";
        html.remove_prefix(end + kEnd.size());
    }
}

/// The headings of what `markdown_html` has made.
std::vector<Entry> headings_of(std::string_view html) {
    constexpr std::string_view kBegin = "<h2 id=\"", kMiddle = "\">", kEnd = "</h2>";
    std::vector<Entry> entries;
    for (;;) {
        const std::size_t begin = html.find(kBegin);
        if (begin == html.npos) return entries;
        html.remove_prefix(begin + kBegin.size());
        const std::size_t middle = html.find(kMiddle), end = html.find(kEnd);
        if (middle >= end || end == html.npos) return entries;
        const std::size_t text = middle + kMiddle.size();
        entries.push_back({std::string{html.substr(0, middle)}, std::string{html.substr(text, end - text)}});
    }
}

Chapter chapter_of_prose(std::string slug, std::string name, std::string_view markdown) {
    std::string html = markdown_html(markdown);
    Chapter chapter{std::move(slug), std::move(name), {}, headings_of(html), {}};
    chapter.show = [html = with_buttons(html)](Fields& fields) { fields.add("PROSE", "PROSE_HTML", html); };
    return chapter;
}

std::vector<Chapter> chapters_of(const json::object& document) {
    // What holds for all routes comes after what one needs to begin.
    constexpr std::string_view kRules = "\n## Errors\n";
    const std::string_view intro = text_at(object_at(document, "info"), "description");
    const std::size_t rules = std::min(intro.find(kRules), intro.size());
    std::vector<Chapter> chapters;
    chapters.push_back(chapter_of_prose("", "Getting started", intro.substr(0, rules)));
    for (const json::value& tag : array_at(document, "tags")) {
        chapters.push_back(chapter_of_group(document, tag.as_object()));
    }
    if (rules < intro.size()) {
        chapters.push_back(chapter_of_prose("rules", "Errors and limits", intro.substr(rules)));
    }
    chapters.push_back(chapter_of_schemas(document));
    return chapters;
}

void show_contents(Fields& fields, const std::vector<Chapter>& chapters, const Chapter& shown) {
    for (const Chapter& chapter : chapters) {
        const bool current = &chapter == &shown;
        Fields row = fields.add("CHAPTER");
        row.set("CHAPTER_URL", address_of(chapter));
        row.set("CHAPTER_NAME", chapter.name);
        row.show_if(current, "CURRENT");
        if (!current || chapter.entries.empty()) continue;
        Fields contents = row.add("CONTENTS");
        for (const Entry& entry : chapter.entries) {
            Fields line = contents.add("ENTRY");
            line.set("ENTRY_ID", entry.id);
            line.set("ENTRY_TEXT", entry.text);
        }
    }
}

/// All parts of all other chapters. Links to the days when all was one page find them here.
void show_index(Fields& fields, const std::vector<Chapter>& chapters) {
    Fields index = fields.add("INDEX");
    for (const Chapter& chapter : chapters) {
        if (chapter.slug.empty()) continue;
        Fields part = index.add("PART");
        part.set("PART_ID", chapter.id.empty() ? "chapter-" + chapter.slug : chapter.id);
        part.set("PART_URL", address_of(chapter));
        part.set("PART_NAME", chapter.name);
        for (const Entry& entry : chapter.entries) {
            Fields line = part.add("PART_ENTRY");
            line.set("ENTRY_ID", entry.id);
            line.set("ENTRY_URL", fmt::format("{}#{}", address_of(chapter), entry.id));
            line.set("ENTRY_TEXT", entry.text);
        }
    }
}

void show_way(Fields& fields, const char* name, const Chapter& chapter) {
    Fields way = fields.add(name);
    way.set("WAY_URL", address_of(chapter));
    way.set("WAY_NAME", chapter.name);
}

std::string page_of(const json::object& document, const std::vector<Chapter>& chapters, std::size_t at) {
    const Chapter& chapter = chapters[at];
    const bool first = at == 0;
    Fields fields;
    show_contents(fields, chapters, chapter);
    fields.set("HEADING", first ? "API" : chapter.name);
    fields.set("HEADING_ID", chapter.id.empty() ? "introduction" : chapter.id);
    if (first) fields.add("ABOUT", "VERSION", text_at(object_at(document, "info"), "version"));
    chapter.show(fields);
    if (first) show_index(fields, chapters);
    if (!first) show_way(fields, "BEFORE", chapters[at - 1]);
    if (at + 1 < chapters.size()) show_way(fields, "AFTER", chapters[at + 1]);
    Layout layout;
    layout.page = "docs";
    layout.title = (first ? "" : chapter.name + " · ") + "API · snippetd";
    layout.description = "How programs share and read snippets here: every route, with examples.";
    layout.script = "docs.js";
    return lay_out(layout, render("docs", fields));
}

}  // namespace

std::vector<DocsChapter> docs_chapters(const json::object& document) {
    const std::vector<Chapter> chapters = chapters_of(document);
    std::vector<DocsChapter> pages;
    for (std::size_t at = 0; at < chapters.size(); ++at) {
        pages.push_back({chapters[at].slug, page_of(document, chapters, at)});
    }
    return pages;
}

}  // namespace snippetd::pages
