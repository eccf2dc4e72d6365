#pragma once

#include <string>
#include <string_view>

namespace snippetd::base {

/// `text` without differences of case and of composition: two texts that a reader would say differ in nothing else
/// become equal. This is the full case folding of Unicode without the rules of any language, in form NFC (Unicode
/// Standard, definition D145), so `ß` is `ss`, `ς` is `σ`, and `ı` and `i` are two letters. `text` should be UTF-8;
/// what is not stays as it is.
std::string fold_case(std::string_view text);

}  // namespace snippetd::base
