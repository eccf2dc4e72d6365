#pragma once

#include "api/exchange.hpp"
#include "model/snippet.hpp"
#include "model/view_history.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

/// From request bodies to checked values. What is wrong is told by member, all of it at once.
namespace snippetd::api {

/// The body as a JSON object, whatever its Content-Type but multipart/form-data. 400 when it is not one.
Result<boost::json::object> parse_object(const http::Request& request);

bool has_multipart_body(const http::Request& request);

/// What is in a list that is separated by commas, without blanks around it. One in double quotes may have commas and
/// blanks of its own; a quote in it is doubled.
boost::json::array split_tags(std::string_view text);
/// The list that `split_tags` makes these of again. None is empty.
std::string join_tags(const std::vector<std::string>& tags);
/// A file's name as a title: without folders and control characters, and the end of it when it is long, because there
/// the extension is. Empty for `-`, and for what is not UTF-8.
std::string title_of_file(std::string_view file_name);

/// How long until something ends, as forms say it: a number of seconds, or one with s, m, h, d or w; nothing for
/// `never` and for nothing at all. Else 422.
Result<std::optional<std::int64_t>> read_lifetime(std::string_view name, std::string_view text);

/// 422 naming the first of these (name, value) whose value is not UTF-8, which JSON could not say; else nothing.
std::optional<Error> refuse_other_than_text(
    std::initializer_list<std::pair<std::string_view, std::string_view>> values);

/// Reads an object's members and gathers what is wrong with them.
class Members {
  public:
    static constexpr std::size_t kComplaintsMax = 20;
    static constexpr std::size_t kComplaintBytesMax = 256;

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

    /// Overflow rules: what comes after kComplaintsMax is not said, what is longer than kComplaintBytesMax is cut.
    void complain(std::string_view name, std::string_view why);
    /// To be called last: members that nobody asked for are errors too. Nothing when all is well.
    std::optional<Error> finish();

  private:
    const boost::json::value* find(std::string_view name);

    const boost::json::object& object_;
    std::vector<std::string_view> known_;
    std::vector<std::pair<std::string, std::string>> complaints_;
    bool more_complaints_ = false;
};

/// The members of a create or edit that were sent.
struct SnippetInput {
    std::optional<std::string> body, title, language;  ///< the language is canonical
    bool guesses_language = false;                     ///< null was sent for it
    std::optional<model::Visibility> visibility;
    std::optional<std::vector<std::string>> tags;
    std::optional<std::optional<std::int64_t>> expires_in_s;
    std::optional<bool> burn_after_reading;
    std::string asked;  ///< `hash_of_json` of all of it, when the request has an idempotency key; else empty
};

/// `for_create`: `body` is required and `burn_after_reading` allowed. 413 when the body is above the limit.
Result<SnippetInput> read_snippet_input(const boost::json::object& object, std::uint64_t body_bytes_max,
                                        bool for_create);
/// The same of the request's JSON; a long one is read beside the loop.
Awaitable<Result<SnippetInput>> take_snippet_input(Exchange& exchange, bool for_create);

struct Credentials {
    std::string username;  ///< lower case
    std::string password;
};
/// For a new account the password comes back prepared (`base::opaque_string`), else as it was typed.
Result<Credentials> read_credentials(const boost::json::object& object, bool for_new_account);

/// `password` alone, of any length: a wrong one is told as such.
Result<std::string> read_password(const boost::json::object& object);

struct NewPassword {
    std::string current;  ///< of any length: a wrong one is told as such
    std::string next;     ///< prepared
    bool revoke_tokens = false;
};
Result<NewPassword> read_new_password(const boost::json::object& object);

/// `limit`, `cursor` and the filters of a list.
Result<store::ListQuery> read_list_query(std::string_view query, bool with_filters);
/// `by` of the statistics: `hour`, or `day` when it is absent.
Result<model::ViewBucket> read_view_bucket(std::string_view query);
/// `cursor` alone.
Result<std::optional<store::Position>> read_cursor(std::string_view query);
std::string make_cursor(const model::Snippet& last);

}  // namespace snippetd::api
