#include "api/access.hpp"
#include "api/handlers.hpp"
#include "api/snippet_json.hpp"
#include "base/json_text.hpp"
#include "base/zip_writer.hpp"

#include <deque>

#include <fmt/format.h>

namespace snippetd::api {

namespace {

constexpr int kListedAtOnce = 100;
// So much of bodies is in memory at a time, and a snippet more.
constexpr std::size_t kBytesAtOnce = 256 * 1024;
// For each call of the store; the export as a whole takes as long as the reader takes to read it.
constexpr base::Milliseconds kStepTimeout{4'000};

/// What a thread of the pool works on. It is shared, because the work may outlast a reader who goes away.
struct Archive {
    base::ZipWriter zip;
    std::string listing;  ///< of snippets.json; some hundred bytes a snippet, as is the archive's own directory
};

/// What becomes one file.
struct File {
    std::string name;
    std::string content;
    base::UnixMillis time = 0;
    std::string entry;  ///< in snippets.json, a JSON object; empty for an old version
};

File file_of(const model::Snippet& snippet, const std::string& base_url) {
    File file{export_name(snippet.id, snippet.title, snippet.language), snippet.body, snippet.updated_at,
              snippet_json(snippet, base_url, Body::left_out)};
    file.entry.back() = ',';
    file.entry += R"("file":)";
    base::append_json_string(file.entry, file.name);
    file.entry += '}';
    return file;
}

File file_of(const std::string& id, model::Revision revision) {
    const std::string extension = download_name(id, {}, revision.language).substr(id.size());
    return {fmt::format("revisions/{}/v{}{}", id, revision.version, extension),
            std::move(revision.body),
            revision.created_at,
            {}};
}

std::string compress(Archive& archive, const std::vector<File>& files) {
    for (const File& file : files) {
        archive.zip.add(file.name, file.content, file.time);
        if (file.entry.empty()) continue;
        if (archive.listing.back() != '[') archive.listing += ",\n";
        archive.listing += file.entry;
    }
    return archive.zip.take();
}

std::string finish(Archive& archive) {
    archive.listing += "]}\n";
    archive.zip.add("snippets.json", archive.listing, base::unix_now_ms());
    archive.zip.finish();
    return archive.zip.take();
}

/// All snippets of an account, with their old versions, as an archive that is made while it is sent: a page is listed
/// without bodies, then some of it is read and compressed, then more of it when that has been taken. What is created
/// meanwhile may be missing and what is deleted is; every snippet is as it was in the moment when its turn came.
class Export : public http::ContentSource {
  public:
    Export(const Services& services, model::Account account, std::string base_url)
        : store_{services.store},
          threads_{services.archive_threads},
          account_{std::move(account)},
          base_url_{std::move(base_url)} {
        archive_->listing = fmt::format(R"({{"username":"{}","exported_at":"{}","items":[)", account_.username,
                                        base::format_rfc3339(base::unix_now_ms()));
    }

    Awaitable<std::string> next() override {
        while (!ended_) {
            std::vector<File> page = co_await read_some();
            if (cancelled_) break;
            std::function<std::string()> work;
            if (page.empty()) {
                ended_ = true;
                work = [archive = archive_] { return finish(*archive); };
            } else {
                work = [archive = archive_, page = std::move(page)] { return compress(*archive, page); };
            }
            std::string piece = co_await threads_.run(std::move(work));
            if (!piece.empty()) co_return piece;
        }
        co_return std::string{};
    }

    void cancel() override { cancelled_ = true; }

    /// Lists the next page, unless the last one has not been read yet. Before the answer begins it is called once, so
    /// that a store that is away is a 503 and not a torn archive.
    Awaitable<void> list() {
        if (!listed_.empty() || all_listed_) co_return;
        store::ListQuery query;
        query.limit = kListedAtOnce;
        query.after = last_;
        std::vector<model::Snippet> page =
            co_await store_.list_owned(account_.id, query, base::deadline_in(kStepTimeout));
        all_listed_ = page.size() < kListedAtOnce;
        for (model::Snippet& snippet : page) listed_.push_back({snippet.created_at, std::move(snippet.id)});
        if (!listed_.empty()) last_ = listed_.back();
    }

  private:
    /// Empty when there are no more.
    Awaitable<std::vector<File>> read_some() {
        std::vector<File> page;
        std::size_t bytes = 0;
        while (bytes < kBytesAtOnce && !cancelled_) {
            std::optional<File> file;
            if (!old_versions_.empty()) {
                file = co_await read_old_version();
            } else {
                co_await list();
                if (listed_.empty()) break;
                file = co_await read_listed();
            }
            if (!file) continue;
            bytes += file->content.size() + kOverhead;
            page.push_back(std::move(*file));
        }
        co_return page;
    }

    Awaitable<std::optional<File>> read_listed() {
        std::string id = std::move(listed_.front().id);
        listed_.pop_front();
        store::Loaded loaded = co_await store_.load_snippet(std::move(id), base::deadline_in(kStepTimeout));
        if (!loaded.snippet || loaded.expired()) co_return std::nullopt;
        const model::Snippet& snippet = *loaded.snippet;
        if (snippet.version > 1) {
            std::vector<model::Revision> revisions =
                co_await store_.list_revisions(snippet.id, base::deadline_in(kStepTimeout));
            for (const model::Revision& revision : revisions) {
                if (revision.version < snippet.version) old_versions_.emplace_back(snippet.id, revision.version);
            }
        }
        co_return file_of(snippet, base_url_);
    }

    Awaitable<std::optional<File>> read_old_version() {
        const auto [id, version] = std::move(old_versions_.front());
        old_versions_.pop_front();
        std::optional<model::Revision> revision =
            co_await store_.find_revision(id, version, base::deadline_in(kStepTimeout));
        if (!revision) co_return std::nullopt;
        co_return file_of(id, *std::move(revision));
    }

    // What a snippet counts for beside its body, so that many small ones do not become one large page.
    static constexpr std::size_t kOverhead = 1024;

    store::Store& store_;
    base::ThreadPool& threads_;
    model::Account account_;
    std::string base_url_;
    std::shared_ptr<Archive> archive_ = std::make_shared<Archive>();
    std::deque<store::Position> listed_;  ///< not read yet
    std::deque<std::pair<std::string, std::int64_t>>
        old_versions_;  ///< of the snippet that was read last; ids, versions
    std::optional<store::Position> last_;
    bool all_listed_ = false;
    bool ended_ = false;
    bool cancelled_ = false;
};

}  // namespace

Answer export_account(Exchange& exchange) {
    const model::Account& account = *exchange.caller.account;
    const auto source = std::make_shared<Export>(exchange.worker, account, exchange.base_url());
    co_await source->list();
    http::Response response;
    response.source = source;
    response.add("Content-Type", "application/zip");
    response.add("Content-Disposition", fmt::format("attachment; filename=\"snippets-{}.zip\"", account.username));
    response.add("Cache-Control", "private, no-store");
    co_return response;
}

}  // namespace snippetd::api
