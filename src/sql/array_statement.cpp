#include "sql/array_statement.hpp"

#include <array>
#include <atomic>
#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>

namespace snippetd::sql {

namespace {

// Of the server's pg_type.dat.
constexpr unsigned kText = 25, kBigint = 20, kTextArray = 1009, kBigintArray = 1016;
constexpr std::size_t kHeaderBytes = 20, kCountAt = 12;

using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

PGconn* raw(Connection& connection) {
    return static_cast<soci::postgresql_session_backend*>(connection.session().get_backend())->conn_;
}

/// Throws what SOCI throws, so that whoever reads errors reads one kind.
Answer check(PGconn* connection, PGresult* given) {
    Answer answer{given, PQclear};
    const ExecStatusType status = PQresultStatus(answer.get());
    if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return answer;
    const char* state = answer ? PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE) : nullptr;
    const char* message = answer ? PQresultErrorMessage(answer.get()) : PQerrorMessage(connection);
    throw soci::postgresql_soci_error{message, state ? state : "     "};
}

}  // namespace

Column::Column(Of of) : of_{of}, bytes_(kHeaderBytes, '\0') {
    put(1, 0);  // dimensions; then no nulls, the type, how many, and the first index
    put(of == Of::text ? kText : kBigint, 8);
    put(1, 16);
}

void Column::put(std::uint32_t number, std::size_t at) {
    for (std::size_t i = 0; i < 4; ++i) bytes_[at + i] = static_cast<char>(number >> (24 - 8 * i));
}

void Column::add(std::string_view text) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + 4);
    put(static_cast<std::uint32_t>(text.size()), at);
    bytes_ += text;
    ++count_;
}

void Column::add(std::int64_t number) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + 12);
    put(8, at);
    put(static_cast<std::uint32_t>(static_cast<std::uint64_t>(number) >> 32U), at + 4);
    put(static_cast<std::uint32_t>(number), at + 8);
    ++count_;
}

const std::string& Column::bytes() {
    put(count_, kCountAt);
    return bytes_;
}

ArrayStatement::ArrayStatement(Connection& connection, const std::string& text,
                               const std::vector<Column::Of>& parameters)
    : connection_{connection}, text_{text} {
    for (const Column::Of of : parameters) types_.push_back(of == Column::Of::text ? kTextArray : kBigintArray);
    if (!connection.keeps_statements()) return;
    static std::atomic<unsigned> made{0};
    std::string name = fmt::format("arrays_{}", ++made);
    PGconn* const session = raw(connection);
    check(session, PQprepare(session, name.c_str(), text.c_str(), static_cast<int>(types_.size()), types_.data()));
    name_ = std::move(name);
}

ArrayStatement::~ArrayStatement() {
    if (!name_.empty()) PQclear(PQexec(raw(connection_), fmt::format("deallocate {}", name_).c_str()));
}

std::vector<std::string> ArrayStatement::execute(std::vector<Column>& columns) {
    std::vector<const char*> values;
    std::vector<int> lengths;
    const std::vector<int> formats(columns.size(), 1);
    for (Column& column : columns) {
        values.push_back(column.bytes().data());
        lengths.push_back(static_cast<int>(column.bytes().size()));
    }
    PGconn* const session = raw(connection_);
    const int count = static_cast<int>(columns.size());
    PGresult* const given =
        name_.empty() ? PQexecParams(session, text_.c_str(), count, types_.data(), values.data(), lengths.data(),
                                     formats.data(), 0)
                      : PQexecPrepared(session, name_.c_str(), count, values.data(), lengths.data(), formats.data(), 0);
    const Answer answer = check(session, given);
    std::vector<std::string> read;
    for (int row = 0; row < PQntuples(answer.get()); ++row) read.emplace_back(PQgetvalue(answer.get(), row, 0));
    return read;
}

}  // namespace snippetd::sql
