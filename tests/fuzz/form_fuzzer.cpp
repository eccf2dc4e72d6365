#include "fuzz/fuzz.hpp"
#include "http/form.hpp"

// The first byte chooses the kind of form.

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace snippetd;
    if (size == 0) return 0;
    http::Request request;
    request.has_body = true;
    request.body = fuzz::text(data + 1, size - 1);
    std::string_view type = "application/x-www-form-urlencoded";
    if (data[0] % 3 == 1) type = "multipart/form-data; boundary=b";
    if (data[0] % 3 == 2) type = "multipart/form-data; boundary=\"a b\"";
    request.fields[static_cast<std::size_t>(http::Field::content_type)] = type;
    const base::Result<http::Form> form = http::parse_form(request);
    if (!form) return 0;
    fuzz::need(form->fields.size() <= http::Form::kFieldsMax, "the fields are bounded");
    std::size_t bytes = 0;
    for (const http::Form::Field& field : form->fields) {
        bytes += field.name.size() + field.value.size() + field.file_name.size();
    }
    fuzz::need(bytes <= size, "nothing is in the form that was not sent");
    return 0;
}
