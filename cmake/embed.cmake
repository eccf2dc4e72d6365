# embed_text(TARGET NAMESPACE FUNCTION FILES...): makes FUNCTION() return the files, in the order given, as
# (name, text) pairs: SQL and scripts live in files of their own and still travel inside the binary.
function(embed_text target namespace function)
    set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded_${function}.cpp)
    set(entries "")
    foreach(file IN LISTS ARGN)
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
        file(READ ${file} text)
        get_filename_component(name ${file} NAME_WE)
        string(APPEND entries "    {\"${name}\", R\"embedded(${text})embedded\"},\n")
    endforeach()
    file(CONFIGURE OUTPUT ${output} CONTENT
"#include <span>
#include <string_view>
#include <utility>
namespace @namespace@ {
std::span<const std::pair<std::string_view, std::string_view>> @function@();
std::span<const std::pair<std::string_view, std::string_view>> @function@() {
    static constexpr std::pair<std::string_view, std::string_view> kFiles[] = {
@entries@    };
    return kFiles;
}
}  // namespace @namespace@
" @ONLY)
    target_sources(${target} PRIVATE ${output})
endfunction()
