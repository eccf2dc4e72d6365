#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace ctemplate {
class TemplateDictionary;
}

/// The pages: HTML from templates, and what fills them. No requests, no store: values in, text out.
namespace snippetd::pages {

/// What fills a template: values, and the sections that are shown, each with values of its own. Values are escaped as
/// their place in the template asks for; only what the template marks `:none` goes in as it is.
class Fields {
  public:
    Fields();
    ~Fields();
    Fields(Fields&&) noexcept;

    /// Copies `value`.
    void set(std::string_view name, std::string_view value);
    /// Shows a section without values of its own.
    void show(std::string_view section);
    void show_if(bool condition, std::string_view section) {
        if (condition) show(section);
    }
    /// Shows a section once more. What is returned lives as long as this.
    Fields add(std::string_view section);
    /// A section that has one value.
    void add(std::string_view section, std::string_view name, std::string_view value) { add(section).set(name, value); }

  private:
    friend std::string render(std::string_view, const Fields&);
    explicit Fields(ctemplate::TemplateDictionary* part);

    std::unique_ptr<ctemplate::TemplateDictionary> owned_;  ///< null for a section, which its whole owns
    ctemplate::TemplateDictionary* dictionary_;
};

/// The template `templates/NAME.html` (or `.xml`), filled. Thread-safe. Throws std::logic_error when there is none.
std::string render(std::string_view name, const Fields& fields);

}  // namespace snippetd::pages
