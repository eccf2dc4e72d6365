#include "store/search_tables.hpp"
#include "store/search_terms.hpp"
#include "store/snippet_row.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <soci/soci.h>

/// The index is FTS5, whose documents are numbered in the order of time: it gives what it finds newest first, so a
/// search ends with the last one that is wanted, however many there are.
namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

// What one round takes: whichever is reached first.
constexpr int kRoundSnippetsMax = 32;
constexpr long long kRoundBytesMax = 256 * 1024;
constexpr std::size_t kRoundTermsMax = 20'000;  // of snippets, and as many of what is taken out

/// Documents are numbered by the second of their snippets; so many may be of one. FTS5 keeps the differences of
/// numbers: the smaller they are, the smaller is the index.
constexpr UnixMillis kSecond = 1000;
constexpr int kSameTimeBits = 16;
constexpr long long kSameTime = 1LL << kSameTimeBits;
/// Nine of ten numbers of a second can be taken until one is not found in so many.
constexpr int kTriesMax = 128;

/// A time of any year that a cursor may name is within the numbers that there are.
long long first_of(UnixMillis created_at) {
    constexpr UnixMillis kEnd = 1LL << (62 - kSameTimeBits);
    return static_cast<long long>(std::clamp<UnixMillis>(created_at / kSecond, 0, kEnd)) << kSameTimeBits;
}

/// As the tokenizer takes them: letters and digits, a space between.
std::string to_words(const std::vector<Term>& terms, std::string_view between = " ") {
    return fmt::format("{:x}", fmt::join(terms, between));
}

std::string to_match(const WantedTerms& wanted) {
    std::string match = to_words(wanted.always, " AND ");
    if (!wanted.of_text.empty()) {
        match += fmt::format(" AND (({}) OR {:x})", to_words(wanted.of_text, " AND "), wanted.not_by_text);
    }
    return match;
}

/// A snippet as it was when it was read.
struct ReadyOne {
    std::string id;
    long long version = 0;
    UnixMillis created_at = 0;
    std::vector<Term> terms;
};

/// Of a document of its time, some number: there may be many of that time.
long long first_number(const ReadyOne& one) {
    return first_of(one.created_at) + static_cast<long long>(std::hash<std::string>{}(one.id) % kSameTime);
}

struct Round {
    std::vector<long long> numbers;  ///< of rows of search_pending
    std::vector<ReadyOne> snippets;
    std::vector<long long> dropped;  ///< documents
};

/// What is in the index under this number is not any more.
void take_out(sql::Connection& connection, long long doc, const std::string& packed) {
    connection.count("index_take_out");
    const std::string words = to_words(unpack_terms(packed));
    connection.session() << "insert into search_index (search_index, rowid, terms) values ('delete', :doc, :words)",
        use(doc, "doc"), use(words, "words");
}

/// A number of that second, near `doc`, that neither a document has nor one that is still to be taken out.
std::optional<long long> find_number(soci::session& session, long long doc) {
    const long long first = doc - doc % kSameTime;
    for (int tries = 0; tries < kTriesMax; ++tries) {
        const long long number = first + (doc + tries) % kSameTime;
        int taken = 0;
        session << "select exists (select 1 from search_terms where doc = :doc) or "
                   "exists (select 1 from search_dropped where doc = :again)",
            use(number, "doc"), use(number, "again"), into(taken);
        if (taken == 0) return number;
    }
    return std::nullopt;
}

/// False when there is no number for it.
bool put(sql::Connection& connection, const ReadyOne& one) {
    soci::session& session = connection.session();
    connection.count("index_find");
    long long version = 0, doc = 0;
    std::string packed;
    session << "select s.version, coalesce(t.doc, 0), coalesce(t.terms, '') from snippets s "
               "left join search_terms t on t.snippet_id = s.id where s.id = :id",
        use(one.id, "id"), into(version), into(doc), into(packed);
    // It is gone, or has been written again, and is waiting again.
    if (!session.got_data() || version != one.version) return true;
    const bool is_new = doc == 0;
    if (is_new) {
        const std::optional<long long> number = find_number(session, first_number(one));
        if (!number) return false;
        doc = *number;
    } else {
        take_out(connection, doc, packed);
    }
    connection.count("index_put");
    const std::string words = to_words(one.terms);
    session << "insert into search_index (rowid, terms) values (:doc, :words)", use(doc, "doc"), use(words, "words");
    packed = pack_terms(one.terms);
    session << (is_new ? "insert into search_terms (snippet_id, terms, doc) values (:id, :terms, :doc)"
                       : "update search_terms set snippet_id = :id, terms = :terms where doc = :doc"),
        use(one.id, "id"), use(packed, "terms"), use(doc, "doc");
    return true;
}

class SqliteSearch : public SearchTables {
  public:
    long long count_pending(sql::Connection& connection) override {
        connection.count("count_unindexed");
        long long about = 0;
        connection.session() << "select coalesce((select max(n) from search_pending) - "
                                "(select min(n) from search_pending) + 1, 0)",
            into(about);
        return about;
    }

    Rows pending_rows() const override {
        return {fmt::format("(select distinct snippet_id from search_pending) p "
                            "cross join snippets s on s.id = p.snippet_id {}",
                            kBesideSnippets),
                "", ""};
    }

