#include <string>

#include <dlfcn.h>
#include <gtest/gtest.h>

namespace {

/// Oniguruma defines these too, with other structures: whoever calls them, as libkrb5 does, must get the C library's.
TEST(SystemRegex, IsTheCLibrarys) {
    for (const char* name : {"regcomp", "regexec", "regfree", "regerror"}) {
        Dl_info found{};
        void* function = dlsym(RTLD_DEFAULT, name);
        ASSERT_NE(function, nullptr) << name;
        ASSERT_NE(dladdr(function, &found), 0) << name;
        const std::string library = found.dli_fname;
        EXPECT_TRUE(library.find("libonig") == library.npos) << name << " is of " << library;
    }
}

}  // namespace
