#include "app/freed_memory.hpp"

#include "base/clock.hpp"
#include "base/timer.hpp"

#include <boost/asio/this_coro.hpp>

// Of gperftools/malloc_extension_c.h; null where the allocator is another one.
extern "C" {
int MallocExtension_GetNumericProperty(const char* property, std::size_t* value) __attribute__((weak));
void MallocExtension_ReleaseFreeMemory() __attribute__((weak));
}

namespace snippetd::app {

namespace {
constexpr base::Milliseconds kEvery{1000};
}

base::Awaitable<void> give_back_freed_memory() {
    if (!MallocExtension_GetNumericProperty || !MallocExtension_ReleaseFreeMemory) co_return;
    base::Timer timer{co_await boost::asio::this_coro::executor};
    while (true) {
        timer.expires_after(kEvery);
        co_await timer.async_wait(base::use_awaitable);
        std::size_t freed = 0;
        MallocExtension_GetNumericProperty("tcmalloc.pageheap_free_bytes", &freed);
        if (freed > kFreedBytesKept) MallocExtension_ReleaseFreeMemory();
    }
}

}  // namespace snippetd::app
