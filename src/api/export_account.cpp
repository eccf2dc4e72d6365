#include "api/handlers.hpp"
#include "base/json_text.hpp"
#include "base/zip_writer.hpp"
#include "exchange/snippet_json.hpp"
#include "use_cases/export.hpp"

#include <memory>

#include <fmt/format.h>

namespace snippetd::api {

using namespace exchange;

namespace {

using use_cases::AccountExport;

/// What a thread of the pool works on. It is shared, because the work may outlast a reader who goes away.
struct Archive {
    explicit Archive(std::string base_url_) : base_url{std::move(base_url_)} {}

    std::string base_url;
    base::ZipWriter zip;
    std::string listing;  ///< of snippets.json; some hundred bytes a snippet, as is the archive's own directory
};

void add(Archive& archive, const model::Snippet& snippet) {
    const std::string name = export_name(snippet.id, snippet.title, snippet.language);
    archive.zip.add(name, snippet.body, snippet.updated_at);
    if (archive.listing.back() != '[') archive.listing += ",\n";
    archive.listing += snippet_json(snippet, archive.base_url, Body::left_out);
    archive.listing.back() = ',';
    archive.listing += R"("file":)";
    base::append_json_string(archive.listing, name);
    archive.listing += '}';
}

void add(Archive& archive, const AccountExport::OldVersion& old) {
    const model::Revision& revision = old.revision;
    const std::string extension = download_name(old.id, {}, revision.language).substr(old.id.size());
    const std::string name = fmt::format("revisions/{}/v{}{}", old.id, revision.version, extension);
    archive.zip.add(name, revision.body, revision.created_at);
}

std::string compress(Archive& archive, const std::vector<AccountExport::Item>& items) {
    for (const AccountExport::Item& item : items) {
        std::visit([&archive](const auto& what) { add(archive, what); }, item);
    }
    return archive.zip.take();
}

std::string finish(Archive& archive) {
    archive.listing += "]}\n";
    archive.zip.add("snippets.json", archive.listing, base::unix_now_ms());
    archive.zip.finish();
    return archive.zip.take();
}

/// An account's snippets as an archive that is made while it is sent: some of them are read and compressed, then more
/// when that has been taken.
class ExportArchive : public http::ContentSource {
  public:
    ExportArchive(const Exchange& exchange, base::ThreadPool& threads)
        : threads_{threads},
          party_{exchange.deadline.party},
          all_{exchange},
          archive_{std::make_shared<Archive>(exchange.base_url())} {
        archive_->listing = fmt::format(R"({{"username":"{}","exported_at":"{}","items":[)", all_.account().username,
                                        base::format_rfc3339(base::unix_now_ms()));
    }

    Awaitable<void> begin() { return all_.begin(); }

    Awaitable<std::string> next() override {
        while (!ended_) {
            std::vector<AccountExport::Item> items = co_await all_.next();
            if (cancelled_) break;
            std::function<std::string()> work;
            if (items.empty()) {
                ended_ = true;
                work = [archive = archive_] { return finish(*archive); };
            } else {
                work = [archive = archive_, items = std::move(items)] { return compress(*archive, items); };
            }
            std::string piece = co_await threads_.run(std::move(work), party_);
            if (!piece.empty()) co_return piece;
        }
        co_return std::string{};
    }

    void cancel() override {
        cancelled_ = true;
        all_.cancel();
    }

  private:
    base::ThreadPool& threads_;
    const base::Party party_;
    AccountExport all_;
    std::shared_ptr<Archive> archive_;
    bool ended_ = false;
    bool cancelled_ = false;
};

}  // namespace

Answer export_account(Exchange& exchange) {
    const model::Account& account = *exchange.caller.account;
    const auto source = std::make_shared<ExportArchive>(exchange, exchange.worker.archive_threads);
    co_await source->begin();
    http::Response response;
    response.source = source;
    response.add("Content-Type", "application/zip");
    response.add("Content-Disposition", fmt::format("attachment; filename=\"snippets-{}.zip\"", account.username));
    response.add("Cache-Control", "private, no-store");
    co_return response;
}

}  // namespace snippetd::api
