#include "arguments.hpp"

#include "failure.hpp"

#include <gtest/gtest.h>

namespace snippetd::cli {
namespace {

Invocation parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "snip");
    return parse_arguments(static_cast<int>(arguments.size()), arguments.data());
}

using Names = std::vector<std::string>;

TEST(ArgumentsTest, ACommandComesFirstOrAfterCommonFlags) {
    EXPECT_EQ(parse({"get", "abc"}).command, Command::get);
    const Invocation after = parse({"-s", "http://h", "-q", "get", "abc"});
    EXPECT_EQ(after.command, Command::get);
    EXPECT_EQ(after.server, "http://h");
    EXPECT_EQ(after.talk, Talk::quiet);
    EXPECT_EQ(after.operands, Names{"abc"});
}

TEST(ArgumentsTest, AFileMayBeNamedLikeACommand) {
    for (const auto& arguments : {std::vector{"./get"}, std::vector{"--", "get"}, std::vector{"a", "get"}}) {
        const Invocation invocation = parse(arguments);
        EXPECT_EQ(invocation.command, Command::create);
        EXPECT_TRUE(invocation.operands.back().ends_with("get"));
    }
    EXPECT_EQ(parse({"-t", "get"}).title, "get");
}

TEST(ArgumentsTest, AFlagTakesOneValueAndLeavesTheFiles) {
    const Invocation invocation = parse({"--tag", "a", "x.c", "--tag", "b", "y.c", "-"});
    EXPECT_EQ(invocation.tags, (Names{"a", "b"}));
    EXPECT_EQ(invocation.operands, (Names{"x.c", "y.c", "-"}));
}

TEST(ArgumentsTest, QuietBeforeListIsNoSearch) {
    const Invocation invocation = parse({"-q", "list", "-q", "word"});
    EXPECT_EQ(invocation.talk, Talk::quiet);
    EXPECT_EQ(invocation.search, "word");
}

TEST(ArgumentsTest, ValuesAreRead) {
    const Invocation invocation = parse({"--private", "-e", "7d", "--timeout", "90", "--retries", "0", "--burn"});
    EXPECT_EQ(invocation.visibility, "private");
    EXPECT_EQ(invocation.expires_in_s, std::optional<std::int64_t>{604'800});
    EXPECT_EQ(invocation.timeout, std::chrono::seconds{90});
    EXPECT_EQ(invocation.retries_max, 0);
    EXPECT_TRUE(invocation.burn);
    const Invocation never = parse({"edit", "abc", "-e", "never", "--tag", ""});
    ASSERT_TRUE(never.expires_in_s);
    EXPECT_FALSE(*never.expires_in_s);
    EXPECT_EQ(never.tags, Names{});
}

TEST(ArgumentsTest, WrongUseIsRefused) {
    for (const auto& arguments :
         {std::vector{"--public", "--private"}, std::vector{"-e", "soon"}, std::vector{"--timeout", "0"},
          std::vector{"--retries", "-1"}, std::vector{"get"}, std::vector{"get", "a", "b"}, std::vector{"--nope"},
          std::vector{"list", "x"}, std::vector{"stats", "a", "--by", "week"}, std::vector{"-t", "\xff"},
          std::vector{"login", "--username", "a", "--token-stdin"}, std::vector{"rm"},
          std::vector{"get", "a", "--burn"}}) {
        EXPECT_THROW(parse(arguments), Failure) << arguments.front();
    }
}

}  // namespace
}  // namespace snippetd::cli
