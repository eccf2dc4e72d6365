#include "pages/markdown.hpp"

#include "base/ascii.hpp"
#include "base/numbers.hpp"
#include "base/percent.hpp"
#include "base/utf8.hpp"
#include "pages/allowed_html.hpp"
#include "pages/markdown_source.hpp"
#include "pages/text.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <new>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <md4c.h>

// md4c says what it reads, piece by piece; the renderer below is called with that. Its own renderer of HTML would load
// pictures.

namespace snippetd::pages {

namespace {

constexpr int kTooMuch = 1;  // ends the parser

/// Whether a link may be followed; a scheme that is not listed could run something.
bool is_harmless(std::string_view url) {
    const std::size_t end = url.find_first_of(":/?#");
    if (end == url.npos || url[end] != ':') return true;
    const std::string_view scheme = url.substr(0, end);
    const auto is = [scheme](std::string_view name) { return base::equals_without_case(scheme, name); };
    return is("http") || is("https") || is("mailto");
}

/// What `&…;` in a link stands for. A name that is not known here stays as it was written, as text: a browser must not
/// make a colon of it after we have looked for one.
void append_decoded(std::string& out, std::string_view entity) {
    if (entity.size() > 3 && entity[1] == '#') {
        const bool hexadecimal = entity[2] == 'x' || entity[2] == 'X';
        const std::string_view digits = entity.substr(2, entity.size() - 3);
        const auto number = hexadecimal ? base::parse_number<std::uint32_t>(digits.substr(1), 16)
                                        : base::parse_number<std::uint32_t>(digits);
        if (number && *number > 0) {
            base::append_code_point(out, *number);
        } else {
            out += base::kReplacementCharacter;
        }
        return;
    }
    constexpr std::pair<std::string_view, char> kNames[] = {
        {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}};
    for (const auto& [name, c] : kNames) {
        if (entity != name) continue;
        out += c;
        return;
    }
    out += entity;
}

std::string decoded(const MD_ATTRIBUTE& attribute) {
    std::string out;
    for (int i = 0; attribute.size > 0 && attribute.substr_offsets[i] < attribute.size; ++i) {
        const MD_OFFSET begin = attribute.substr_offsets[i];
        const std::string_view part{attribute.text + begin, attribute.substr_offsets[i + 1] - begin};
        switch (attribute.substr_types[i]) {
            case MD_TEXT_ENTITY: append_decoded(out, part); break;
            case MD_TEXT_NULLCHAR: out += base::kReplacementCharacter; break;
            default: out += part; break;
        }
    }
    return out;
}

void append_quoted(std::string& out, std::string_view text) {
    for (; !text.empty(); text.remove_prefix(1)) {
        const std::size_t plain = std::min(text.find('"'), text.size());
        append_escaped(out, text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) return;
        out += "&quot;";
    }
}

/// A link for an attribute (RFC 3986: what may not stand in one is percent-encoded); empty when it is not harmless.
void append_url(std::string& out, std::string_view url) {
    if (!is_harmless(url)) return;
    // A percent sign stays: whoever wrote the link may have encoded it.
    while (true) {
        const std::size_t percent = std::min(url.find('%'), url.size());
        append_escaped(out, base::percent_encoded(url.substr(0, percent), "!#$&()*+,-./:;=?@_~"));
        if (percent == url.size()) return;
        out += '%';
        url.remove_prefix(percent + 1);
    }
}

/// What a heading is called in a link to it, as GitHub does: in lower case, without punctuation, with hyphens for
/// blanks. Ours have a beginning of their own, so that none is what the page calls something else.
std::string slug_of(std::string_view words) {
    std::string slug = "md-";
    for (const char c : words) {
        const char low = base::to_lower(c);
        const bool letter =
            (low >= 'a' && low <= 'z') || (low >= '0' && low <= '9') || static_cast<unsigned char>(c) >= 0x80;
        if (letter || c == '-' || c == '_') slug += low;
        if (c == ' ') slug += '-';
    }
    return slug;
}

/// A link within the document goes to one of its headings.
std::string within_page(std::string_view url) {
    const std::optional<std::string> decoded = base::percent_decoded(url.substr(1), base::Plus::itself);
    return '#' + slug_of(decoded ? std::string_view{*decoded} : url.substr(1));
}

bool goes_elsewhere(std::string_view url) {
    return base::starts_without_case(url, "http:") || base::starts_without_case(url, "https:") || url.starts_with("//");
}

class Renderer {
  public:
    /// `source` outlives it.
    Renderer(const MarkdownSource& source, std::size_t bytes_max, const CodeColours& colours)
        : source_{source}, bytes_max_{bytes_max}, colours_{colours}, in_notes_{source.notes > 0} {}

