#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

/// What must be true inside, whatever a client, a backend or an operator does, is asserted, as released too: to go on
/// from a state that cannot be would be worse than to end. What costs more than a few instructions has no place on the
/// request path.
///
///     SNIPPETD_ASSERT(sent <= size, sent, size);
///
/// The values behind the condition are looked at only when it does not hold. Then one line of the log says it and them,
/// and the process aborts.
#define SNIPPETD_ASSERT(condition, ...) \
    (static_cast<bool>(condition) ? void() : ::snippetd::base::fail_assertion(#condition, #__VA_ARGS__, {__VA_ARGS__}))

namespace snippetd::base {

/// A value as a failed assertion shows it: a number, a truth, an enumerator's number or a text.
struct Seen {
    template <class T>
    requires std::is_arithmetic_v<T> Seen(T value) : text{std::to_string(value)} {}
    template <class T>
    requires std::is_enum_v<T> Seen(T value) : Seen{static_cast<std::underlying_type_t<T>>(value)} {}
    template <class T>
    requires std::is_convertible_v<const T&, std::string_view> Seen(const T& value) : text{std::string_view{value}} {}

    std::string text;
};

/// The place is the caller's. (clang 14 has no std::source_location.)
[[noreturn, gnu::cold]] void fail_assertion(std::string_view condition, std::string_view names,
                                            std::initializer_list<Seen> values, const char* file = __builtin_FILE(),
                                            int line = __builtin_LINE());

}  // namespace snippetd::base
