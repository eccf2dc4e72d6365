#include "auth/identities.hpp"

#include "support/run.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::auth {
namespace {

using namespace std::chrono_literals;

/// One worker's, before a store of sessions.
class IdentitiesTest : public testing::Test {
  protected:
    /// The account of the session, or nothing.
    std::string find(const std::string& session) {
        const auto account = loop_.run(identities_.find(SecretKind::session, session, base::deadline_in(1h)));
        return account ? account->id : "";
    }
    void begin(const std::string& session, const std::string& account_id) {
        accounts_[hash_secret(SecretKind::session, session)] = {account_id, account_id, 0};
    }

    int look_ups_ = 0;
    std::map<std::string, model::Account> accounts_;  ///< by the session's hash
    test::Loop loop_;
    const base::PerWorker<Identities> all_{
        base::Workers{{loop_.executor()}}, [this](const base::Executor&, const base::PerWorker<Identities>& all) {
            Identities::Lookup look_up = [this](SecretKind, std::string hash,
                                                base::Deadline) -> base::Awaitable<std::optional<model::Account>> {
                ++look_ups_;
                const auto found = accounts_.find(hash);
                if (found == accounts_.end()) co_return std::nullopt;
                co_return found->second;
            };
            return std::make_unique<Identities>(std::move(look_up), all);
        }};
    Identities& identities_ = all_.of(loop_.executor());
};

TEST_F(IdentitiesTest, WhatTheStoreSaidIsBelievedForAMoment) {
    begin("a", "ann");
    EXPECT_EQ(find("a"), "ann");
    EXPECT_EQ(find("a"), "ann");
    EXPECT_EQ(look_ups_, 1);
    EXPECT_EQ(find("nobody's"), "");
    EXPECT_EQ(find("nobody's"), "");
    EXPECT_EQ(look_ups_, 3) << "that there is none is not";
}

TEST_F(IdentitiesTest, WhatIsForgottenIsLookedUpAgain) {
    begin("a", "ann");
    begin("b", "ann");
    begin("c", "cid");
    for (const char* const session : {"a", "b", "c"}) find(session);
    accounts_.clear();
    loop_.run(identities_.forget(hash_secret(SecretKind::session, "a")));
    EXPECT_EQ(find("a"), "");
    EXPECT_EQ(find("b"), "ann");
    loop_.run(identities_.forget_account("ann"));
    EXPECT_EQ(find("b"), "");
    EXPECT_EQ(find("c"), "cid");
}

}  // namespace
}  // namespace snippetd::auth
