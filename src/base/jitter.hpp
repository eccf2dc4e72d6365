#pragma once

#include <random>

/// Chance that keeps many from doing the same at the same moment. Not for secrets.
namespace snippetd::base {

/// Something between the two, both included, as likely as anything else there. A duration, or a number.
template <class T>
T random_between(T least, T most) {
    thread_local std::minstd_rand random{std::random_device{}()};
    if constexpr (requires { least.count(); }) {
        return T{std::uniform_int_distribution<long long>{least.count(), most.count()}(random)};
    } else {
        return static_cast<T>(std::uniform_int_distribution<long long>{least, most}(random));
    }
}

}  // namespace snippetd::base
