#include "redis/reply.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace snippetd::redis {

namespace {

/// What the user may not do, a script may not do in his name either. Redis 7.0 says that without a word of its own.
bool denies_script(std::string_view text) {
    return text.starts_with("ERR The user executing the script can't") ||
           text.find("ACL failure in script") != std::string_view::npos;
}

std::string_view first_word(std::string_view text) {
    return text.substr(0, text.find(' '));
}

}  // namespace

ErrorMeaning meaning_of(std::string_view text) {
    constexpr std::array<std::pair<std::string_view, ErrorMeaning>, 17> kMeanings{{
        {"NOSCRIPT", ErrorMeaning::no_script},
        {"LOADING", ErrorMeaning::not_now},
        {"BUSY", ErrorMeaning::not_now},
        {"MASTERDOWN", ErrorMeaning::not_now},
        {"CLUSTERDOWN", ErrorMeaning::not_now},
        {"TRYAGAIN", ErrorMeaning::not_now},
        {"NOREPLICAS", ErrorMeaning::out_of_space},
        {"READONLY", ErrorMeaning::moved_on},
        {"UNBLOCKED", ErrorMeaning::moved_on},
        {"MOVED", ErrorMeaning::moved_on},
        {"ASK", ErrorMeaning::moved_on},
        {"OOM", ErrorMeaning::out_of_space},
        {"MISCONF", ErrorMeaning::out_of_space},
        {"NOAUTH", ErrorMeaning::denied},
        {"WRONGPASS", ErrorMeaning::denied},
        {"NOPERM", ErrorMeaning::denied},
        {"DENIED", ErrorMeaning::denied},
    }};
    const std::string_view word = first_word(text);
    for (const auto& [known, meaning] : kMeanings) {
        if (word == known) return meaning;
    }
    return denies_script(text) ? ErrorMeaning::denied : ErrorMeaning::other;
}

bool concerns_all_commands(std::string_view text) {
    constexpr std::array<std::string_view, 7> kStates{"LOADING",    "BUSY", "MASTERDOWN", "READONLY",
                                                      "NOREPLICAS", "OOM",  "MISCONF"};
    return std::find(kStates.begin(), kStates.end(), first_word(text)) != kStates.end();
}

}  // namespace snippetd::redis
