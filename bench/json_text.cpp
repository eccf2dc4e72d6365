// What it costs to escape a text as JSON, in nanoseconds of CPU a byte, for texts of every kind. In the project:
//
//     c++ -std=c++20 -O2 -Isrc bench/json_text.cpp src/base/json_text.cpp -o /tmp/json_text && /tmp/json_text

#include "base/json_text.hpp"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

namespace {

/// Of this thread, so that what else the machine does is not counted.
double cpu_ns() {
    timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

}  // namespace

int main() {
    constexpr std::size_t kBytes = 1024 * 1024;
    constexpr int kRounds = 31;
    std::string code, mixed;
    while (code.size() < kBytes) code += "    if (name == \"value\") return '\\n';\n";
    while (mixed.size() < kBytes) mixed += "x\x01yz\"q\t\xc3\xa4";
    const std::vector<std::pair<const char*, std::string>> texts{
        {"plain", std::string(kBytes, 'x')},       {"code", code.substr(0, kBytes)},
        {"controls", std::string(kBytes, '\x01')}, {"quotes", std::string(kBytes, '"')},
        {"line feeds", std::string(kBytes, '\n')}, {"mixed", mixed.substr(0, kBytes)}};
    for (const auto& [name, text] : texts) {
        std::vector<double> taken;
        for (int round = 0; round < kRounds; ++round) {
            std::string out;
            out.reserve(6 * kBytes + 64);
            std::fill_n(out.data(), 6 * kBytes, 'x');  // the system's pages are there, as in a process that runs
            const double begin = cpu_ns();
            snippetd::base::append_json_escaped(out, text);
            taken.push_back((cpu_ns() - begin) / static_cast<double>(text.size()));
        }
        std::sort(taken.begin(), taken.end());
        std::printf("%-12s %.2f ns/byte (least %.2f)\n", name, taken[taken.size() / 2], taken.front());
    }
}
