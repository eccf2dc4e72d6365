#include "base/numbers.hpp"
#include "exchange/access.hpp"
#include "exchange/input.hpp"
#include "exchange/page.hpp"
#include "model/languages.hpp"
#include "pages/code.hpp"
#include "pages/diff.hpp"
#include "pages/documents.hpp"
#include "pages/read_page.hpp"
#include "pages/template.hpp"
#include "pages/text.hpp"
#include "ui/handlers.hpp"
#include "ui/names.hpp"
#include "use_cases/revisions.hpp"
#include "use_cases/snippets.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

// The history of a snippet: its versions, each by itself, what has changed between two, and back to one.

namespace snippetd::ui {

using namespace exchange;

namespace {

constexpr int kRevisionsShownMax = 100;
/// What a page can ask for, so that few differences are made and kept.
constexpr std::array<std::uint32_t, 3> kContexts{pages::kContextLines, 25, pages::kWholeText};

std::optional<std::int64_t> version_of(std::string_view text) {
    const auto version = base::parse_number<std::int64_t>(text);
    return version && *version >= 1 ? version : std::nullopt;
}

std::optional<std::int64_t> version_parameter(const http::Request& request, std::string_view name) {
    return version_of(http::find_parameter(request.query, name).value);
}

void show_change(pages::Fields& fields, std::string_view name, std::string_view from, std::string_view to) {
    if (from == to) return;
    pages::Fields change = fields.add("CHANGE");
    change.set("CHANGE_NAME", name);
    change.set("CHANGE_FROM", from.empty() ? "none" : from);
    change.set("CHANGE_TO", to.empty() ? "none" : to);
}

/// Two versions that are compared, and how.
struct Compared {
    model::Revision before, after;
    bool split = false;
    std::size_t context = 0;  ///< which of kContexts