    std::vector<model::Snippet> find(sql::Connection& connection, const Dialect& dialect,
                                     const Listing& listing) override {
        const ListQuery& query = listing.query;
        const WantedTerms wanted = wanted_terms(listing.owner_id, listing.folded, query.tag, query.language);
        Rows rows;
        rows.from = fmt::format(
            "search_index('{}') i cross join search_terms d on d.doc = i.rowid "
            "cross join snippets s on s.id = d.snippet_id {}",
            to_match(wanted), kBesideSnippets);
        if (query.after) {
            const long long first = first_of(query.after->created_at);
            const bool backwards = query.order == ListOrder::oldest;
            rows.where =
                fmt::format("i.rowid {} {}", backwards ? ">=" : "<=", backwards ? first : first + kSameTime - 1);
        }
        rows.order = fmt::format("i.rowid {}", direction_of(query));
        rows.any_order_within = kSecond;
        return list_rows(connection, dialect, listing, rows);
    }

    /// What takes long is done before there is a transaction.
    Awaitable<Indexed> index_some(const Pools& pools, const Dialect& dialect, Deadline deadline) override {
        auto read = [&dialect](sql::Connection& connection) { return read_round(connection, dialect); };
        Round round = co_await pools.search->run(std::move(read), deadline);
        if (round.numbers.empty() && round.dropped.empty()) co_return Indexed{};
        auto write = [this, round = std::move(round)](sql::Connection& connection) {
            const std::int64_t done = write_round(connection, round);
            int dropped = 0;
            connection.session() << "select exists (select 1 from search_dropped)", into(dropped);
            return Indexed{done, count_pending(connection) + dropped};
        };
        co_return co_await pools.write->run(std::move(write), deadline);
    }

  private:
    struct Waiting {
        std::vector<long long> numbers;
        std::vector<std::string> ids;  ///< of the same rows
    };

    static Waiting list_waiting(sql::Connection& connection) {
        connection.count("index_list");
        Waiting waiting;
        long long number = 0, size = 0, sum = 0;
        std::string id;
        soci::statement list = make_statement(connection,
                                              "select p.n, p.snippet_id, coalesce(s.size, 0) from search_pending p "
                                              "left join snippets s on s.id = p.snippet_id order by p.n limit :limit",
                                              use(kRoundSnippetsMax, "limit"), into(number), into(id), into(size));
        list.execute(false);
        while (list.fetch()) {
            if (sum > 0 && sum + size > kRoundBytesMax) break;
            sum += size;
            waiting.numbers.push_back(number);
            waiting.ids.push_back(id);
        }
        return waiting;
    }

    static Round read_round(sql::Connection& connection, const Dialect& dialect) {
        Round round;
        const Waiting waiting = list_waiting(connection);
        std::set<std::string> left;  // for another round
        std::size_t terms = 0;
        for (const model::Snippet& snippet : load_whole(connection, dialect, waiting.ids)) {
            ReadyOne one{snippet.id, snippet.version, snippet.created_at, terms_of(snippet)};
            if (terms > 0 && terms + one.terms.size() > kRoundTermsMax) {
                left.insert(snippet.id);
                continue;
            }
            terms += one.terms.size();
            round.snippets.push_back(std::move(one));
        }
        for (std::size_t i = 0; i < waiting.ids.size(); ++i) {
            if (left.count(waiting.ids[i]) == 0) round.numbers.push_back(waiting.numbers[i]);
        }
        // FTS5 takes in at once what comes in the order of its numbers.
        std::sort(round.snippets.begin(), round.snippets.end(),
                  [](const ReadyOne& a, const ReadyOne& b) { return first_number(a) < first_number(b); });
        list_dropped(connection, round);
        return round;
    }

    static void list_dropped(sql::Connection& connection, Round& round) {
        connection.count("index_list_dropped");
        long long doc = 0;
        std::string packed;
        soci::statement list =
            make_statement(connection, "select doc, terms from search_dropped order by doc limit :limit",
                           use(kRoundSnippetsMax, "limit"), into(doc), into(packed));
        list.execute(false);
        for (std::size_t terms = 0; terms < kRoundTermsMax && list.fetch(); terms += packed.size() / 2) {
            round.dropped.push_back(doc);
        }
    }

    /// How much it has got out of the way.
    static std::int64_t write_round(sql::Connection& connection, const Round& round) {
        soci::session& session = connection.session();
        std::size_t done = round.dropped.size() + round.numbers.size();
        for (const long long doc : round.dropped) {
            // Once: another process on this file may have done it.
            std::string packed;
            session << "delete from search_dropped where doc = :doc returning terms", use(doc, "doc"), into(packed);
            if (session.got_data()) take_out(connection, doc, packed);
        }
        for (const long long number : round.numbers) {
            session << "delete from search_pending where n = :n", use(number, "n");
        }
        for (const ReadyOne& one : round.snippets) {
            if (put(connection, one)) continue;
            // It is looked through as long as it has not found a place, and makes way for others.
            session << "insert into search_pending (snippet_id) values (:id)", use(one.id, "id");
            --done;
        }
        return static_cast<std::int64_t>(done);
    }
};

}  // namespace

std::unique_ptr<SearchTables> make_sqlite_search() {
    return std::make_unique<SqliteSearch>();
}

}  // namespace snippetd::store
