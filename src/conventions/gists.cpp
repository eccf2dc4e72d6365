#include "base/numbers.hpp"
#include "base/percent.hpp"
#include "base/secret.hpp"
#include "conventions/gist_files.hpp"
#include "conventions/handlers.hpp"
#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/input.hpp"
#include "exchange/link.hpp"
#include "exchange/page.hpp"
#include "exchange/snippet_json.hpp"
#include "http/entity_tag.hpp"
#include "model/languages.hpp"
#include "use_cases/lists.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>

/// GitHub's interface for gists (api.github.com, version 3), as far as tools for it go: a gist is a snippet, its files
/// are in the snippet as conventions/gist_files.hpp says. Public gists are public here, secret ones unlisted.
namespace snippetd::conventions {

using namespace exchange;

namespace json = boost::json;

namespace {

constexpr int kPageDefault = 30;

std::string raw_url(const std::string& base, const model::Snippet& snippet, std::string_view name, bool alone) {
    if (alone) return fmt::format("{}/s/{}/raw", base, snippet.id);
    return fmt::format("{}/api/v3/gists/{}/raw/{}", base, snippet.id, base::percent_encoded(name));
}

json::object file_json(const model::Snippet& snippet, const std::string& base, const model::File& file, bool alone,
                       bool with_content) {
    const std::string_view told = model::told_language(file.name, file.content).value_or(model::kPlainText);
    const std::string_view language = alone ? std::string_view{snippet.language} : told;
    json::object out{{"filename", file.name},
                     {"type", "text/plain"},
                     {"language", language},
                     {"raw_url", raw_url(base, snippet, file.name, alone)}};
    if (with_content) {
        out["size"] = file.content.size();
        out["truncated"] = false;
        out["content"] = file.content;
    }
    return out;
}

/// Without `with_content` from a list, where the files are those that the title names.
json::object gist_json(const model::Snippet& snippet, const std::string& base, bool with_content) {
    const Gist gist = gist_of(snippet);
    json::object files;
    for (const model::File& file : gist.files) {
        files[file.name] = file_json(snippet, base, file, !gist.bundled, with_content);
    }
    json::object out{{"id", snippet.id},
                     {"url", fmt::format("{}/api/v3/gists/{}", base, snippet.id)},
                     {"html_url", fmt::format("{}/s/{}", base, snippet.id)},
                     {"public", snippet.visibility == model::Visibility::public_},
                     {"description", nullptr},
                     {"owner", nullptr},
                     {"files", std::move(files)},
                     {"comments", 0},
                     {"truncated", false},
                     {"created_at", base::format_rfc3339(snippet.created_at)},
                     {"updated_at", base::format_rfc3339(snippet.updated_at)}};
    if (!gist.description.empty()) out["description"] = gist.description;
    if (!snippet.owner_name.empty()) out["owner"] = json::object{{"login", snippet.owner_name}};
    return out;
}

std::optional<model::File> find_file(const Gist& gist, std::string_view name) {
    const auto found = std::find_if(gist.files.begin(), gist.files.end(),
                                    [name](const model::File& file) { return file.name == name; });
    return found == gist.files.end() ? std::nullopt : std::optional{*found};
}

/// What one file of a request says.
struct FileChange {
    std::string name;
    bool removed = false;
    std::optional<std::string> content, new_name;
};

/// What a request says of a gist.
struct GistInput {
    std::optional<std::string> description;
    std::optional<bool> is_public;
    std::vector<FileChange> files;
};

std::optional<FileChange> read_file(std::string_view name, const json::value& value, Members& members) {
    FileChange change;
    change.name = name;
    change.removed = value.is_null();
    if (change.removed) return change;
    const json::object* object = value.if_object();
    if (!object) {
        members.complain("files", "each is an object, or null to remove it");
        return std::nullopt;
    }
    Members file{*object};
    change.content = file.text("content");
    change.new_name = file.text("filename", true);
    if (const std::optional<Error> wrong = file.finish()) {
        for (const auto& [member, why] : wrong->fields) {
            members.complain("files", fmt::format("{}: {} {}", name, member, why));
        }
        return std::nullopt;
    }
    return change;
}

Result<GistInput> read_gist_input(const json::object& object) {
    Members members{object};
    GistInput input;
    input.description = members.text("description", true);
    if (members.is_null("description")) input.description = "";
    input.is_public = members.boolean("public");
    const json::object* files = members.object("files");
    if (files && (files->empty() || files->size() > model::kBundledFilesMax)) {
        members.complain("files", "may be 1 to 300");
    } else if (files) {
        for (const auto& member : *files) {
            const std::string_view name{member.key().data(), member.key().size()};
            if (const auto fault = model::file_name_fault(name)) members.complain("files", std::string{*fault});
            if (auto change = read_file(name, member.value(), members)) input.files.push_back(*std::move(change));
        }
    }
    if (auto wrong = members.finish()) return *std::move(wrong);
    return input;
}

/// `gist` with what the input changes.
std::optional<Error> apply(const GistInput& input, Gist& gist) {
    if (input.description) gist.description = *input.description;
    for (const FileChange& change : input.files) {
        const auto named = [](std::string_view name) {
            return [name](const model::File& file) { return file.name == name; };
        };
        auto file = std::find_if(gist.files.begin(), gist.files.end(), named(change.name));
        if (change.removed) {
            if (file != gist.files.end()) gist.files.erase(file);
            continue;
        }
        if (file == gist.files.end()) file = gist.files.insert(file, model::File{change.name, {}});
        if (change.content) file->content = *change.content;
        if (!change.new_name || *change.new_name == change.name) continue;
        if (const auto fault = model::file_name_fault(*change.new_name)) {
            return invalid_field("files", std::string{*fault});
        }
        if (std::any_of(gist.files.begin(), gist.files.end(), named(*change.new_name))) {
            return invalid_field("files", fmt::format("{} is there already", *change.new_name));
        }
        file->name = *change.new_name;
    }
    if (gist.files.empty()) return invalid_field("files", "one is required at least");
    if (gist.files.size() > model::kBundledFilesMax) return invalid_field("files", "may be 300 at most");
    return std::nullopt;
}

use_cases::SnippetInput input_of(const Gist& gist) {
    StoredGist stored = store_gist(gist);
    use_cases::SnippetInput input;
    input.title = std::move(stored.title);
    input.body = std::move(stored.body);
    input.language = std::move(stored.language);
    return input;
}

/// What an edit changes. What it does not name stays: a title that is no file's name is not made one, a language that
/// somebody has chosen goes on, and so do the words between the files.
use_cases::SnippetInput changes_of(const Gist& before, const Gist& gist) {
    const auto same = [&](auto equal) {
        return std::equal(before.files.begin(), before.files.end(), gist.files.begin(), gist.files.end(), equal);
    };
    const bool same_names = same([](const model::File& a, const model::File& b) { return a.name == b.name; });
    const bool same_contents = same([](const model::File& a, const model::File& b) { return a.content == b.content; });
    use_cases::SnippetInput input = input_of(gist);
    if (same_names && before.description == gist.description) input.title.reset();
    if (same_names) input.language.reset();
    // There a file's language is what its name tells.
    input.guesses_language = !same_names && !input.language;
    if (same_names && same_contents) input.body.reset();
    return input;
}

/// Hash of what a create asks. The files are members of an object, and so in no order; the text that they become has
/// one.
std::string hash_of(const Gist& gist, bool is_public) {
    std::vector<const model::File*> files;
    for (const model::File& file : gist.files) files.push_back(&file);
    std::sort(files.begin(), files.end(), [](const auto* a, const auto* b) { return a->name < b->name; });
    std::string all = fmt::format("{} {}:{}", is_public, gist.description.size(), gist.description);
    for (const model::File* file : files) {
        all += fmt::format("{}:{}{}:", file->name.size(), file->name, file->content.size());
        all += file->content;
    }
    return base::hash_for("snippetd/asked", all);
}

/// What the use cases complain of, in the words of a gist.
Error in_words_of_gist(Error wrong) {
    for (auto& [name, why] : wrong.fields) {
        if (name == "title") {
            name = "description";
            why = "has 200 characters at most together with the name of the file, without control characters";
        }
        if (name == "body") name = "files";
    }
    return wrong;
}

/// A gist is full of links, so its tag names what they begin with.
std::string gist_representation(const Exchange& exchange) {
    std::string representation = "gist";
    append_base_tag(representation, exchange.base_url());
    return representation;
}

/// GitHub's `per_page`, and the place in the list as this service says it.
Result<store::ListQuery> read_gist_query(std::string_view query) {
    store::ListQuery out;
    out.limit = kPageDefault;
    if (const http::Parameter per_page = http::find_parameter(query, "per_page"); per_page.present) {
        out.limit = base::parse_number<int>(per_page.value).value_or(0);
        if (out.limit < 1 || out.limit > 100) return invalid_field("per_page", "is a whole number from 1 to 100");
    }
    const http::Parameter page = http::find_parameter(query, "page");
    if (page.present && page.value != "1") {
        return invalid_field("page", "is 1; the next page is the one that the Link field names");
    }
    Result<std::optional<store::Position>> after = read_cursor(query);
    if (!after) return after.error();
    out.after = *after;
    return out;
}

Awaitable<http::Response> gist_response(Exchange& exchange, unsigned status, const model::Snippet& snippet,
                                        std::string base) {
    auto work = [&] {
        http::Response response = http::json_response(status, json::serialize(gist_json(snippet, base, true)));
        response.add("ETag", http::strong_entity_tag(fmt::format("v{}-gist", snippet.version)));
        return response;
    };
    co_return co_await exchange.services.texts.by_size(Text::answer, snippet.body.size(), exchange.deadline.party,
                                                       std::move(work));
}

http::Response shown(const Exchange& exchange, const use_cases::Page& page, std::string_view path, int limit) {
    const std::string base = exchange.base_url();
    json::array gists;
    for (const model::Snippet& snippet : page.snippets) gists.push_back(gist_json(snippet, base, false));
    http::Response response = http::json_response(200, json::serialize(gists));
    if (page.next) {
        response.add("Link", fmt::format("<{}{}?per_page={}&cursor={}>; rel=\"next\"", base, path, limit,
                                         make_cursor(*page.next)));
    }
    return response;
}

}  // namespace

Answer create_gist(Exchange& exchange) {
    std::function<Result<NewSnippet>()> read = [&request = exchange.request]() -> Result<NewSnippet> {
        const Result<json::object> sent = parse_object(request);
        if (!sent) return sent.error();
        const Result<GistInput> input = read_gist_input(*sent);
        if (!input) return input.error();
        Gist gist;
        if (std::optional<Error> wrong = apply(*input, gist)) return *std::move(wrong);
        const bool is_public = input->is_public.value_or(false);
        NewSnippet made;
        made.input = input_of(gist);
        made.input.visibility = is_public ? model::Visibility::public_ : model::Visibility::unlisted;
        if (request.has(http::Field::idempotency_key)) made.asked = hash_of(gist, is_public);
        return made;
    };
    Result<use_cases::Created> created = co_await create_from(exchange, std::move(read));
    if (!created) co_return in_words_of_gist(created.error());
    const store::Receipt& receipt = created->receipt;
    http::Response response = co_await gist_response(exchange, 201, receipt.snippet, receipt.base);
    add_created_fields(response, *created);
    if (!receipt.edit_token.empty()) response.add("X-Token", receipt.edit_token);
    co_return response;
}

Answer list_gists(Exchange& exchange) {
    Result<store::ListQuery> query = read_gist_query(exchange.request.query);
    if (!query) co_return query.error();
    query->with_burning = false;  // a gist's `raw_url` and `url` are read by programs, at once
    const use_cases::Page page = co_await use_cases::list_mine(exchange, *query);
    co_return shown(exchange, page, "/api/v3/gists", query->limit);
}

Answer list_gists_of(Exchange& exchange) {
    Result<model::Account> account = co_await find_account(exchange, exchange.parameters.front());
    if (!account) co_return account.error();
    Result<store::ListQuery> query = read_gist_query(exchange.request.query);
    if (!query) co_return query.error();
    const use_cases::Page page = co_await use_cases::list_published(exchange, account->id, *query);
    co_return shown(exchange, page, fmt::format("/api/v3/users/{}/gists", account->username), query->limit);
}

Answer read_gist(Exchange& exchange) {
    Opening opening{Reader::program};
    Result<Opened> opened = co_await open_link(exchange, exchange.parameters.front(), std::move(opening));
    if (!opened) co_return opened.error();
    if (opened->asked) co_return *std::move(opened->asked);
    http::Response response =
        respond_with_link(*opened, exchange.request, gist_representation(exchange), "application/json");
    if (response.status != 200) co_return response;
    const model::Snippet& snippet = *opened->snippet;
    const std::string base = exchange.base_url();
    auto work = [&] { return json::serialize(gist_json(snippet, base, true)); };
    response.body = co_await exchange.services.texts.by_size(Text::answer, snippet.body.size(), exchange.deadline.party,
                                                             std::move(work));
    co_return response;
}

Answer read_gist_file(Exchange& exchange) {
    const std::string& id = exchange.parameters.front();
    const std::string& name = exchange.parameters[1];
    Opening opening;
    opening.has_it = [&name](const model::Snippet& snippet) { return find_file(gist_of(snippet), name).has_value(); };
    Result<Opened> opened = co_await open_link(exchange, id, std::move(opening));
    if (!opened) co_return opened.error();
    if (opened->asked) co_return *std::move(opened->asked);
    const model::Snippet& snippet = *opened->snippet;
    auto work = [&] { return find_file(gist_of(snippet), name); };
    std::optional<model::File> file = co_await exchange.services.texts.by_size(
        Text::answer, snippet.body.size(), exchange.deadline.party, std::move(work));
    if (!file) co_return error(ErrorKind::not_found);
    http::Response response = respond_with_link(*opened, exchange.request, "gist-raw", "text/plain; charset=utf-8");
    if (response.status == 200) response.body = std::move(file->content);
    co_return response;
}

Answer edit_gist(Exchange& exchange) {
    if (std::optional<Error> refused = refuse_nobody(exchange.caller)) co_return *std::move(refused);
    auto read = [&request = exchange.request]() -> Result<GistInput> {
        const Result<json::object> sent = parse_object(request);
        if (!sent) return sent.error();
        return read_gist_input(*sent);
    };
    Texts& texts = exchange.services.texts;
    const Result<GistInput> input =
        co_await texts.by_size(Text::request, exchange.request.body.size(), exchange.deadline.party, std::move(read));
    if (!input) co_return input.error();
    // Each file is changed in what the others are at that moment, so an edit that comes in between is taken up.
    // `public` is for a create alone; GitHub passes it over here, and its clients send it with every update.
    use_cases::Changes changes = [&](const model::Snippet& now) {
        auto work = [&input, &now]() -> Result<use_cases::SnippetInput> {
            const Gist before = gist_of(now);
            Gist gist = before;
            if (std::optional<Error> wrong = apply(*input, gist)) return *std::move(wrong);
            return changes_of(before, gist);
        };
        return texts.by_size(Text::request, exchange.request.body.size() + now.body.size(), exchange.deadline.party,
                             std::move(work));
    };
    use_cases::Condition condition = condition_of(exchange);
    Result<model::Snippet> edited =
        co_await use_cases::edit_upon(exchange, exchange.parameters.front(), std::move(changes), std::move(condition));
    if (!edited) co_return in_words_of_gist(edited.error());
    std::string base = exchange.base_url();
    co_return co_await gist_response(exchange, 200, *edited, std::move(base));
}

}  // namespace snippetd::conventions
