#include "store/search_tables.hpp"
#include "store/search_terms.hpp"
#include "store/snippet_row.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <soci/soci.h>

/// The index is GIN over an array of terms. It has no order, so what many snippets have is looked for among the newest
/// ones first, and only what few of these have is looked up.
namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

// Any constants will do, as long as every release uses the same.
constexpr long long kIndexerLock = 7316403;
// What one round takes: whichever is reached first.
constexpr int kRoundSnippetsMax = 64;
constexpr long long kRoundBytesMax = 512 * 1024;
constexpr int kNewestMax = 500;
/// An array is gone through for each term that is looked for in it, so few are where there is no index.
constexpr std::size_t kTermsWithoutIndex = 3;

std::string to_array_of_numbers(const std::vector<Term>& terms) {
    return fmt::format("{{{}}}", fmt::join(terms, ","));
}

/// Of the column `terms`.
std::string has_terms(const WantedTerms& wanted) {
    const auto has_all = [](const std::vector<Term>& terms) {
        return fmt::format("terms operator(pg_catalog.@>) '{}'::integer[]", to_array_of_numbers(terms));
    };
    if (wanted.of_text.empty()) return has_all(wanted.always);
    std::vector<Term> all = wanted.always, unknown = wanted.always;
    all.insert(all.end(), wanted.of_text.begin(), wanted.of_text.end());
    unknown.push_back(wanted.not_by_text);
    return fmt::format("({} or {})", has_all(all), has_all(unknown));
}

/// `snippets` beside `c`, which is a statement that gives ids and times in the order of the list: each row is looked
/// at when its turn comes, and none after the last one that is wanted.
Rows beside(const std::string& candidates, const char* direction) {
    return {fmt::format("({} offset 0) c cross join lateral (select * from snippets where id = c.snippet_id offset 0) "
                        "s {}",
                        candidates, kBesideSnippets),
            "", fmt::format("c.created_at {0}, c.snippet_id collate \"C\" {0}", direction)};
}

struct Waiting {
    std::vector<std::string> numbers, ids;  ///< of rows of search_pending, and of snippets, these once each
};

Waiting list_waiting(sql::Connection& connection) {
    connection.count("index_list");
    std::string number, id;
    long long size = 0, sum = 0;
    soci::statement list = make_statement(connection,
                                          "select p.n::text, p.snippet_id, coalesce(octet_length(s.body), 0) from "
                                          "(select n, snippet_id from search_pending order by n limit :limit) p "
                                          "left join snippets s on s.id = p.snippet_id order by p.n",
                                          use(kRoundSnippetsMax, "limit"), into(number), into(id), into(size));
    list.execute(false);
    Waiting waiting;
    while (list.fetch()) {
        if (sum > 0 && sum + size > kRoundBytesMax) break;
        sum += size;
        waiting.numbers.push_back(number);
        waiting.ids.push_back(id);
    }
    std::sort(waiting.ids.begin(), waiting.ids.end());
    waiting.ids.erase(std::unique(waiting.ids.begin(), waiting.ids.end()), waiting.ids.end());
    return waiting;
}

/// Rows are locked in the order of their ids, as by all others who lock several; a snippet that is gone by now is left
/// out.
constexpr const char* kPut = R"sql(
    insert into search_terms (snippet_id, created_at, terms)
    select s.id, s.created_at, d.terms::integer[] from unnest(:ids::text[], :terms::text[]) as d (id, terms)
        join snippets s on s.id = d.id
    order by s.id
    for key share of s
    on conflict (snippet_id) do update set terms = excluded.terms
)sql";

class PostgresSearch : public SearchTables {
  public:
    long long count_pending(sql::Connection& connection) override {
        connection.count("count_unindexed");
        long long about = 0;
        connection.session() << "select coalesce(max(n) - min(n) + 1, 0) from search_pending", into(about);
        return about;
    }

