#include "cache/packing.hpp"

#include "support/run.hpp"

#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace snippetd::cache {
namespace {

template <class T>
T run(base::Awaitable<T> coroutine) {
    test::Loop loop;
    return loop.run(std::move(coroutine));
}

std::string source_text(std::size_t size) {
    std::string text;
    for (int line = 0; text.size() < size; ++line) {
        text += "    if (value[" + std::to_string(line * 7919 % 10007) + "] != 0) return false;\n";
    }
    text.resize(size);
    return text;
}

std::string noise(std::size_t size) {
    std::mt19937 random{1};
    std::string text(size, '\0');
    for (char& c : text) c = static_cast<char>(random());
    return text;
}

TEST(Packing, BodiesOfAllSizesComeBackAsTheyWere) {
    for (const std::size_t size : {std::size_t{1}, kPackedFrom, std::size_t{32 * 1024} - 1, std::size_t{32 * 1024},
                                   std::size_t{32 * 1024} + 1, std::size_t{64 * 1024}, std::size_t{100'000}}) {
        for (const std::string& body : {source_text(size), noise(size)}) {
            const std::optional<std::string> packed = run(pack(body));
            ASSERT_TRUE(packed) << size;
            EXPECT_TRUE(run(unpack(*packed)) == body) << size;
        }
    }
}

TEST(Packing, SourceTextShrinks) {
    EXPECT_LT(run(pack(source_text(kUnpackedMax)))->size(), kUnpackedMax / 3);
}

TEST(Packing, WhatWouldBeTooLargeIsNotKept) {
    EXPECT_TRUE(run(pack(noise(kPackedMax - 1024))));
    EXPECT_FALSE(run(pack(noise(kPackedMax))));
    EXPECT_FALSE(run(pack(noise(kUnpackedMax))));
    EXPECT_TRUE(run(pack(std::string(kUnpackedMax, 'x'))));
    EXPECT_FALSE(run(pack(std::string(kUnpackedMax + 1, 'x'))));
}

TEST(Packing, WhatIsNotPackedIsRefused) {
    const std::string packed = *run(pack(source_text(50'000)));
    for (const std::string& odd : {std::string{}, std::string{"x"}, noise(1000), packed.substr(0, packed.size() / 2)}) {
        EXPECT_THROW(run(unpack(odd)), std::invalid_argument) << odd.size();
    }
}

}  // namespace
}  // namespace snippetd::cache
