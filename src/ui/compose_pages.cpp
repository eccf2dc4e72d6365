#include "exchange/access.hpp"
#include "exchange/created.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "exchange/preview.hpp"
#include "model/guess.hpp"
#include "model/languages.hpp"
#include "model/line_ends.hpp"
#include "pages/read_page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <optional>

#include <fmt/format.h>

namespace snippetd::ui {

using namespace exchange;

namespace {

struct Expiry {
    std::string_view value, label;
};
constexpr Expiry kKeep{"keep", "As it is"};
constexpr std::array kExpiries{
    Expiry{"never", "Never"},   Expiry{"600", "10 minutes"},  Expiry{"3600", "1 hour"},     Expiry{"86400", "1 day"},
    Expiry{"604800", "1 week"}, Expiry{"2592000", "30 days"}, Expiry{"31536000", "1 year"},
};

/// What stands in the form.
struct Draft {
    std::string title, body, language, tags;  ///< the tags separated by commas
    std::string expires = "never";
    std::string visibility = "unlisted";
    bool burn = false;
    /// The text that is there now, where an edit has crossed another.
    std::optional<std::string> theirs;
    std::optional<std::string> preview;  ///< HTML of ours
};

/// A snippet that is edited rather than made.
struct Edited {
    std::string id;
    std::string version;
};

/// What a browser makes of the line ends in a text area.
std::string with_line_feeds(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
        out += text[i];
    }
    return out;
}

/// The text of the file that was chosen, when nothing was written.
const http::Form::Field* chosen_file(const http::Form& form) {
    const http::Form::Field* file = form.find("file");
    return form.value("body").empty() && file && !file->value.empty() ? file : nullptr;
}

/// `draft` with what the form says. What it does not name stays.
void take(const http::Form& form, Draft& draft) {
    const auto set = [&form](std::string& target, std::string_view name) {
        if (form.find(name)) target = form.value(name);
    };
    set(draft.title, "title");
    if (form.find("body")) draft.body = with_line_feeds(form.value("body"));
    if (const http::Form::Field* file = chosen_file(form)) {
        draft.body = file->value;
        if (draft.title.empty()) draft.title = title_of_file(file->file_name);
    }
    set(draft.language, "language");
    set(draft.tags, "tags");
    set(draft.expires, "expires");
    set(draft.visibility, "visibility");
    draft.burn = form.value("burn") == "1";
}

Draft draft_of(const http::Form& form) {
    Draft draft;
    take(form, draft);
    return draft;
}

/// What stands in the form of an edit that says nothing.
Draft unchanged() {
    Draft draft;
    draft.expires = kKeep.value;
    draft.visibility.clear();
    return draft;
}

Draft draft_of(const model::Snippet& snippet) {
    Draft draft = unchanged();
    draft.title = snippet.title;
    draft.body = snippet.body;
    if (snippet.language_chosen) draft.language = snippet.language;
    draft.tags = join_tags(snippet.tags);
    draft.visibility = model::to_text(snippet.visibility);
    return draft;
}

/// People are told, where programs get plain text.
std::optional<std::string> read_language(const std::string& text, use_cases::Complaints& complaints) {
    if (!model::language_named(text)) complaints.add("language", "is not in the list of languages");
    return text;
}

/// `input` with what the form says of when it ends.
std::optional<Error> take_expiry(const Draft& draft, SnippetInput& input) {
    const Result<std::optional<std::int64_t>> seconds = read_lifetime("expires", draft.expires);
    if (!seconds) return seconds.error();
    input.expires_in_s = *seconds;
    return std::nullopt;
}

/// A new snippet as the draft says it.
Result<NewSnippet> new_snippet(const Draft& draft) {
    NewSnippet made;
    SnippetInput& input = made.input;
    input.title = draft.title;
    input.body = draft.body;
    input.tags = split_tags(draft.tags);
    input.visibility = read_visibility(draft.visibility, input.complaints);
    if (!draft.language.empty()) input.language = read_language(draft.language, input.complaints);
    if (draft.burn) input.burn_after_reading = true;
    if (std::optional<Error> wrong = take_expiry(draft, input)) return *std::move(wrong);
    return made;
}

/// What an edit changes, of what its form names. An empty title or list of tags is none, an empty language is guessed
/// again.
Result<SnippetInput> changes_of(const http::Form& form, const Draft& draft) {
    SnippetInput input;
    if (form.find("title")) input.title = draft.title;
    if (form.find("body") || chosen_file(form)) input.body = draft.body;
    if (form.find("visibility")) input.visibility = read_visibility(draft.visibility, input.complaints);
    if (form.find("tags")) input.tags = split_tags(draft.tags);
    input.guesses_language = form.find("language") && draft.language.empty();
    if (form.find("language") && !draft.language.empty()) {
        input.language = read_language(draft.language, input.complaints);
    }
    if (form.find("expires") && draft.expires != kKeep.value) {
        if (std::optional<Error> wrong = take_expiry(draft, input)) return *std::move(wrong);
    }
    return input;
}

/// What people know as a field: what the form calls it, and where it is in the page.
struct FieldOfForm {
    std::string_view name, label, id;
};
constexpr FieldOfForm kFields[] = {{"body", "Text", "body"},
                                   {"title", "Title", "title"},
                                   {"language", "Language", "language"},
                                   {"tags", "Tags", "tags"},
                                   {"expires", "Expiry", "expires"},
                                   {"expires_in", "Expiry", "expires"},
                                   {"visibility", "Visibility", "visibility"},
                                   {"burn_after_reading", "Burn after reading", "burn"}};

void show_error(pages::Fields& fields, const Error& error) {
    pages::Fields shown = fields.add("ERROR");
    shown.set("ERROR_TITLE", heading_of(error.kind));
    if (const std::string text = told_to_people(error); !text.empty()) shown.add("DETAIL", "ERROR_DETAIL", text);
    for (const auto& [name, why] : error.fields) {
        const auto* known = std::find_if(std::begin(kFields), std::end(kFields),
                                         [&name = name](const FieldOfForm& field) { return field.name == name; });
        const bool found = known != std::end(kFields);
        pages::Fields field = shown.add("FIELD_ERROR");
        field.set("FIELD_ID", found ? known->id : std::string_view{"compose"});
        field.set("FIELD_LABEL", found ? known->label : std::string_view{name});
        field.set("FIELD_WHY", why);
    }
    if (error.retry_after_s > 0) shown.add("RETRY", "RETRY_AFTER", std::to_string(error.retry_after_s));
}

void show_choices(pages::Fields& fields, const Draft& draft, bool editing, bool private_allowed) {
    if (draft.visibility == "public") fields.show("VIS_PUBLIC_CHECKED");
    if (draft.visibility == "unlisted") fields.show("VIS_UNLISTED_CHECKED");
    pages::Fields allowed = fields.add(private_allowed ? "PRIVATE_ALLOWED" : "PRIVATE_REFUSED");
    if (draft.visibility == "private") allowed.show("VIS_PRIVATE_CHECKED");
    const auto add_expiry = [&](const Expiry& expiry) {
        pages::Fields option = fields.add("EXPIRY_OPTION");
        option.set("EXPIRY_VALUE", expiry.value);
        option.set("EXPIRY_LABEL", expiry.label);
        option.show_if(expiry.value == draft.expires, "EXPIRY_SELECTED");
    };
    if (editing) add_expiry(kKeep);
    for (const Expiry& expiry : kExpiries) add_expiry(expiry);
    for (const model::Language& language : model::languages()) {
        pages::Fields option = fields.add("LANGUAGE_OPTION");
        option.set("LANGUAGE_NAME", language.name);
        option.set("LANGUAGE_LABEL", language.label);
    }
}

/// The form itself, filled.
std::string render_form(const Draft& draft, const Edited* edited, const Error* error, std::uint64_t body_bytes_max,
                        bool private_allowed) {
    pages::Fields fields;
    const bool editing = edited != nullptr;
    pages::Fields mode = fields.add(editing ? "EDIT" : "NEW");
    fields.set("ACTION", editing ? fmt::format("/s/{}/edit", edited->id) : "/");
    if (editing) {
        fields.set("ID", edited->id);
        fields.set("VERSION", edited->version);
    }
    fields.set("F_TITLE", draft.title);
    // Escaped here: the template's own escaping turns line ends into blanks.
    std::string body;
    pages::append_escaped(body, draft.body);
    fields.set("F_BODY", body);
    if (draft.theirs) {
        std::string theirs;
        pages::append_escaped(theirs, *draft.theirs);
        fields.add("THEIRS", "THEIR_BODY", theirs);
    }
    if (draft.preview) fields.add("PREVIEW", "PREVIEW_HTML", *draft.preview);
    fields.set("F_LANGUAGE", draft.language);
    fields.set("F_TAGS", draft.tags);
    fields.show_if(draft.burn, "BURN_CHECKED");
    fields.set("MAX_BODY", std::to_string(body_bytes_max));
    fields.set("MAX_BODY_TEXT", pages::size_text(body_bytes_max));
    show_choices(fields, draft, editing, private_allowed);
    if (error) show_error(fields, *error);
    return pages::render("compose", fields);
}

/// The page of the form; for a new snippet without `edited`. With an error, its status.
Awaitable<http::Response> show_form(Exchange& exchange, const Draft& draft, const Edited* edited, const Error* error) {
    const bool editing = edited != nullptr;
    const std::uint64_t body_bytes_max = exchange.services.options.body_bytes_max;
    const bool private_allowed = exchange.caller.account.has_value();
    const std::size_t bytes = draft.body.size() + (draft.preview ? draft.preview->size() : 0);
    auto work = [&, edited, error, body_bytes_max, private_allowed] {
        return render_form(draft, edited, error, body_bytes_max, private_allowed);
    };
    std::string form =
        co_await exchange.services.texts.by_size(Text::answer, bytes, exchange.deadline.party, std::move(work));
    pages::Layout layout;
    layout.page = "compose";
    layout.title = editing ? "Edit snippet · snippetd" : "snippetd: share code";
    layout.description = "Paste code, get a link, send it to others. Highlighted, fast, and yours to edit.";
    layout.indexed = !editing && !error && !draft.preview;
    layout.script = "compose.js";
    layout.highlights = true;
    const unsigned status = error ? base::describe(error->kind).status : 200;
    co_return co_await show_page(exchange, status, std::move(layout), std::move(form),
                                 error ? error->retry_after_s : 0);
}

Awaitable<Result<http::Form>> parse_long_form(Exchange& exchange) {
    auto work = [&request = exchange.request] { return http::parse_form(request); };
    co_return co_await exchange.services.texts.by_size(Text::request, exchange.request.body.size(),
                                                       exchange.deadline.party, std::move(work));
}

Awaitable<Result<Draft>> read_draft(Exchange& exchange) {
    auto work = [&request = exchange.request]() -> Result<Draft> {
        const Result<http::Form> form = http::parse_form(request);
        if (!form) return form.error();
        return draft_of(*form);
    };
    co_return co_await exchange.services.texts.by_size(Text::request, exchange.request.body.size(),
                                                       exchange.deadline.party, std::move(work));
}

/// The snippet that the form of a preview is for, if it is for an edit.
std::optional<Edited> edited_in(const http::Form& form) {
    constexpr std::size_t kIdBytesMax = 64;
    const std::string_view id = form.value("id");
    const bool valid =
        !id.empty() && id.size() <= kIdBytesMax &&
        std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
    if (!valid) return std::nullopt;
    return Edited{std::string{id}, std::string{form.value("version")}};
}

/// What would be shared, if it were.
bool is_markdown(const Draft& draft) {
    if (draft.language.empty()) return model::guess_language(draft.title, draft.body) == "markdown";
    return model::language_named(draft.language) == "markdown";
}

Edited edited_of(const Exchange& exchange, const http::Form& form) {
    return {exchange.parameters.front(), std::string{form.value("version")}};
}

/// Scripts on the snippet's pages, and its forms, find the token there, and no other page does.
void add_edit_cookie(http::Response& response, const Exchange& exchange, const std::string& id,
                     std::string_view edit_token) {
    constexpr std::int64_t kCookieSeconds = 30 * 24 * 3600;
    response.add("Set-Cookie", fmt::format("edit={}; SameSite=Lax; Path=/s/{}; Max-Age={}{}", edit_token, id,
                                           kCookieSeconds, exchange.request.secure ? "; Secure" : ""));
}

/// To the new snippet, with what lets its maker edit it. Whoever has made what burns gets the link, and is not asked
/// whether to burn it.
http::Response led_to(const Exchange& exchange, const store::Receipt& made) {
    const bool burns = made.snippet.burn_after_reading;
    http::Response response = see_other(fmt::format("/s/{}{}", made.snippet.id, burns ? "/made" : ""));
    if (!made.edit_token.empty()) add_edit_cookie(response, exchange, made.snippet.id, made.edit_token);
    return response;
}

}  // namespace

