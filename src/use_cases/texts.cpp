#include "use_cases/texts.hpp"

namespace snippetd::use_cases {

Texts::Texts(base::ThreadPool& threads, base::Metrics& metrics) : threads_{threads} {
    constexpr std::array kNames{"entry", "json", "request", "answer"};
    for (std::size_t i = 0; i < kNames.size(); ++i) {
        counters_[i] = &metrics.counter("snippetd_large_texts_total",
                                        "Texts above 64 KiB that were worked on beside the loops, by what was done.",
                                        {{"work", kNames[i]}});
    }
}

}  // namespace snippetd::use_cases
