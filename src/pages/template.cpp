#include "pages/template.hpp"

#include <span>
#include <stdexcept>
#include <utility>

#include <ctemplate/template.h>
#include <ctemplate/template_cache.h>
#include <ctemplate/template_dictionary.h>

namespace snippetd::pages {

std::span<const std::pair<std::string_view, std::string_view>> templates();  // made from templates/*.html

namespace {

ctemplate::TemplateString as_template_string(std::string_view text) {
    return {text.data(), text.size()};
}

ctemplate::TemplateCache& cache() {
    static ctemplate::TemplateCache& filled = []() -> ctemplate::TemplateCache& {
        static ctemplate::TemplateCache made;
        for (const auto& [name, text] : templates()) {
            if (!made.StringToTemplateCache(as_template_string(name), text.data(), text.size(),
                                            ctemplate::STRIP_BLANK_LINES)) {
                throw std::logic_error{"the template " + std::string{name} + " is broken"};
            }
        }
        return made;
    }();
    return filled;
}

}  // namespace

Fields::Fields() : owned_{std::make_unique<ctemplate::TemplateDictionary>("page")}, dictionary_{owned_.get()} {}
Fields::Fields(ctemplate::TemplateDictionary* part) : dictionary_{part} {}
Fields::~Fields() = default;
Fields::Fields(Fields&&) noexcept = default;

void Fields::set(std::string_view name, std::string_view value) {
    dictionary_->SetValue(as_template_string(name), as_template_string(value));
}

void Fields::show(std::string_view section) {
    dictionary_->ShowSection(as_template_string(section));
}

Fields Fields::add(std::string_view section) {
    return Fields{dictionary_->AddSectionDictionary(as_template_string(section))};
}

std::string render(std::string_view name, const Fields& fields) {
    std::string out;
    if (!cache().ExpandWithData(as_template_string(name), ctemplate::STRIP_BLANK_LINES, fields.dictionary_, nullptr,
                                &out)) {
        throw std::logic_error{"there is no template " + std::string{name}};
    }
    return out;
}

}  // namespace snippetd::pages