    int enter(MD_BLOCKTYPE type, void* detail) {
        if (in_notes_ && enter_notes(type, detail)) return outcome();
        if (type != MD_BLOCK_P) show_box();
        switch (type) {
            case MD_BLOCK_QUOTE: out_ += "<blockquote>\n"; break;
            case MD_BLOCK_UL: out_ += "<ul>\n"; break;
            case MD_BLOCK_OL: {
                const unsigned start = static_cast<MD_BLOCK_OL_DETAIL*>(detail)->start;
                out_ += start == 1 ? "<ol>\n" : fmt::format("<ol start=\"{}\">\n", start);
                break;
            }
            case MD_BLOCK_LI: {
                const auto& item = *static_cast<MD_BLOCK_LI_DETAIL*>(detail);
                out_ += item.is_task ? "<li class=\"task\">" : "<li>";
                if (item.is_task) box_ = item.task_mark;
                break;
            }
            case MD_BLOCK_HR: out_ += "<hr />\n"; break;
            case MD_BLOCK_H:
                out_ += fmt::format("<h{}", static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
                heading_ = Heading{out_.size(), {}};
                out_ += '>';
                break;
            case MD_BLOCK_HTML: in_html_block_ = true; break;
            case MD_BLOCK_CODE: {
                code_ = Code{restored(decoded(static_cast<MD_BLOCK_CODE_DETAIL*>(detail)->lang)), {}};
                break;
            }
            case MD_BLOCK_P:
                out_ += "<p>";
                show_box();
                break;
            case MD_BLOCK_TABLE: out_ += "<table>\n"; break;
            case MD_BLOCK_THEAD: out_ += "<thead>\n"; break;
            case MD_BLOCK_TBODY: out_ += "<tbody>\n"; break;
            case MD_BLOCK_TR: out_ += "<tr>\n"; break;
            case MD_BLOCK_TH: enter_cell("<th", detail); break;
            case MD_BLOCK_TD: enter_cell("<td", detail); break;
            default: break;
        }
        return outcome();
    }

    int leave(MD_BLOCKTYPE type, void* detail) {
        show_box();
        if (in_notes_ && leave_notes()) return outcome();
        switch (type) {
            case MD_BLOCK_QUOTE: out_ += "</blockquote>\n"; break;
            case MD_BLOCK_UL: out_ += "</ul>\n"; break;
            case MD_BLOCK_OL: out_ += "</ol>\n"; break;
            case MD_BLOCK_LI: out_ += "</li>\n"; break;
            case MD_BLOCK_H:
                out_ += fmt::format("</h{}>\n", static_cast<MD_BLOCK_H_DETAIL*>(detail)->level);
                name_heading();
                break;
            case MD_BLOCK_HTML:
                in_html_block_ = false;
                allowed_.append(out_, std::exchange(html_, {}));
                break;
            case MD_BLOCK_CODE: write_code(); break;
            case MD_BLOCK_P: out_ += "</p>\n"; break;
            case MD_BLOCK_TABLE: out_ += "</table>\n"; break;
            case MD_BLOCK_THEAD: out_ += "</thead>\n"; break;
            case MD_BLOCK_TBODY: out_ += "</tbody>\n"; break;
            case MD_BLOCK_TR: out_ += "</tr>\n"; break;
            case MD_BLOCK_TH: out_ += "</th>\n"; break;
            case MD_BLOCK_TD: out_ += "</td>\n"; break;
            default: break;
        }
        return outcome();
    }

    int enter(MD_SPANTYPE type, void* detail) {
        show_box();
        switch (type) {
            case MD_SPAN_EM: out_ += "<em>"; break;
            case MD_SPAN_STRONG: out_ += "<strong>"; break;
            case MD_SPAN_CODE: out_ += "<code>"; break;
            case MD_SPAN_DEL: out_ += "<del>"; break;
            case MD_SPAN_A: {
                const auto& link = *static_cast<MD_SPAN_A_DETAIL*>(detail);
                enter_link(link.href, &link.title);
                break;
            }
            case MD_SPAN_IMG: enter_link(static_cast<MD_SPAN_IMG_DETAIL*>(detail)->src, nullptr); break;
            default: break;
        }
        return outcome();
    }

    int leave(MD_SPANTYPE type, void*) {
        switch (type) {
            case MD_SPAN_EM: out_ += "</em>"; break;
            case MD_SPAN_STRONG: out_ += "</strong>"; break;
            case MD_SPAN_CODE: out_ += "</code>"; break;
            case MD_SPAN_DEL: out_ += "</del>"; break;
            case MD_SPAN_A:
            case MD_SPAN_IMG: leave_link(type == MD_SPAN_IMG); break;
            default: break;
        }
        return outcome();
    }

    int text(MD_TEXTTYPE type, std::string_view text) {
        if (type == MD_TEXT_HTML) return raw_html(text);
        if (code_) {
            code_->text += type == MD_TEXT_NULLCHAR ? std::string{base::kReplacementCharacter} : restored(text);
            return outcome();
        }
        show_box();
        switch (type) {
            case MD_TEXT_NORMAL: words(text); break;
            case MD_TEXT_CODE: plain_words(restored(text)); break;
            case MD_TEXT_NULLCHAR: out_ += base::kReplacementCharacter; break;
            case MD_TEXT_BR: out_ += "<br />\n"; break;
            case MD_TEXT_SOFTBR: out_ += '\n'; break;
            case MD_TEXT_ENTITY: out_ += text; break;  // `&`, letters, digits, `#` and `;`: for the browser to decode
            default: append_escaped(out_, text); break;
        }
        return outcome();
    }

    std::string take() {
        allowed_.finish(out_);
        notes_.resize(source_.notes);
        std::string html;
        html.reserve(out_.size() + references_ * kReferenceBytesMax);
        number_references(html, out_);
        append_notes(html);
        return html;
    }

  private:
    struct Code {
        std::string language, text;
    };

    struct Heading {
        std::size_t place;  ///< of its attributes
        std::string words;
    };

    struct Note {
        std::string html;            ///< with kMark, the mark's number and kMark where it refers to others
        std::size_t number = 0;      ///< that readers see; 0: nobody refers to it
        std::size_t references = 0;  ///< to it
    };

    static constexpr char kMark = MarkdownSource::kMark;
    static constexpr std::size_t kReferenceBytesMax = 300;  // with the way back from the note

    /// Whether the block is none of the document's, nor of a note: what holds the notes.
    bool enter_notes(MD_BLOCKTYPE type, void* detail) {
        ++depth_;
        if (depth_ == kItemDepth && type == MD_BLOCK_LI) {
            const auto& item = *static_cast<MD_BLOCK_LI_DETAIL*>(detail);
            if (item.is_task) box_ = item.task_mark;
        }
        return depth_ <= kItemDepth;
    }

    bool leave_notes() {
        const int depth = depth_--;
        if (depth == kItemDepth) {
            allowed_.finish(out_);
            notes_bytes_ += out_.size();
            notes_.push_back({std::exchange(out_, {})});
        }
        if (depth < kItemDepth) in_notes_ = false;
        return depth <= kItemDepth;
    }

    /// Calls `plain` with what is between marks, and `mark` with the number of each.
    template <typename Plain, typename Mark>
    static void for_marks(std::string_view text, std::string_view fence, Plain plain, Mark mark) {
        const std::string begin = fmt::format("{}{}", fence, kMark), end = fmt::format("{}{}", kMark, fence);
        while (true) {
            const std::size_t at = std::min(text.find(begin), text.size());
            plain(text.substr(0, at));
            if (at == text.size()) return;
            text.remove_prefix(at + begin.size());
            const std::size_t size = text.find(end);
            mark(*base::parse_number<std::size_t>(text.substr(0, size)));
            text.remove_prefix(size + end.size());
        }
    }

    /// What stands in the source, where a mark means nothing.
    std::string restored(std::string_view text) const {
        std::string out;
        for_marks(
            text, "%", [&out](std::string_view plain) { out += plain; },
            [&out, this](std::size_t number) { out += source_.marks[number].source; });
        return out;
    }

    void plain_words(std::string_view text) {
        if (heading_) heading_->words += text;
        append_escaped(out_, text);
    }

    void words(std::string_view text) {
        for_marks(
            text, "%", [this](std::string_view plain) { plain_words(plain); },
            [this](std::size_t number) { show_mark(number); });
    }

    void show_mark(std::size_t number) {
        const MarkdownMark& mark = source_.marks[number];
        switch (mark.kind) {
            case MarkdownMark::Kind::note:
                if (links_ > 0) {
                    plain_words(mark.source);
                    break;
                }
                ++references_;
                out_ += fmt::format("{0}{1}{0}", kMark, number);
                break;
            case MarkdownMark::Kind::text: plain_words(mark.source); break;
            case MarkdownMark::Kind::inline_math:
                out_ += "<code class=\"language-math\">";
                plain_words(mark.formula);
                out_ += "</code>";
                break;
            case MarkdownMark::Kind::display_math:
                out_ += "<code class=\"language-math display\">";
                plain_words(mark.formula);
                out_ += "</code>";
                break;
        }
    }

    /// Appends `html` with what its references are. Those that are first get the next numbers.
    void number_references(std::string& out, std::string_view html) {
        for_marks(
            html, "", [&out](std::string_view plain) { out += plain; },
            [&out, this](std::size_t number) {
                const std::size_t place = source_.marks[number].note;
                Note& note = notes_[place];
                if (note.number == 0) {
                    order_.push_back(place);
                    note.number = order_.size();
                }
                ++note.references;
                out += fmt::format("<sup><a href=\"#fn-{0}\" id=\"{1}\" aria-label=\"Footnote {0}\">{0}</a></sup>",
                                   note.number, reference_id(note.number, note.references));
            });
    }

    static std::string reference_id(std::size_t note, std::size_t reference) {
        return reference == 1 ? fmt::format("fnref-{}", note) : fmt::format("fnref-{}-{}", note, reference);
    }

    /// Those that are referred to, by each other too, in the order of their numbers.
    void append_notes(std::string& out) {
        if (order_.empty()) return;
        std::vector<std::string> shown;
        for (std::size_t i = 0; i < order_.size(); ++i) {
            std::string html;
            number_references(html, notes_[order_[i]].html);
            shown.push_back(std::move(html));
        }
        out += "<section class=\"footnotes\" aria-label=\"Footnotes\">\n<ol>\n";
        for (std::size_t i = 0; i < order_.size(); ++i) {
            constexpr std::string_view kEnd = "</p>\n";
            const bool paragraph = shown[i].ends_with(kEnd);
            if (paragraph) shown[i].resize(shown[i].size() - kEnd.size());
            out += fmt::format("<li id=\"fn-{}\">\n{}", i + 1, shown[i]);
            for (std::size_t back = 1; back <= notes_[order_[i]].references; ++back) {
                out += fmt::format(" <a href=\"#{}\" class=\"back\" aria-label=\"Back to reference {}{}\">↩",
                                   reference_id(i + 1, back), i + 1, back == 1 ? "" : fmt::format("-{}", back));
                out += back == 1 ? "</a>" : fmt::format("<sup>{}</sup></a>", back);
            }
            out += paragraph ? kEnd : "\n";
            out += "</li>\n";
        }
        out += "</ol>\n</section>\n";
    }

    /// Several lines of a block are one piece of HTML; within a paragraph each tag is one.
    int raw_html(std::string_view text) {
        if (in_html_block_) {
            html_ += restored(text);
        } else {
            allowed_.append(out_, restored(text));
        }
        return outcome();
    }

    void name_heading() {
        std::string slug = slug_of(heading_->words);
        const int before = headings_[slug]++;
        if (before > 0) slug += fmt::format("-{}", before);
        out_.insert(heading_->place, fmt::format(" id=\"{}\"", slug));
        heading_.reset();
    }

    void write_code() {
        const std::optional<std::string> coloured =
            colours_ && !code_->language.empty() ? colours_(code_->text, code_->language) : std::nullopt;
        out_ += "<pre><code";
        if (!code_->language.empty()) {
            out_ += " class=\"language-";
            append_quoted(out_, code_->language);
            out_ += coloured ? "\" data-coloured=\"1\"" : "\"";
        }
        out_ += '>';
        if (coloured) {
            out_ += *coloured;
        } else {
            append_escaped(out_, code_->text);
        }
        out_ += "</code></pre>\n";
        code_.reset();
    }

    int outcome() const {
        return out_.size() + notes_bytes_ + references_ * kReferenceBytesMax > bytes_max_ ? kTooMuch : 0;
    }

    /// A box that cannot be ticked says what it means, once the first paragraph of its item has begun.
    void show_box() {
        if (!box_) return;
        out_ += box_ == ' ' ? R"(<span role="img" aria-label="to do">☐</span> )"
                            : R"(<span role="img" aria-label="done">☑</span> )";
        box_ = '\0';
    }

    void enter_cell(std::string_view tag, void* detail) {
        out_ += tag;
        switch (static_cast<MD_BLOCK_TD_DETAIL*>(detail)->align) {
            case MD_ALIGN_LEFT: out_ += " align=\"left\""; break;
            case MD_ALIGN_CENTER: out_ += " align=\"center\""; break;
            case MD_ALIGN_RIGHT: out_ += " align=\"right\""; break;
            default: break;
        }
        out_ += '>';
    }

    /// Of links and pictures within each other only the outermost is a link: of the others the words stay.
    void enter_link(const MD_ATTRIBUTE& url, const MD_ATTRIBUTE* title) {
        if (links_++ > 0) return;
        url_ = restored(decoded(url));
        out_ += "<a href=\"";
        append_url(out_, url_.size() > 1 && url_.starts_with('#') ? within_page(url_) : url_);
        out_ += '"';
        if (goes_elsewhere(url_)) out_ += " rel=\"nofollow ugc noopener\"";
        if (title && title->size > 0) {
            out_ += " title=\"";
            append_quoted(out_, restored(decoded(*title)));
            out_ += '"';
        }
        out_ += '>';
        words_begin_ = out_.size();
    }

    void leave_link(bool picture) {
        if (--links_ > 0) return;
        if (picture && out_.size() == words_begin_) append_escaped(out_, url_.empty() ? "picture" : url_);
        out_ += "</a>";
    }

    static constexpr int kItemDepth = 3;  // the document, the list of notes, a note

    const MarkdownSource& source_;
    std::size_t bytes_max_;
    const CodeColours& colours_;
    std::string out_;  ///< of the note that is read, else of the document; with marks as in `Note::html`
    bool in_notes_;
    int depth_ = 0;  ///< of blocks, while in_notes_
    std::vector<Note> notes_;
    std::size_t notes_bytes_ = 0, references_ = 0;
    std::vector<std::size_t> order_;  ///< the notes that have numbers
    std::optional<Code> code_;        ///< the block that is being read
    char box_ = '\0';                 ///< the mark of a task that is to be shown
    std::optional<Heading> heading_;
    std::unordered_map<std::string, int> headings_;  ///< how many have a slug
    bool in_html_block_ = false;
    std::string html_;  ///< of the block
    AllowedHtml allowed_;
    std::size_t links_ = 0;
    std::string url_;  ///< of the outermost link
    std::size_t words_begin_ = 0;
};

}  // namespace

std::string markdown_html(std::string_view text) {
    return *markdown_html_within(text, SIZE_MAX);
}

std::optional<std::string> markdown_html_within(std::string_view text, std::size_t bytes_max,
                                                const CodeColours& colours) {
    const MarkdownSource source = read_markdown(text);
    Renderer renderer{source, bytes_max, colours};
    MD_PARSER parser{};
    parser.flags = MD_DIALECT_GITHUB;
    parser.enter_block = [](MD_BLOCKTYPE type, void* detail, void* to) {
        return static_cast<Renderer*>(to)->enter(type, detail);
    };
    parser.leave_block = [](MD_BLOCKTYPE type, void* detail, void* to) {
        return static_cast<Renderer*>(to)->leave(type, detail);
    };
    parser.enter_span = [](MD_SPANTYPE type, void* detail, void* to) {
        return static_cast<Renderer*>(to)->enter(type, detail);
    };
    parser.leave_span = [](MD_SPANTYPE type, void* detail, void* to) {
        return static_cast<Renderer*>(to)->leave(type, detail);
    };
    parser.text = [](MD_TEXTTYPE type, const MD_CHAR* from, MD_SIZE size, void* to) {
        return static_cast<Renderer*>(to)->text(type, {from, size});
    };
    switch (md_parse(source.text.data(), static_cast<MD_SIZE>(source.text.size()), &parser, &renderer)) {
        case 0: return renderer.take();
        case kTooMuch: return std::nullopt;
        default: throw std::bad_alloc{};
    }
}

}  // namespace snippetd::pages