Answer compose_page(Exchange& exchange) {
    const Draft draft;
    co_return co_await show_form(exchange, draft, nullptr, nullptr);
}

Answer compose_from_form(Exchange& exchange) {
    Result<Draft> draft = co_await read_draft(exchange);
    if (!draft) co_return draft.error();
    std::function<Result<NewSnippet>()> read = [&draft] { return new_snippet(*draft); };
    Result<use_cases::Created> created = co_await create_from(exchange, std::move(read));
    if (created) co_return led_to(exchange, created->receipt);
    const Error wrong = created.error();
    co_return co_await show_form(exchange, *draft, nullptr, &wrong);
}

Awaitable<http::Response> compose_refused(Exchange& exchange, Error error) {
    // What was written comes back with the refusal.
    const Result<Draft> sent = co_await read_draft(exchange);
    const Draft draft = sent ? *sent : Draft{};
    co_return co_await show_form(exchange, draft, nullptr, &error);
}

Answer edit_page(Exchange& exchange) {
    Result<model::Snippet> snippet = co_await load_for_edit(exchange, exchange.parameters.front());
    if (!snippet) co_return snippet.error();
    const Draft draft = draft_of(*snippet);
    const Edited edited{snippet->id, std::to_string(snippet->version)};
    co_return co_await show_form(exchange, draft, &edited, nullptr);
}

