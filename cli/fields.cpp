#include "fields.hpp"

#include "failure.hpp"
#include "text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

json::object fields_from_flags(const Invocation& invocation) {
    json::object fields;
    if (invocation.title) fields["title"] = *invocation.title;
    if (invocation.language) fields["language"] = *invocation.language;
    if (invocation.visibility) fields["visibility"] = *invocation.visibility;
    if (invocation.tags) fields["tags"] = json::array(invocation.tags->begin(), invocation.tags->end());
    if (invocation.expires_in_s) {
        fields["expires_in"] = *invocation.expires_in_s ? json::value(**invocation.expires_in_s) : json::value(nullptr);
    }
    return fields;
}

void check_body(std::string_view body) {
    if (body.empty()) throw Failure{ExitCode::bad_input, "it is empty: there is nothing to share"};
    if (const auto wrong = find_unacceptable(body)) {
        throw Failure{ExitCode::bad_input,
                      fmt::format("at byte {} there is {}: only text in UTF-8 can be shared (iconv "
                                  "converts other encodings)",
                                  wrong->offset, wrong->why)};
    }
}

}  // namespace snippetd::cli
