#include "base/log.hpp"
#include "base/secret.hpp"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    testing::InitGoogleTest(&argc, argv);
    snippetd::base::start_cryptography();
    // Tests provoke many warnings; a test that fails says why by itself.
    snippetd::log::start({snippetd::log::Level::off, snippetd::log::Format::text});
    snippetd::log::stop();
    return RUN_ALL_TESTS();
}
