#include "context.hpp"
#include "fields.hpp"
#include "files.hpp"
#include "model/languages.hpp"
#include "programs.hpp"
#include "text.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

namespace snippetd::cli {

namespace json = boost::json;

namespace {

/// As editors know it.
std::string extension_of(const std::string& language) {
    for (const model::Language& known : model::languages()) {
        if (known.name == language && !known.extensions.empty()) return '.' + std::string{known.extensions.front()};
    }
    return ".txt";
}

/// One snippet and what is about to become of it.
class Edit {
  public:
    Edit(Context& context, const std::string& operand)
        : context_{context},
          link_{parse_link(operand)},
          service_{context.service_of(link_)},
          secret_{context.edit_fields(service_, link_.id)} {}

    void by_flags() { report(send(fields_from_flags(context_.invocation()), "")); }

    void from_file(const std::string& file) {
        const std::string body = read_input(file);
        check_body(body);
        if (file != "-") {
            fetch();
            return change(body);
        }
        // What came from a pipe is nowhere else.
        Draft draft{link_.id + ".txt", body};
        keeping(draft, [&] {
            fetch();
            change(body);
        });
    }

    void in_editor() {
        fetch();
        Draft draft{link_.id + extension_of(text_in(before_, "language")), text_in(before_, "body")};
        keeping(draft, [&] {
            run_editor(draft.path());
            const std::string body = read_input(draft.path());
            check_body(body);
            change(body);
        });
    }

  private:
    void fetch() {
        const Call call{.method = "GET",
                        .path = "/snippets/" + link_.id,
                        .fields = secret_,
                        .body = {},
                        .repeat = Repeat::always,
                        .progress = {}};
        const Answer answer = service_.call_or_fail(call);
        before_ = service_.object_of(call, answer.response);
        etag_ = answer.response.field("etag");
    }

    /// Does `work`; when that fails or is interrupted, the draft stays and the user hears where.
    template <class Work>
    void keeping(Draft& draft, const Work& work) {
        try {
            work();
        } catch (const Failure& failure) {
            throw Failure{failure.code(), failure.what() + keep(draft)};
        } catch (const Interrupted&) {
            const std::string kept = keep(draft);
            if (!kept.empty()) context_.terminal().complain("interrupted" + kept);
            throw;
        }
    }

    void change(const std::string& body) {
        json::object fields = fields_from_flags(context_.invocation());
        if (body != text_in(before_, "body")) fields["body"] = body;
        if (fields.empty()) return context_.terminal().tell("nothing is changed, so nothing is sent");
        report(send(std::move(fields), etag_));
    }

    /// The snippet as it is now. `etag` is empty when it may have changed meanwhile.
    json::object send(json::object fields, const std::string& etag) {
        Call call{.method = "PATCH",
                  .path = "/snippets/" + link_.id,
                  .fields = secret_,
                  .body = json::serialize(fields),
                  .repeat = Repeat::always,
                  .progress = {}};
        if (!etag.empty()) call.fields.emplace_back("If-Match", etag);
        const Answer answer = service_.call(call);
        if (answer.response.status == 412) {
            if (answer.perhaps_done_before && is_done(fields)) return before_;
            throw Failure{ExitCode::conflict, fmt::format("somebody else changed {} meanwhile (412), so yours is not "
                                                          "sent. `snip get {}` shows theirs",
                                                          link_.id, link_.id)};
        }
        if (!answer.ok()) throw service_.failure_of(call, answer.response);
        return service_.object_of(call, answer.response);
    }

    /// Whether the snippet is now what `fields` say: an earlier attempt did it, and its answer was lost.
    bool is_done(const json::object& fields) {
        fetch();
        for (const auto& field : fields) {
            // The language may come back under another name, the expiry as a moment.
            if (field.key() == "language" || field.key() == "expires_in") continue;
            const json::value* now = before_.if_contains(field.key());
            if (!now || *now != field.value()) return false;
        }
        return true;
    }

    void report(const json::object& snippet) const {
        context_.terminal().print_line(context_.invocation().json ? json_line(snippet)
                                                                  : printable(text_in(snippet, "url")));
    }

    /// Keeps what the user wrote, when it is anything, and says where.
    std::string keep(Draft& draft) const {
        const std::string text = draft.text();
        if (text.empty() || text == text_in(before_, "body")) return "";
        draft.keep();
        return fmt::format("\n  Your text is kept in {0}\n  `snip edit --file {0} {1}` sends it.", draft.path(),
                           link_.id);
    }

    Context& context_;
    SnippetLink link_;
    Service service_;
    std::vector<std::pair<std::string, std::string>> secret_;
    json::object before_;
    std::string etag_;
};

}  // namespace

ExitCode edit(Context& context) {
    const Invocation& invocation = context.invocation();
    return context.for_each(invocation.operands, [&](const std::string& operand) {
        Edit edit{context, operand};
        if (!invocation.file.empty()) return edit.from_file(invocation.file);
        return fields_from_flags(invocation).empty() ? edit.in_editor() : edit.by_flags();
    });
}

}  // namespace snippetd::cli