    Rows pending_rows() const override {
        Rows rows = all_rows();
        // One after the other: they are few, whatever the planner believes.
        rows.from = fmt::format(
            "(select distinct snippet_id from search_pending offset 0) p cross join lateral "
            "(select * from snippets where id = p.snippet_id offset 0) s {}",
            kBesideSnippets);
        return rows;
    }

    std::vector<model::Snippet> find(sql::Connection& connection, const Dialect& dialect,
                                     const Listing& listing) override {
        const ListQuery& query = listing.query;
        const WantedTerms wanted = wanted_terms(listing.owner_id, listing.folded, query.tag, query.language);
        const char* direction = direction_of(query);
        const std::string since =
            query.after ? fmt::format("created_at {} {}",
                                      query.order == ListOrder::oldest ? ">=" : "<=", query.after->created_at)
                        : "true";
        WantedTerms few = wanted;
        few.of_text = some_of(few.of_text, kTermsWithoutIndex);
        std::vector<model::Snippet> newest = list_rows(
            connection, dialect, listing,
            beside(fmt::format("select * from (select snippet_id, created_at, terms from search_terms where {0} "
                               "order by created_at {1}, snippet_id collate \"C\" {1} limit {2}) n where {3}",
                               since, direction, kNewestMax, has_terms(few)),
                   direction));
        if (newest.size() >= static_cast<std::size_t>(query.limit)) return newest;
        // The planner believes that going through all arrays costs nothing, and that of all snippets, from the newest
        // on, one of a few is found: what is found in the index comes first (`offset 0`), and then into its order.
        // Nor is it worth compiling (JIT), which takes a tenth of a second when there are no statistics.
        soci::transaction transaction{connection.session()};
        std::string seqscan, jit;
        connection.session() << "select set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)",
            into(seqscan), into(jit);
        std::vector<model::Snippet> all =
            list_rows(connection, dialect, listing,
                      beside(fmt::format("select snippet_id, created_at from (select snippet_id, created_at "
                                         "from search_terms where {0} and {1} offset 0) f order by created_at {2}, "
                                         "snippet_id collate \"C\" {2}",
                                         since, has_terms(wanted), direction),
                             direction));
        transaction.commit();
        return all;
    }

    /// By one instance at a time, in one transaction. What is written meanwhile is noted again, with another number.
    Awaitable<Indexed> index_some(const Pools& pools, const Dialect& dialect, Deadline deadline) override {
        auto work = [this, &dialect](sql::Connection& connection) {
            soci::session& session = connection.session();
            soci::transaction transaction{session};
            connection.count("index_lock");
            int mine = 0;
            session << fmt::format("select pg_try_advisory_xact_lock({})::integer", kIndexerLock), into(mine);
            if (mine == 0) return Indexed{0, count_pending(connection)};
            const Waiting waiting = list_waiting(connection);
            if (!waiting.numbers.empty()) put(connection, dialect, waiting);
            Indexed indexed;
            indexed.done = static_cast<std::int64_t>(waiting.ids.size());
            indexed.left = count_pending(connection);
            transaction.commit();
            return indexed;
        };
        return pools.search->run(std::move(work), deadline);
    }

  private:
    static void put(sql::Connection& connection, const Dialect& dialect, const Waiting& waiting) {
        std::vector<std::string> ids, terms;
        for (const model::Snippet& snippet : load_whole(connection, dialect, waiting.ids)) {
            ids.push_back(snippet.id);
            terms.push_back(to_array_of_numbers(terms_of(snippet)));
        }
        soci::session& session = connection.session();
        if (!ids.empty()) {
            connection.count("index_put");
            const std::string all_ids = to_array(ids), all_terms = to_array(terms);
            session << kPut, use(all_ids, "ids"), use(all_terms, "terms");
        }
        connection.count("index_done");
        const std::string numbers = to_array(waiting.numbers);
        session << "delete from search_pending where n = any(:numbers::bigint[])", use(numbers, "numbers");
    }
};

}  // namespace

std::unique_ptr<SearchTables> make_postgres_search() {
    return std::make_unique<PostgresSearch>();
}

}  // namespace snippetd::store
