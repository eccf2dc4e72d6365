#include "link.hpp"

#include "failure.hpp"

#include <gtest/gtest.h>

namespace snippetd::cli {
namespace {

TEST(LinkTest, AnIdIsEnough) {
    const SnippetLink link = parse_link("8L5IAHXEaH8T");
    EXPECT_EQ(link.id, "8L5IAHXEaH8T");
    EXPECT_FALSE(link.server);
    EXPECT_EQ(link.first_line, 0u);
}

TEST(LinkTest, EveryPageOfASnippetNamesIt) {
    for (const char* tail : {"", "/", "/raw", "/raw?download=1", "/revisions", "?x=/s/other", "#L3"}) {
        const SnippetLink link = parse_link(std::string{"https://Example.org:443/s/8L5IAHXEaH8T"} + tail);
        EXPECT_EQ(link.id, "8L5IAHXEaH8T") << tail;
        ASSERT_TRUE(link.server) << tail;
        EXPECT_EQ(link.server->base(), "https://example.org") << tail;
    }
    EXPECT_EQ(parse_link("http://h/paste/s/abc").server->base(), "http://h/paste");
}

TEST(LinkTest, LinesComeFromTheFragment) {
    EXPECT_EQ(parse_link("abc#L5").first_line, 5u);
    EXPECT_EQ(parse_link("abc#L5").last_line, 5u);
    EXPECT_EQ(parse_link("http://h/s/abc#L5-L9").last_line, 9u);
    for (const char* wrong :
         {"abc#", "abc#L0", "abc#L9-L5", "abc#L5-9x", "abc#top", "abc#L5-", "abc#L99999999999999999999"}) {
        EXPECT_THROW(parse_link(wrong), Failure) << wrong;
    }
}

TEST(LinkTest, WhatNamesNoSnippetIsRefused) {
    for (const char* wrong : {"", "a b", "a/b", "http://h/", "http://h/s/", "http://h/t/abc", "ftp://h/s/abc",
                              "http://u:p@h/s/abc", "file:///s/abc", "../etc"}) {
        EXPECT_THROW(parse_link(wrong), Failure) << wrong;
    }
}

TEST(LinkTest, AnOriginIsComparedWithoutWhatDoesNotMatter) {
    EXPECT_EQ(parse_server("HTTP://LocalHost:80/").origin, "http://localhost");
    EXPECT_EQ(parse_server("https://h:8443").origin, "https://h:8443");
    EXPECT_NE(parse_server("http://h").origin, parse_server("https://h").origin);
    EXPECT_NE(parse_server("http://h:3000").origin, parse_server("http://h:3001").origin);
    EXPECT_TRUE(parse_server("http://127.0.0.1:1").loopback);
    EXPECT_TRUE(parse_server("http://[::1]:1").loopback);
    EXPECT_FALSE(parse_server("http://127.0.0.1.example.org").loopback);
    EXPECT_THROW(parse_server("localhost:3000"), Failure);
}

TEST(LinkTest, OnlyAnAddressOfThisMachineIsLoopback) {
    for (const char* here : {"http://localhost", "http://LOCALHOST:3000", "http://a.localhost", "http://127.0.0.1",
                             "http://127.9.8.7:1", "http://[::1]"}) {
        EXPECT_TRUE(parse_server(here).loopback) << here;
    }
    for (const char* elsewhere : {"http://localhost.example.org", "http://127.0.0.1.example.org", "http://10.0.0.1",
                                  "http://[::2]", "http://127.example", "http://notlocalhost", "http://0.0.0.0"}) {
        EXPECT_FALSE(parse_server(elsewhere).loopback) << elsewhere;
    }
}

TEST(LinkTest, ABrowserGetsUrlsOfTheServerAlone) {
    const ServerAddress server = parse_server("http://localhost:3000/paste");
    for (const char* own : {"http://localhost:3000/s/abc", "http://LOCALHOST:3000/s/abc?x=1#L5"}) {
        EXPECT_EQ(checked_for_browser(own, server), own);
    }
    for (const char* wrong : {"",
                              "-h",
                              "--help",
                              "file:///etc/passwd",
                              "javascript:alert(1)",
                              "data:text/html,x",
                              "mailto:a@b",
                              "/s/abc",
                              "//localhost:3000/s/abc",
                              "https://localhost:3000/s/abc",
                              "http://localhost/s/abc",
                              "http://localhost:3000@example.org/",
                              "http://u:p@localhost:3000/",
                              "http://example.org/s/abc",
                              "http://localhost:3000\\@example.org/",
                              "http://localhost:3000/a b",
                              "http://localhost:3000/`id`",
                              "http://localhost:3000/\"",
                              "http://localhost:3000/\n",
                              "http://localhost:3000/\u202e",
                              " http://localhost:3000/"}) {
        EXPECT_THROW(checked_for_browser(wrong, server), Failure) << wrong;
    }
}

TEST(LinkTest, ARedirectMayBeRelative) {
    EXPECT_EQ(resolve_redirect("http://h/a/b", "/c"), "http://h/c");
    EXPECT_EQ(resolve_redirect("http://h/a", "https://i/"), "https://i/");
}

}  // namespace
}  // namespace snippetd::cli
