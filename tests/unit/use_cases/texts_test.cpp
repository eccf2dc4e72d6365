#include "use_cases/texts.hpp"

#include "support/run.hpp"

#include <thread>

#include <gtest/gtest.h>

namespace snippetd::use_cases {
namespace {

struct Site {
    std::thread::id where(Text what, std::size_t bytes) {
        auto work = [] { return std::this_thread::get_id(); };
        return loop.run(texts.by_size(what, bytes, {}, std::move(work)));
    }
    double counted(const char* what) {
        return static_cast<double>(metrics.counter("snippetd_large_texts_total", "", {{"work", what}}).value());
    }

    std::thread::id here() { return where(Text::json, 0); }

    test::Loop loop;  // outlives the threads, which answer to it
    base::Metrics metrics;
    base::ThreadPool threads{1, base::Admission::at_any_time(4), "too much"};
    Texts texts{threads, metrics};
};

TEST(Texts, ShortOnesAreWorkedOnHereAndLongOnesBesideTheLoop) {
    Site site;
    const std::thread::id loop = site.here();
    EXPECT_EQ(site.where(Text::json, Texts::kHereBytesMax), loop);
    EXPECT_EQ(site.counted("json"), 0);
    EXPECT_NE(site.where(Text::json, Texts::kHereBytesMax + 1), loop);
    EXPECT_EQ(site.counted("json"), 1);
    site.where(Text::answer, 1 << 20);
    EXPECT_EQ(site.counted("answer"), 1);
    EXPECT_EQ(site.counted("json"), 1);
}

TEST(Texts, WithoutThreadsOnlyLongOnesFail) {
    Site site;
    site.threads.close();
    EXPECT_EQ(site.where(Text::entry, 100), site.here());
    EXPECT_THROW(site.where(Text::entry, 1 << 20), base::Unavailable);
}

}  // namespace
}  // namespace snippetd::use_cases
