#include "base/percent.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/grammar/alnum_chars.hpp>
#include <boost/url/pct_string_view.hpp>

namespace snippetd::base {

namespace {

namespace urls = boost::urls;

struct Plain {
    std::string_view marks;

    bool operator()(char c) const { return urls::grammar::alnum_chars(c) || marks.find(c) != marks.npos; }
};

}  // namespace

std::string percent_encoded(std::string_view text, std::string_view plain_marks) {
    return urls::encode({text.data(), text.size()}, Plain{plain_marks});
}

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
    const auto encoded = urls::make_pct_string_view({text.data(), text.size()});
    if (!encoded) return std::nullopt;
    urls::encoding_opts options;
    options.space_as_plus = plus == Plus::space;
    return encoded->decode(options);
}

}  // namespace snippetd::base
