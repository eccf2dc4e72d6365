#include "store/snippet_row.hpp"
#include "store/sql_store.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

// The part of SqlStore that is about accounts, their sessions and tokens.

namespace snippetd::store {

using soci::into;
using soci::use;

namespace {

template <class T>
std::optional<T> when(bool condition, T value) {
    if (!condition) return std::nullopt;
    return value;
}

/// Several statements that count all or not at all. On SQLite they are that anyway.
class Together {
  public:
    Together(soci::session& session, const Dialect& dialect) {
        if (dialect.begins_transactions) transaction_.emplace(session);
    }
    void commit() {
        if (transaction_) transaction_->commit();
    }

  private:
    std::optional<soci::transaction> transaction_;
};

/// Reads an account by the hash of a secret that has not expired.
std::optional<model::Bearer> find_by_secret(sql::Connection& connection, const char* name, const std::string& text,
                                            const std::string& hash) {
    connection.count(name);
    model::Bearer bearer;
    long long created_at = 0;
    connection.session() << text, use(hash, "hash"), into(bearer.id), into(bearer.username), into(created_at),
        into(bearer.token_id);
    bearer.created_at = created_at;
    return when(connection.session().got_data(), bearer);
}

bool replace_hash(soci::session& session, const std::string& account_id, const std::string& old_hash,
                  const std::string& new_hash) {
    std::string id;
    session << "update accounts set password_hash = :new_hash where id = :id and password_hash = :old_hash "
               "returning id",
        use(new_hash, "new_hash"), use(account_id, "id"), use(old_hash, "old_hash"), into(id);
    return session.got_data();
}

/// What makes a token, as it is while the account cannot change.
struct Maker {
    std::string token_id;      ///< empty when it is no token
    long long expires_at = 0;  ///< of the token; 0: never
};

/// Nothing when it is not good any more. The account is locked first, as by a change of its password: what that ends
/// is either seen to be gone here, or waits with what is made.
std::optional<Maker> lock_maker(sql::Connection& connection, const Dialect& dialect, const TokenMaker& maker) {
    soci::session& session = connection.session();
    connection.count("lock_account");
    std::string account_id, password_hash;
    session << "select id, password_hash from accounts where id = :id " + dialect.lock_shared,
        use(maker.account_id, "id"), into(account_id), into(password_hash);
    if (!session.got_data()) return std::nullopt;
    Maker found;
    switch (maker.kind) {
        case TokenMaker::Kind::password: return when(password_hash == maker.hash, found);
        case TokenMaker::Kind::session: {
            connection.count("lock_session");
            std::string hash;
            session << fmt::format(
                "select hash from sessions where hash = :hash and account_id = :id and expires_at > {} {}",
                dialect.time_ms, dialect.lock_shared),
                use(maker.hash, "hash"), use(account_id, "id"), into(hash);
            return when(session.got_data(), found);
        }
        case TokenMaker::Kind::token: break;
    }
    connection.count("lock_token");
    session << fmt::format(
        "select id, coalesce(expires_at, 0) from api_tokens where hash = :hash and account_id = :id "
        "and (expires_at is null or expires_at > {}) {}",
        dialect.time_ms, dialect.lock_shared),
        use(maker.hash, "hash"), use(account_id, "id"), into(found.token_id), into(found.expires_at);
    return when(session.got_data(), found);
}

}  // namespace

Awaitable<bool> SqlStore::create_account(model::Account account, std::string password_hash, Deadline deadline) {
    auto work = [account = std::move(account), password_hash = std::move(password_hash)](sql::Connection& connection) {
        connection.count("create_account");
        const long long created_at = account.created_at;
        std::string id;
        connection.session() << "insert into accounts (id, username, password_hash, created_at) "
                                "values (:id, :username, :password_hash, :created_at) "
                                "on conflict (username) do nothing returning id",
            use(account.id), use(account.username), use(password_hash), use(created_at), into(id);
        return connection.session().got_data();
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::optional<StoredAccount>> SqlStore::find_account(std::string username, Deadline deadline) {
    auto work = [username = std::move(username)](sql::Connection& connection) {
        connection.count("find_account");
        StoredAccount found;
        long long created_at = 0;
        connection.session()
            << "select id, username, password_hash, created_at from accounts where username = :username",
            use(username), into(found.account.id), into(found.account.username), into(found.password_hash),
            into(created_at);
        found.account.created_at = created_at;
        return when(connection.session().got_data(), found);
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::clear_account(std::string account_id, std::string kept, int limit, Deadline deadline) {
    auto work = [account_id = std::move(account_id), kept = std::move(kept), limit](sql::Connection& connection) {
        bool done = true;
        // Or it would go with the token that made it.
        connection.count("keep_token");
        connection.session() << "update api_tokens set made_by = null where hash = :kept and made_by is not null",
            use(kept, "kept");
        const auto remove = [&](const char* name, const char* table, const char* key) {
            connection.count(name);
            const std::string text = fmt::format(
                "delete from {0} where {1} in "
                "(select {1} from {0} where account_id = :account_id and {1} <> :kept limit :limit)",
                table, key);
            soci::statement statement =
                make_statement(connection, text, use(account_id, "account_id"), use(kept, "kept"), use(limit, "limit"));
            statement.execute(true);
            if (statement.get_affected_rows() >= limit) done = false;
        };
        remove("end_sessions", "sessions", "hash");
        remove("end_tokens", "api_tokens", "hash");
        remove("forget_idempotency", "idempotency_records", "id");
        return done;
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::vector<std::string>> SqlStore::list_owned_ids(std::string account_id, UnixMillis end, int limit,
                                                             Deadline deadline) {
    auto work = [account_id = std::move(account_id), end, limit](sql::Connection& connection) {
        connection.count("list_owned_ids");
        const long long before = end;
        std::string id;
        soci::statement statement = make_statement(
            connection, "select id from snippets where owner_id = :account_id and created_at < :end limit :limit",
            use(account_id, "account_id"), use(before, "end"), use(limit, "limit"), into(id));
        statement.execute(false);
        std::vector<std::string> ids;
        while (statement.fetch()) ids.push_back(id);
        return ids;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<void> SqlStore::delete_owned(std::string account_id, std::vector<std::string> ids, Deadline deadline) {
    auto work = [this, account_id = std::move(account_id), ids = std::move(ids)](sql::Connection& connection) {
        const std::string texts = dialect_.write_ids(ids);
        if (!dialect_.note_owned.empty()) {
            connection.count("note_deletion");
            connection.session() << dialect_.note_owned, use(texts, "ids"), use(account_id, "owner");
        }
        connection.count("delete_owned");
        connection.session() << dialect_.delete_owned, use(texts, "ids"), use(account_id, "owner");
        return true;
    };
    co_await write_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::delete_account(std::string account_id, Deadline deadline) {
    auto work = [this, account_id = std::move(account_id)](sql::Connection& connection) {
        soci::session& session = connection.session();
        // The lock first: what is created for the account has either been committed by then, and the second statement
        // sees it, or it waits for the lock and then finds no account.
        Together together{session, dialect_};
        connection.count("lock_account");
        std::string id;
        session << "select id from accounts where id = :id " + dialect_.lock, use(account_id, "id"), into(id);
        if (!session.got_data()) return true;
        connection.count("delete_account");
        std::string deleted;
        session
            << "delete from accounts where id = :id and not exists (select 1 from snippets where owner_id = :owner) "
               "returning id",
            use(account_id, "id"), use(account_id, "owner"), into(deleted);
        const bool gone = session.got_data();
        together.commit();
        return gone;
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::optional<PasswordChanged>> SqlStore::set_password(PasswordChange change, Deadline deadline) {
    auto work = [this, change = std::move(change)](sql::Connection& connection) -> std::optional<PasswordChanged> {
        soci::session& session = connection.session();
        // One after the other, not one statement: the others must see the sessions and tokens that were made while the
        // first one waited for the row.
        Together together{session, dialect_};
        connection.count("set_password");
        if (!replace_hash(session, change.account_id, change.old_hash, change.new_hash)) return std::nullopt;
        connection.count("end_sessions");
        session << "delete from sessions where account_id = :id", use(change.account_id, "id");
        if (!change.session_hash.empty()) {
            connection.count("create_session");
            const long long lifetime = change.session_lifetime.count();
            session << fmt::format(
                "insert into sessions (hash, account_id, created_at, expires_at) "
                "values (:hash, :id, {0}, {0} + :lifetime)",
                dialect_.time_ms),
                use(change.session_hash, "hash"), use(change.account_id, "id"), use(lifetime, "lifetime");
        }
        connection.count("count_tokens");
        long long tokens = 0;
        session << "select count(*) from api_tokens where account_id = :id and (expires_at is null or expires_at > " +
                       dialect_.time_ms + ")",
            use(change.account_id, "id"), into(tokens);
        if (change.end_tokens) {
            connection.count("end_tokens");
            session << "delete from api_tokens where account_id = :id", use(change.account_id, "id");
        }
        together.commit();
        return change.end_tokens ? PasswordChanged{tokens, 0} : PasswordChanged{0, tokens};
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::replace_password_hash(std::string account_id, std::string old_hash, std::string new_hash,
                                                Deadline deadline) {
    auto work = [account_id = std::move(account_id), old_hash = std::move(old_hash),
                 new_hash = std::move(new_hash)](sql::Connection& connection) {
        connection.count("replace_password_hash");
        return replace_hash(connection.session(), account_id, old_hash, new_hash);
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::create_session(std::string hash, std::string account_id, std::string password_hash,
                                         base::Milliseconds lifetime, Deadline deadline) {
    auto work = [this, hash = std::move(hash), account_id = std::move(account_id),
                 password_hash = std::move(password_hash), lifetime](sql::Connection& connection) {
        connection.count("create_session");
        const long long lifetime_ms = lifetime.count();
        std::string created;
        connection.session() << fmt::format(
            "insert into sessions (hash, account_id, created_at, expires_at) "
            "select cast(:hash as text), id, {0}, {0} + cast(:lifetime as bigint) from accounts "
            "where id = :account_id and password_hash = :password_hash {1} returning hash",
            dialect_.time_ms, dialect_.lock_shared),
            use(hash, "hash"), use(lifetime_ms, "lifetime"), use(account_id, "account_id"),
            use(password_hash, "password_hash"), into(created);
        return connection.session().got_data();
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::delete_session(std::string hash, Deadline deadline) {
    auto work = [hash = std::move(hash)](sql::Connection& connection) {
        connection.count("delete_session");
        std::string deleted;
        connection.session() << "delete from sessions where hash = :hash returning hash", use(hash), into(deleted);
        return connection.session().got_data();
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::optional<model::Bearer>> SqlStore::find_session(std::string hash, Deadline deadline) {
    auto work = [this, hash = std::move(hash)](sql::Connection& connection) {
        return find_by_secret(
            connection, "find_session",
            "select a.id, a.username, a.created_at, '' from sessions s join accounts a on a.id = s.account_id "
            "where s.hash = :hash and s.expires_at > " +
                dialect_.time_ms,
            hash);
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<std::optional<model::ApiToken>> SqlStore::create_token(model::ApiToken token, TokenMaker maker,
                                                                 std::string hash, Deadline deadline) {
    auto work = [this, token = std::move(token), maker = std::move(maker),
                 hash = std::move(hash)](sql::Connection& connection) mutable -> std::optional<model::ApiToken> {
        Together together{connection.session(), dialect_};
        const std::optional<Maker> found = lock_maker(connection, dialect_, maker);
        if (!found) return std::nullopt;
        long long expires_at = token.expires_at.value_or(0);
        if (found->expires_at != 0 && (expires_at == 0 || expires_at > found->expires_at)) {
            expires_at = found->expires_at;
        }
        token.expires_at = when<UnixMillis>(expires_at != 0, expires_at);
        const long long created_at = token.created_at;
        connection.count("create_token");
        connection.session() << "insert into api_tokens (id, account_id, name, hash, created_at, expires_at, made_by) "
                                "values (:id, :account_id, :name, :hash, :created_at, "
                                "nullif(cast(:expires_at as bigint), 0), nullif(:made_by, ''))",
            use(token.id, "id"), use(maker.account_id, "account_id"), use(token.name, "name"), use(hash, "hash"),
            use(created_at, "created_at"), use(expires_at, "expires_at"), use(found->token_id, "made_by");
        together.commit();
        return token;
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<std::vector<model::ApiToken>> SqlStore::list_tokens(std::string account_id, Deadline deadline) {
    auto work = [this, account_id = std::move(account_id)](sql::Connection& connection) {
        connection.count("list_tokens");
        model::ApiToken token;
        long long created_at = 0, expires_at = 0;
        soci::statement statement =
            make_statement(connection,
                           fmt::format("select id, name, created_at, coalesce(expires_at, 0) from api_tokens "
                                       "where account_id = :account_id and (expires_at is null or expires_at > {}) "
                                       "order by created_at desc, id",
                                       dialect_.time_ms),
                           use(account_id), into(token.id), into(token.name), into(created_at), into(expires_at));
        statement.execute(false);
        std::vector<model::ApiToken> tokens;
        while (statement.fetch()) {
            tokens.push_back({token.id, token.name, created_at, when<UnixMillis>(expires_at != 0, expires_at)});
        }
        return tokens;
    };
    return read_->run(std::move(work), deadline);
}

Awaitable<bool> SqlStore::delete_token(std::string account_id, std::string token_id, Deadline deadline) {
    auto work = [account_id = std::move(account_id), token_id = std::move(token_id)](sql::Connection& connection) {
        connection.count("delete_token");
        std::string id;
        connection.session() << "delete from api_tokens where id = :id and account_id = :account_id returning id",
            use(token_id, "id"), use(account_id, "account_id"), into(id);
        return connection.session().got_data();
    };
    return write_->run(std::move(work), deadline);
}

Awaitable<void> SqlStore::delete_tokens(std::string account_id, Deadline deadline) {
    auto work = [account_id = std::move(account_id)](sql::Connection& connection) {
        connection.count("end_tokens");
        connection.session() << "delete from api_tokens where account_id = :account_id", use(account_id, "account_id");
        return true;
    };
    co_await write_->run(std::move(work), deadline);
}

Awaitable<std::optional<model::Bearer>> SqlStore::find_token(std::string hash, Deadline deadline) {
    auto work = [this, hash = std::move(hash)](sql::Connection& connection) {
        return find_by_secret(
            connection, "find_token",
            "select a.id, a.username, a.created_at, t.id from api_tokens t join accounts a on a.id = t.account_id "
            "where t.hash = :hash and (t.expires_at is null or t.expires_at > " +
                dialect_.time_ms + ")",
            hash);
    };
    return read_->run(std::move(work), deadline);
}

}  // namespace snippetd::store
