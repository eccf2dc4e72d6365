#include "base/log.hpp"
#include "base/secret.hpp"
#include "pages/document_process.hpp"

#include <gtest/gtest.h>

int main(int argc, char** argv) {
    // What a test asks of a document's process, this program does again.
    if (snippetd::pages::is_document_process(argc, argv)) return snippetd::pages::run_document_process(argv);
    testing::InitGoogleTest(&argc, argv);
    snippetd::base::start_cryptography();
    // Tests provoke many warnings; a test that fails says why by itself.
    snippetd::log::start({snippetd::log::Level::off, snippetd::log::Format::text});
    snippetd::log::stop();
    return RUN_ALL_TESTS();
}