Answer edit_from_form(Exchange& exchange) {
    Result<http::Form> form = co_await parse_long_form(exchange);
    if (!form) co_return form.error();
    Edited edited = edited_of(exchange, *form);
    std::optional<Error> wrong = refuse_nobody(exchange.caller);
    Result<model::Snippet> stored = error(ErrorKind::not_found);
    if (!wrong) {
        stored = co_await load_for_edit(exchange, edited.id);
        wrong = stored ? refuse_stale(exchange, *stored) : std::optional{stored.error()};
    }
    Draft draft = unchanged();
    auto compare = [&] {
        if (stored) draft = draft_of(*stored);
        take(*form, draft);
        if (stored && !chosen_file(*form)) draft.body = model::restore_line_ends(draft.body, stored->body);
        return changes_of(*form, draft);
    };
    const std::size_t bytes = exchange.request.body.size() + (stored ? stored->body.size() : 0);
    Result<SnippetInput> input =
        co_await exchange.services.texts.by_size(Text::request, bytes, exchange.deadline.party, std::move(compare));
    if (!wrong && !input) wrong = input.error();
    if (!wrong) {
        // The form's own version takes the place of what the request itself asks, which has been weighed.
        use_cases::Condition condition = condition_of(exchange);
        if (form->find("version")) {
            condition = [&edited](const model::Snippet& now) { return std::to_string(now.version) == edited.version; };
        } else {
            edited.version = std::to_string(stored->version);
        }
        Result<model::Snippet> saved =
            co_await use_cases::edit(exchange, edited.id, *std::move(input), std::move(condition));
        if (saved) co_return see_other("/s/" + edited.id);
        wrong = saved.error();
    }
    if (wrong->kind == ErrorKind::precondition_failed) {
        wrong->detail =
            "Somebody has edited this snippet meanwhile. What they have made of it is shown here, what you have "
            "written is in the form below: take over what you want, and save again to overwrite theirs.";
        // Saving again means it: upon the version that is there now.
        Result<model::Snippet> current = co_await load_for_edit(exchange, edited.id);
        if (current) {
            edited.version = std::to_string(current->version);
            draft.theirs = std::move(current->body);
        }
    }
    co_return co_await show_form(exchange, draft, &edited, &*wrong);
}

