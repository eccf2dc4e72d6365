#include "openapi/documentation.hpp"

#include "application/routes.hpp"

#include <gtest/gtest.h>

namespace snippetd::openapi {

using namespace exchange;
namespace {

std::shared_ptr<const Publication> publish(const std::string& base) {
    return std::make_shared<const Publication>(application::routes(), Options{}, base);
}

TEST(Documentation, KeepsSomeAndThoseThatAreReadAgain) {
    Documentation documentation{application::routes()};
    EXPECT_EQ(documentation.find("https://a.example"), nullptr);
    documentation.put(publish("https://a.example"));
    const auto kept = documentation.find("https://a.example");
    ASSERT_NE(kept, nullptr);
    ASSERT_LT(kept->bytes(), Documentation::kBytesMax / 3) << "there is room for some";
    for (int i = 0; documentation.evictions() == 0; ++i) documentation.put(publish(std::to_string(i)));
    EXPECT_EQ(documentation.find("https://a.example"), kept) << "strangers who name hosts do not displace it";
    EXPECT_EQ(documentation.find("0"), nullptr);
    EXPECT_LE(documentation.bytes(), Documentation::kBytesMax);
}

TEST(Publication, IsAboutItsBase) {
    const auto one = publish("https://a.example"), other = publish("https://b.example");
    EXPECT_NE(one->document.tag, other->document.tag);
    ASSERT_TRUE(one->find_chapter("") && one->find_chapter("snippets"));
    EXPECT_EQ(one->find_chapter("none"), nullptr);
    const Publication::Text &first = one->find_chapter("")->page, &snippets = one->find_chapter("snippets")->page;
    EXPECT_NE(one->document.tag, first.tag);
    EXPECT_NE(first.tag, snippets.tag);
    EXPECT_EQ(one->document.tag, publish("https://a.example")->document.tag);
    for (const Publication::Text* text : {&one->document, &first, &snippets}) {
        EXPECT_NE(text->identity.find("https://a.example/snippets"), std::string::npos);
        EXPECT_EQ(text->content(http::Coding::identity), text->identity);
        EXPECT_LT(text->content(http::Coding::brotli).size(), text->identity.size() / 4);
        EXPECT_LT(text->content(http::Coding::gzip).size(), text->identity.size() / 4);
    }
}

}  // namespace
}  // namespace snippetd::openapi
