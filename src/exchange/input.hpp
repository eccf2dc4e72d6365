#pragma once

#include "exchange/exchange.hpp"
#include "model/snippet.hpp"
#include "model/view_history.hpp"
#include "use_cases/accounts.hpp"
#include "use_cases/snippet_input.hpp"
#include "use_cases/tokens.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

/// From request bodies to checked values. What is wrong is told by member, all of it at once.
namespace snippetd::exchange {

/// The body as a JSON object, whatever its Content-Type but multipart/form-data. 400 when it is not one.
Result<boost::json::object> parse_object(const http::Request& request);

bool has_multipart_body(const http::Request& request);

/// What is in a list that is separated by commas, without blanks around it. One in double quotes may have commas and
/// blanks of its own; a quote in it is doubled.
std::vector<std::string> split_tags(std::string_view text);
/// The list that `split_tags` makes these of again. None is empty.
std::string join_tags(const std::vector<std::string>& tags);
/// How long until something ends, as forms say it: a number of seconds, or one with s, m, h, d or w; nothing for
/// `never` and for nothing at all. Else 422.
Result<std::optional<std::int64_t>> read_lifetime(std::string_view name, std::string_view text);

/// Reads an object's members and gathers what is wrong with them.
class Members {
  public:
    explicit Members(const boost::json::object& object) : object_{object} {}

    /// The member's text, or nothing when it is absent (or null, if allowed) or not a text.
    std::optional<std::string> text(std::string_view name, bool null_allowed = false);
    /// Whether it is there and null. Asking makes it no known member.
    bool is_null(std::string_view name) const;
    std::optional<bool> boolean(std::string_view name);
    /// A whole number from `min` to `max`; the outer optional is empty when absent, the inner when null.
    std::optional<std::optional<std::int64_t>> integer_or_null(std::string_view name, std::int64_t min,
                                                               std::int64_t max);
    std::optional<std::vector<std::string>> texts(std::string_view name);
    /// Null when it is absent or no object.
    const boost::json::object* object(std::string_view name);

    void complain(std::string_view name, std::string_view why) { complaints_.add(name, why); }
    /// To be called last: members that nobody asked for are errors too. What is wrong, all of it at once.
    use_cases::Complaints complaints();
    /// The same as an error; nothing when all is well.
    std::optional<Error> finish() { return complaints().to_error(); }

  private:
    const boost::json::value* find(std::string_view name);

    const boost::json::object& object_;
    std::vector<std::string_view> known_;
    use_cases::Complaints complaints_;
};

using use_cases::Purpose;
using use_cases::SnippetInput;
using use_cases::title_of_file;

/// The visibility of that name; complains of another one.
std::optional<model::Visibility> read_visibility(std::string_view name, use_cases::Complaints& complaints);
/// What an object says of a snippet. What is wrong with its values is for the use cases to say.
SnippetInput read_snippet_input(const boost::json::object& object, Purpose purpose);

use_cases::CredentialsInput read_credentials(const boost::json::object& object);
/// `password` alone, of any length: a wrong one is told as such. 422 when there is none.
Result<std::string> read_password(const boost::json::object& object);
use_cases::PasswordInput read_new_password(const boost::json::object& object);
use_cases::TokenInput read_token(const boost::json::object& object);

/// Whose list it is.
enum class ListOf {
    caller,    ///< has its visibilities
    account,   ///< what another one has made public
    everybody  ///< can be sorted by views
};
/// `limit`, `cursor`, `sort` and the filters of a list.
Result<store::ListQuery> read_list_query(std::string_view query, ListOf whose);
/// Whether a list is asked for with a condition, which is a search.
bool has_filters(std::string_view query);
/// `by` of the statistics: `hour`, or `day` when it is absent.
Result<model::ViewBucket> read_view_bucket(std::string_view query);
/// `cursor` alone.
Result<std::optional<store::Position>> read_cursor(std::string_view query);
/// `before`, a version, and `limit` of a list of versions, which has at most `most`.
struct VersionsQuery {
    std::optional<std::int64_t> before;
    int limit = 0;
};
Result<VersionsQuery> read_versions_query(std::string_view query, int most);
std::string make_cursor(const store::Position& last);

}  // namespace snippetd::exchange
