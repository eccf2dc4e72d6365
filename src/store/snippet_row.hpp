#pragma once

#include "model/snippet.hpp"
#include "sql/connection.hpp"
#include "store/store.hpp"

#include <string>

#include <soci/soci.h>

/// Between rows and the model. For the .cpp files of store/ only.
namespace snippetd::store {

/// What is not known is shown to nobody.
inline model::Visibility visibility_from_text(std::string_view text) {
    return model::visibility_named(text).value_or(model::Visibility::private_);
}
std::string to_json(const std::vector<std::string>& texts);
std::string to_json(const model::NumbersById& counts);
/// `{"a","b"}`, the text form of PostgreSQL's text[].
std::string to_array(const std::vector<std::string>& texts);
/// An array of objects.
std::string to_json(const ViewFlushes& flushes);

/// For a batch that has not been counted because flushes in it have been.
void warn_of_other_history(const std::string& batch_id);

/// The variables that a row of `snippet_columns` is read into, or that a new row is written from. Null is '' for texts
/// and 0 for times.
struct SnippetRow {
    std::string id, title, body, language, visibility, tags, owner_id, owner_name;
    long long version = 0, view_count = 0, created_at = 0, updated_at = 0, expires_at = 0;
    int burn_after_reading = 0, language_chosen = 0;
    std::string edit_token_hash, forked_from;
    int original_is_public = 0;

    void read_from(soci::statement& statement);
    /// Binds `:id`, `:title` and so on, those columns of `snippets` that the API sets; not the body, whose place the
    /// dialects differ in.
    void write_to(soci::statement& statement);
    void assign(const model::Snippet& snippet);
    model::Snippet take();
};

/// A row with what only PostgreSQL keeps in it.
struct FoldedRow : SnippetRow {
    std::string title_folded, body_folded;

    void assign(const model::Snippet& snippet);
    /// Also `:body`, `:title_folded` and `:body_folded`.
    void write_to(soci::statement& statement);
};

/// All rows of a statement that reads SnippetRows and has been executed.
std::vector<model::Snippet> fetch_snippets(soci::statement& statement, SnippetRow& row);

/// Declares the variables' exchange, so that `statement` can be executed. It is sent with its text each time: nothing
/// of it stays with the session, and its one execution is one round trip.
void prepare(soci::statement& statement, const std::string& text);
/// Likewise, for a statement that is executed many times: the session keeps it, where sessions are our own.
void prepare_to_keep(sql::Connection& connection, soci::statement& statement, const std::string& text);

/// A statement that is ready to be executed, with its variables (soci::use, soci::into).
template <class... Variables>
soci::statement make_statement(sql::Connection& connection, const std::string& text, const Variables&... variables) {
    soci::statement statement{connection.session()};
    (statement.exchange(variables), ...);
    prepare(statement, text);
    return statement;
}

}  // namespace snippetd::store
