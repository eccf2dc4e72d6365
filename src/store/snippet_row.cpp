#include "store/snippet_row.hpp"

#include "base/fold_case.hpp"
#include "base/log.hpp"

#include <boost/json.hpp>

namespace snippetd::store {

namespace json = boost::json;

std::string to_json(const std::vector<std::string>& texts) {
    json::array array;
    for (const std::string& text : texts) array.emplace_back(text);
    return json::serialize(array);
}

std::string to_json(const model::NumbersById& counts) {
    json::object object;
    for (const auto& [id, count] : counts) object[id] = count;
    return json::serialize(object);
}

std::string to_array(const std::vector<std::string>& texts) {
    std::string out = "{";
    for (const std::string& text : texts) {
        if (out.size() > 1) out += ',';
        out += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\') out += '\\';
            out += c;
        }
        out += '"';
    }
    return out + "}";
}

std::string to_json(const ViewFlushes& flushes) {
    json::array array;
    for (const ViewFlush& one : flushes) {
        array.emplace_back(
            json::object{{"flusher", one.flusher}, {"first_flush", one.first}, {"last_flush", one.last}});
    }
    return json::serialize(array);
}

void warn_of_other_history(const std::string& batch_id) {
    log::warn("views are not counted: some of them have been, by way of another Redis or another state of it",
              {{"batch", batch_id}});
}

void SnippetRow::read_from(soci::statement& statement) {
    statement.exchange(soci::into(id));
    statement.exchange(soci::into(title));
    statement.exchange(soci::into(body));
    statement.exchange(soci::into(language));
    statement.exchange(soci::into(visibility));
    statement.exchange(soci::into(tags));
    statement.exchange(soci::into(owner_id));
    statement.exchange(soci::into(owner_name));
    statement.exchange(soci::into(version));
    statement.exchange(soci::into(view_count));
    statement.exchange(soci::into(created_at));
    statement.exchange(soci::into(updated_at));
    statement.exchange(soci::into(expires_at));
    statement.exchange(soci::into(burn_after_reading));
    statement.exchange(soci::into(edit_token_hash));
    statement.exchange(soci::into(forked_from));
    statement.exchange(soci::into(original_is_public));
    statement.exchange(soci::into(language_chosen));
}

void SnippetRow::write_to(soci::statement& statement) {
    statement.exchange(soci::use(id, "id"));
    statement.exchange(soci::use(owner_id, "owner_id"));
    statement.exchange(soci::use(title, "title"));
    statement.exchange(soci::use(language, "language"));
    statement.exchange(soci::use(language_chosen, "language_chosen"));
    statement.exchange(soci::use(visibility, "visibility"));
    statement.exchange(soci::use(tags, "tags"));
    statement.exchange(soci::use(version, "version"));
    statement.exchange(soci::use(created_at, "created_at"));
    statement.exchange(soci::use(updated_at, "updated_at"));
    statement.exchange(soci::use(expires_at, "expires_at"));
    statement.exchange(soci::use(burn_after_reading, "burn"));
    statement.exchange(soci::use(edit_token_hash, "edit_token_hash"));
    statement.exchange(soci::use(forked_from, "forked_from"));
}

void SnippetRow::assign(const model::Snippet& snippet) {
    id = snippet.id;
    owner_id = snippet.owner_id;
    title = snippet.title;
    body = snippet.body;
    language = snippet.language;
    language_chosen = snippet.language_chosen ? 1 : 0;
    visibility = model::to_text(snippet.visibility);
    tags = to_json(snippet.tags);
    version = snippet.version;
    created_at = snippet.created_at;
    updated_at = snippet.updated_at;
    expires_at = snippet.expires_at.value_or(0);
    burn_after_reading = snippet.burn_after_reading ? 1 : 0;
    edit_token_hash = snippet.edit_token_hash;
    forked_from = snippet.forked_from;
}

model::Snippet SnippetRow::take() {
    model::Snippet snippet;
    snippet.id = std::move(id);
    snippet.title = std::move(title);
    snippet.body = std::move(body);
    snippet.language = std::move(language);
    snippet.visibility = visibility_from_text(visibility);
    if (tags != "[]") {
        const json::value stored_tags = json::parse(tags);
        for (const json::value& tag : stored_tags.as_array()) snippet.tags.emplace_back(tag.as_string());
    }
    snippet.owner_id = std::move(owner_id);
    snippet.owner_name = std::move(owner_name);
    snippet.version = version;
    snippet.view_count = view_count;
    snippet.created_at = created_at;
    snippet.updated_at = updated_at;
    if (expires_at != 0) snippet.expires_at = expires_at;
    snippet.burn_after_reading = burn_after_reading != 0;
    snippet.edit_token_hash = std::move(edit_token_hash);
    snippet.forked_from = std::move(forked_from);
    snippet.original_is_public = original_is_public != 0;
    snippet.language_chosen = language_chosen != 0;
    return snippet;
}

void FoldedRow::assign(const model::Snippet& snippet) {
    SnippetRow::assign(snippet);
    title_folded = base::fold_case(title);
    body_folded = base::fold_case(body);
}

void FoldedRow::write_to(soci::statement& statement) {
    SnippetRow::write_to(statement);
    statement.exchange(soci::use(body, "body"));
    statement.exchange(soci::use(title_folded, "title_folded"));
    statement.exchange(soci::use(body_folded, "body_folded"));
}

std::vector<model::Snippet> fetch_snippets(soci::statement& statement, SnippetRow& row) {
    std::vector<model::Snippet> snippets;
    // To the end, always: a statement that SQLite has not finished keeps its read transaction open.
    while (statement.fetch()) snippets.push_back(row.take());
    return snippets;
}

namespace {

void prepare_as(soci::details::statement_type kind, soci::statement& statement, const std::string& text) {
    statement.alloc();
    statement.prepare(text, kind);
    statement.define_and_bind();
}

}  // namespace

void prepare(soci::statement& statement, const std::string& text) {
    prepare_as(soci::details::st_one_time_query, statement, text);
}

void prepare_to_keep(sql::Connection& connection, soci::statement& statement, const std::string& text) {
    const bool keeps = connection.keeps_statements();
    prepare_as(keeps ? soci::details::st_repeatable_query : soci::details::st_one_time_query, statement, text);
}

}  // namespace snippetd::store