    std::string url(const std::string& id, bool as_split, std::size_t with_context) const {
        std::string url = fmt::format("/s/{}/revisions?from={}&to={}", id, before.version, after.version);
        if (as_split) url += "&view=split";
        if (with_context > 0) url += fmt::format("&context={}", with_context == 1 ? "more" : "all");
        return url;
    }
};

/// The colours of one version.
Awaitable<std::vector<highlight::Run>> colours_of(Exchange& exchange, const std::string& id,
                                                  const model::Revision& revision, std::shared_ptr<const void> owner) {
    std::string key = fmt::format("colours {} {}", id, revision.version);
    return exchange.worker.pages.find_colours(std::move(key), std::move(owner), revision.body, revision.language,
                                              exchange.deadline);
}

/// Two versions and their colours, for as long as they are compared.
struct Texts {
    model::Revision before, after;
    std::string colours_before{}, colours_after{};
};

/// What has changed between their texts, compared or, mostly, as it was compared before. Moves the versions away.
Awaitable<std::shared_ptr<const pages::Document>> compare(Exchange& exchange, const std::string& id,
                                                          Compared& compared) {
    const auto texts = std::make_shared<Texts>(Texts{std::move(compared.before), std::move(compared.after)});
    const std::vector<highlight::Run> before = co_await colours_of(exchange, id, texts->before, texts);
    const std::vector<highlight::Run> after = co_await colours_of(exchange, id, texts->after, texts);
    texts->colours_before = pages::written(before);
    texts->colours_after = pages::written(after);
    // Where the machine was too busy for colours it may not be next time.
    std::string key = fmt::format("difference {} {} {} {} {} {} {}", id, texts->before.version, texts->after.version,
                                  compared.split, compared.context, before.empty(), after.empty());
    pages::DocumentRequest request;
    request.kind = compared.split ? pages::DocumentKind::diff_split : pages::DocumentKind::diff_inline;
    request.owner = texts;
    request.first = texts->before.body;
    request.second = texts->after.body;
    request.first_colours = texts->colours_before;
    request.second_colours = texts->colours_after;
    request.context = kContexts[compared.context];
    request.time_max = pages::kDiffTimeMax;
    co_return co_await exchange.worker.pages.documents().make(std::move(key), std::move(request), exchange.deadline);
}

void show_text_changes(pages::Fields& shown, const pages::Document& changes) {
    if (changes.outcome != pages::DocumentOutcome::made) {
        shown.show("TOO_DIFFERENT");
        return;
    }
    pages::Fields counts = shown.add("COUNTS");
    counts.set("ADDED", std::to_string(changes.added));
    counts.set("REMOVED", std::to_string(changes.removed));
    if (changes.html.empty()) {
        shown.show("SAME");
    } else {
        shown.add("TEXT", "DIFF_HTML", changes.html);
    }
    shown.show_if(changes.cut, "CUT");
}

/// The changes between two of the versions that the caller may see.
Awaitable<std::optional<Error>> show_diff(Exchange& exchange, const model::Snippet& snippet, std::int64_t from,
                                          std::int64_t to, pages::Fields& fields) {
    Result<model::Revision> before = co_await use_cases::read_revision(exchange, snippet, from);
    if (!before) co_return before.error();
    Result<model::Revision> after = co_await use_cases::read_revision(exchange, snippet, to);
    if (!after) co_return after.error();
    Compared compared{*std::move(before), *std::move(after)};
    compared.split = http::find_parameter(exchange.request.query, "view").value == "split";
    const std::string context = http::find_parameter(exchange.request.query, "context").value;
    compared.context = context == "all" ? 2 : context == "more" ? 1 : 0;
    pages::Fields shown = fields.add("DIFF");
    show_change(shown, "Title", compared.before.title, compared.after.title);
    show_change(shown, "Language", model::language_label(compared.before.language),
                model::language_label(compared.after.language));
    show_change(shown, "Visibility", model::to_text(compared.before.visibility),
                model::to_text(compared.after.visibility));
    shown.set("DIFF_FROM", std::to_string(from));
    shown.set("DIFF_TO", std::to_string(to));
    shown.set("INLINE_URL", compared.url(snippet.id, false, compared.context));
    shown.set("SPLIT_URL", compared.url(snippet.id, true, compared.context));
    shown.show(compared.split ? "SPLIT" : "INLINE");
    if (compared.context < 2) {
        shown.add("MORE", "MORE_URL", compared.url(snippet.id, compared.split, compared.context + 1));
    }
    if (compared.context > 0) {
        shown.add("LESS", "LESS_URL", compared.url(snippet.id, compared.split, compared.context - 1));
    }
    const std::shared_ptr<const pages::Document> changes = co_await compare(exchange, snippet.id, compared);
    show_text_changes(shown, *changes);
    co_return std::nullopt;
}

void show_revision(pages::Fields& fields, const std::string& id, const model::Revision& revision, bool current,
                   std::optional<std::int64_t> earlier) {
    pages::Fields shown = fields.add("REVISION");
    shown.set("REVISION_VERSION", std::to_string(revision.version));
    shown.set("REVISION_URL", current ? "/s/" + id : fmt::format("/s/{}/revisions/{}", id, revision.version));
    shown.set("REVISION_CREATED_ISO", base::format_rfc3339(revision.created_at));
    shown.set("REVISION_CREATED_TEXT", pages::time_text(revision.created_at));
    shown.set("REVISION_SIZE_TEXT", pages::size_text(static_cast<std::size_t>(revision.size)));
    shown.show_if(current, "IS_CURRENT");
    if (!earlier) return;
    shown.add("DIFF_LINK", "DIFF_URL", fmt::format("/s/{}/revisions?from={}&to={}", id, *earlier, revision.version));
}

/// What can be chosen to be compared: at first, what has changed last.
void show_choice(pages::Fields& fields, const std::vector<model::Revision>& items, std::optional<std::int64_t> from,
                 std::optional<std::int64_t> to) {
    if (items.size() < 2) return;
    pages::Fields choice = fields.add("COMPARE");
    const auto show = [&](const char* section, std::int64_t chosen) {
        for (const model::Revision& revision : items) {
            pages::Fields option = choice.add(section);
            option.set("OPTION_VERSION", std::to_string(revision.version));
            option.show_if(revision.version == chosen, "OPTION_SELECTED");
        }
    };
    show("FROM", from.value_or(items[1].version));
    show("TO", to.value_or(items[0].version));
}

/// What the page of one version is made of, once for all its ways.
struct OneVersion {
    model::Snippet snippet;
    model::Revision revision;
};

Awaitable<Result<OneVersion>> read_one_version(Exchange& exchange) {
    const std::optional<std::int64_t> version = version_of(exchange.parameters[1]);
    if (!version) co_return error(ErrorKind::not_found);
    use_cases::RevisionsWanted none;
    none.limit = 0;
    Result<use_cases::Revisions> revisions =
        co_await use_cases::list_revisions(exchange, exchange.parameters.front(), none);
    if (!revisions) co_return revisions.error();
    Result<model::Revision> revision = co_await use_cases::read_revision(exchange, revisions->snippet, *version);
    if (!revision) co_return revision.error();
    co_return OneVersion{std::move(revisions->snippet), *std::move(revision)};
}

std::string revision_content(const OneVersion& one, std::span<const highlight::Run> colours, bool may_restore) {
    const auto& [snippet, revision] = one;
    pages::Fields fields;
    const std::string title = pages::title_text(revision.title, revision.body);
    const std::string url = fmt::format("/s/{}/revisions/{}", snippet.id, revision.version);
    fields.set("ID", snippet.id);
    fields.set("TITLE_TEXT", title);
    fields.set("LANGUAGE", revision.language);
    fields.set("LANGUAGE_LABEL", model::language_label(revision.language));
    fields.set("VERSION", std::to_string(revision.version));
    fields.set("CURRENT_VERSION", std::to_string(snippet.version));
    fields.set("CREATED_ISO", base::format_rfc3339(revision.created_at));
    fields.set("CREATED_TEXT", pages::time_text(revision.created_at));
    fields.set("SIZE_TEXT", pages::size_text(revision.body.size()));
    const std::size_t lines = pages::count_lines(revision.body);
    fields.set("LINES_TEXT", pages::count_text(lines, "line", "lines"));
    fields.set("RAW_URL", url + "/raw");
    if (revision.version == snippet.version) {
        fields.show("IS_CURRENT");
    } else {
        fields.add("COMPARE", "COMPARE_URL",
                   fmt::format("/s/{}/revisions?from={}&to={}", snippet.id, revision.version, snippet.version));
        if (may_restore) fields.add("RESTORE", "RESTORE_URL", url + "/restore");
    }
    pages::show_code(fields, revision.body, revision.language, colours);
    return pages::render("revision", fields);
}

}  // namespace

Answer revisions_page(Exchange& exchange) {
    const Result<VersionsQuery> query = read_versions_query(exchange.request.query, kRevisionsShownMax);
    if (!query) co_return query.error();
    const use_cases::RevisionsWanted wanted{query->before, query->limit};
    const Result<use_cases::Revisions> revisions =
        co_await use_cases::list_revisions(exchange, exchange.parameters.front(), wanted);
    if (!revisions) co_return revisions.error();
    const model::Snippet& snippet = revisions->snippet;
    const std::vector<model::Revision>& items = revisions->items;
    pages::Fields fields;
    fields.set("ID", snippet.id);
    fields.set("TITLE_TEXT", name_of(snippet));
    for (std::size_t i = 0; i < items.size(); ++i) {
        std::optional<std::int64_t> earlier =
            revisions->next_before ? std::optional{items[i].version - 1} : std::nullopt;
        if (i + 1 < items.size()) earlier = items[i + 1].version;
        show_revision(fields, snippet.id, items[i], items[i].version == snippet.version, earlier);
    }
    if (query->before) fields.add("NEWER", "NEWER_URL", fmt::format("/s/{}/revisions", snippet.id));
    if (revisions->next_before) {
        fields.add("OLDER", "OLDER_URL", fmt::format("/s/{}/revisions?before={}", snippet.id, *revisions->next_before));
    }
    const std::optional<std::int64_t> from = version_parameter(exchange.request, "from");
    const std::optional<std::int64_t> to = version_parameter(exchange.request, "to");
    show_choice(fields, items, from, to);
    if (from && to) {
        std::optional<Error> wrong = co_await show_diff(exchange, snippet, *from, *to, fields);
        if (wrong) co_return *std::move(wrong);
    }
    pages::Layout layout = unlisted_layout("revisions", "Revisions of " + name_of(snippet));
    co_return co_await show_page(exchange, 200, std::move(layout), pages::render("revisions", fields));
}

Answer revision_page(Exchange& exchange) {
    Result<OneVersion> one = co_await read_one_version(exchange);
    if (!one) co_return one.error();
    const bool may_restore = may_edit(exchange.caller, one->snippet);
    pages::Layout layout =
        unlisted_layout("revision",
                        fmt::format("{}, version {}", pages::title_text(one->revision.title, one->revision.body),
                                    one->revision.version),
                        "read.js");
    layout.highlights = true;
    const auto shown = std::make_shared<const OneVersion>(*std::move(one));
    const std::vector<highlight::Run> colours =
        co_await colours_of(exchange, shown->snippet.id, shown->revision, shown);
    auto work = [shown, colours, may_restore] { return revision_content(*shown, colours, may_restore); };
    std::string content = co_await exchange.worker.pages.threads().run(std::move(work), exchange.deadline);
    co_return co_await show_page(exchange, 200, std::move(layout), std::move(content));
}

Answer revision_raw(Exchange& exchange) {
    Result<OneVersion> one = co_await read_one_version(exchange);
    if (!one) co_return one.error();
    http::Response response;
    response.fields =
        "Content-Type: text/plain; charset=utf-8\r\nContent-Security-Policy: default-src 'none'; sandbox\r\n"
        "Cache-Control: private, no-cache\r\n";
    response.body = std::move(one->revision.body);
    co_return response;
}

Answer restore_from_form(Exchange& exchange) {
    Result<http::Form> form = read_form(exchange);
    if (!form) co_return form.error();
    if (std::optional<Error> wrong = refuse_nobody(exchange.caller)) co_return *std::move(wrong);
    Result<OneVersion> one = co_await read_one_version(exchange);
    if (!one) co_return one.error();
    use_cases::SnippetInput input;
    input.title = std::move(one->revision.title);
    input.body = std::move(one->revision.body);
    input.language = std::move(one->revision.language);
    // What the page was shown upon: nobody's edit in between is lost.
    const std::optional<std::int64_t> seen = version_of(form->value("version"));
    use_cases::Condition condition = [seen, asked = condition_of(exchange)](const model::Snippet& now) {
        return (!seen || now.version == *seen) && (!asked || asked(now));
    };
    std::string id = one->snippet.id;
    Result<model::Snippet> restored = co_await use_cases::edit(exchange, id, std::move(input), std::move(condition));
    if (!restored && restored.error().kind == ErrorKind::precondition_failed) {
        Error changed = restored.error();
        changed.detail = "Somebody has edited this snippet meanwhile. Look at its revisions, and restore again.";
        co_return changed;
    }
    if (!restored) co_return restored.error();
    co_return see_other("/s/" + id);
}

}  // namespace snippetd::ui