Awaitable<http::Response> edit_refused(Exchange& exchange, Error error) {
    const Result<http::Form> form = co_await parse_long_form(exchange);
    Draft draft = unchanged();
    if (form) take(*form, draft);
    const Edited edited = form ? edited_of(exchange, *form) : Edited{exchange.parameters.front(), {}};
    co_return co_await show_form(exchange, draft, &edited, &error);
}

Answer preview_from_form(Exchange& exchange) {
    Result<http::Form> form = co_await parse_long_form(exchange);
    if (!form) co_return form.error();
    const std::optional<Edited> edited = edited_in(*form);
    Draft draft = edited ? unchanged() : Draft{};
    take(*form, draft);
    std::optional<Error> wrong;
    if (is_markdown(draft)) {
        Result<std::string> html = co_await render_preview(exchange, draft.body);
        if (html) {
            draft.preview = *std::move(html);
        } else {
            wrong = html.error();
        }
    } else {
        wrong = invalid_field("language", "is not Markdown, which alone has a preview");
    }
    co_return co_await show_form(exchange, draft, edited ? &*edited : nullptr, wrong ? &*wrong : nullptr);
}

Awaitable<http::Response> preview_refused(Exchange& exchange, Error error) {
    const Result<http::Form> form = co_await parse_long_form(exchange);
    const std::optional<Edited> edited = form ? edited_in(*form) : std::nullopt;
    Draft draft = edited ? unchanged() : Draft{};
    if (form) take(*form, draft);
    co_return co_await show_form(exchange, draft, edited ? &*edited : nullptr, &error);
}

}  // namespace snippetd::ui
