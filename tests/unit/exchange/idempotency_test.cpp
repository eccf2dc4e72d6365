#include "exchange/idempotency.hpp"

#include "limiter/memory_limiter.hpp"
#include "support/idle_services.hpp"

#include <optional>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace snippetd::exchange {
namespace {

using namespace std::string_literals;

class RepeatableTest : public testing::Test {
  protected:
    RepeatableTest() {
        services.request.method = http::Method::post;
        services.request.path = "/snippets";
        services.request.client = boost::asio::ip::make_address("192.0.2.1");
    }
    void set_key(const std::optional<std::string>& header) {
        header_ = header.value_or("");
        services.request.fields[static_cast<std::size_t>(http::Field::idempotency_key)] =
            header ? std::string_view{header_} : std::string_view{};
    }
    /// The key of a request with that header; "(absent)" or "(refused)".
    std::string key_of(const std::optional<std::string>& header) {
        set_key(header);
        const auto repeatable = repeatable_of(exchange);
        if (!repeatable) {
            EXPECT_EQ(repeatable.error().kind, ErrorKind::invalid);
            EXPECT_EQ(repeatable.error().fields.at(0).first, "Idempotency-Key");
            return "(refused)";
        }
        return *repeatable ? (*repeatable)->key : "(absent)";
    }
    use_cases::Repeatable made() {
        set_key("key");
        return repeatable_of(exchange).value().value();
    }

    limiter::MemoryLimiter limiter{limiter::Algorithm::fixed_window};
    test::IdleServices services{limiter};
    Exchange exchange = services.exchange();

  private:
    std::string header_;
};

TEST_F(RepeatableTest, TheKeyHasOneTo255VisibleCharacters) {
    EXPECT_EQ(key_of(std::nullopt), "(absent)");
    EXPECT_EQ(key_of("k"), "k");
    EXPECT_EQ(key_of("!~"), "!~");
    EXPECT_EQ(key_of("\"8e03978e-40d5-43dd-bc93-6894a57f9324\""), "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"");
    EXPECT_EQ(key_of(std::string(255, 'k')), std::string(255, 'k'));
    for (const std::string& header : {std::string(256, 'k'), "a b"s, "a\tb"s, "a\x7f"s, "ä"s, "a\0b"s}) {
        EXPECT_EQ(key_of(header), "(refused)") << testing::PrintToString(header);
    }
}

TEST_F(RepeatableTest, ClientsAreAccountsOrAddresses) {
    std::set<std::string> clients;
    clients.insert(made().client);
    exchange.address = "ip:192.0.2.2";
    clients.insert(made().client);
    exchange.caller.account = model::Account{"1", "ann", 0};
    const std::string of_account = made().client;
    clients.insert(of_account);
    exchange.address = "ip:192.0.2.3";
    EXPECT_EQ(made().client, of_account) << "an account is the same from everywhere";
    exchange.caller.account = model::Account{"2", "ben", 0};
    clients.insert(made().client);
    EXPECT_EQ(clients.size(), 4u);
}

TEST_F(RepeatableTest, TheTargetIsMethodAndPath) {
    EXPECT_EQ(made().target, "POST /snippets");
    services.request.path = "/snippets/abcdefghijkl/fork";
    services.request.method = http::Method::put;
    EXPECT_EQ(made().target, "PUT /snippets/abcdefghijkl/fork");
}

}  // namespace
}  // namespace snippetd::exchange
