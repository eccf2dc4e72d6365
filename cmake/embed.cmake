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

# Sets `node` and `npm` to the system's, and no other: npm's first line looks for Node in PATH. Makes what
# web/package-lock.json names be there: one for all presets, since it is the same for each, and takes longer than all
# the rest. scripts/install-dependencies brings both.
macro(use_node)
    foreach(program node npm)
        if(NOT EXISTS /usr/bin/${program})
            message(FATAL_ERROR "/usr/bin/${program} is missing: scripts/install-dependencies build")
        endif()
        set(${program} ${CMAKE_COMMAND} -E env ${SYSTEM_PATH} /usr/bin/${program})
    endforeach()
    set(web ${PROJECT_SOURCE_DIR}/web)
    set(node_modules ${web}/node_modules/.package-lock.json)
endmacro()

# embed_web(TARGET): bundles web/ and makes snippetd::pages::assets() return its files, plain and compressed.
function(embed_web target)
    use_node()
    set(out ${CMAKE_CURRENT_BINARY_DIR}/web)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${web}/src/* ${web}/icons/*)
    # Besides what lies in web/.
    set(languages ${SNIPPETD_LANGUAGES} ${SNIPPETD_LANGUAGE_SIGNS})
    add_custom_command(
        OUTPUT ${node_modules}
        COMMAND ${npm} ci --ignore-scripts --no-audit --no-fund --loglevel=error
        DEPENDS ${web}/package.json ${web}/package-lock.json
        WORKING_DIRECTORY ${web} VERBATIM)
    add_custom_command(
        OUTPUT ${out}/manifest.json
        COMMAND ${node} ${web}/build.mjs ${out} ${languages}
        DEPENDS ${node_modules} ${web}/build.mjs ${web}/languages.mjs ${web}/terminal.mjs
                ${languages} ${sources}
        WORKING_DIRECTORY ${web} VERBATIM)
    add_custom_command(
        OUTPUT ${out}/assets.S ${out}/assets.cpp
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/cmake/embed_assets.cmake
        DEPENDS ${out}/manifest.json ${PROJECT_SOURCE_DIR}/cmake/embed_assets.cmake VERBATIM)
    set_source_files_properties(${out}/assets.S PROPERTIES OBJECT_DEPENDS ${out}/manifest.json)
    set_source_files_properties(${out}/assets.cpp ${out}/assets.S PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                                SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${out}/assets.S ${out}/assets.cpp)
endfunction()

# embed_grammars(TARGET): makes snippetd::highlight::embedded_grammars() return the grammars that web/grammars.mjs
# chooses, and installs their licences.
function(embed_grammars target)
    use_node()
    set(out ${CMAKE_CURRENT_BINARY_DIR}/grammars)
    file(GLOB own CONFIGURE_DEPENDS ${web}/grammars/*)
    add_custom_command(
        OUTPUT ${out}/grammars.json ${out}/NOTICE
        COMMAND ${node} ${web}/build_grammars.mjs ${out} ${SNIPPETD_LANGUAGES}
        DEPENDS ${node_modules} ${web}/build_grammars.mjs ${web}/grammars.mjs ${web}/languages.mjs ${own}
                ${SNIPPETD_LANGUAGES}
        WORKING_DIRECTORY ${web} VERBATIM)
    add_custom_command(
        OUTPUT ${out}/grammars.S ${out}/grammars.cpp
        COMMAND ${CMAKE_COMMAND} -DOUT=${out} -P ${PROJECT_SOURCE_DIR}/cmake/embed_grammars.cmake
        DEPENDS ${out}/grammars.json ${PROJECT_SOURCE_DIR}/cmake/embed_grammars.cmake VERBATIM)
    set_source_files_properties(${out}/grammars.S PROPERTIES OBJECT_DEPENDS ${out}/grammars.json)
    set_source_files_properties(${out}/grammars.cpp ${out}/grammars.S PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON
                                SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${out}/grammars.S ${out}/grammars.cpp)
    install(FILES ${out}/NOTICE DESTINATION share/doc/snippetd RENAME NOTICE.grammars)
endfunction()

# embed_fonts(TARGET): takes the two faces of DejaVu in which pictures are drawn in as they are, between the symbols
# snippetd_font_FACE and snippetd_font_FACE_end.
function(embed_fonts target)
    set(out ${CMAKE_CURRENT_BINARY_DIR}/fonts.S)
    set(assembly "    .section .rodata\n")
    foreach(face mono=DejaVuSansMono.ttf bold=DejaVuSans-Bold.ttf)
        string(REGEX MATCH "^(.*)=(.*)$" _ ${face})
        find_file(FONT_${CMAKE_MATCH_1} ${CMAKE_MATCH_2} PATHS /usr/share/fonts/truetype/dejavu /usr/share/fonts/dejavu
                  NO_DEFAULT_PATH)
        set(file ${FONT_${CMAKE_MATCH_1}})
        if(NOT file)
            message(FATAL_ERROR "${CMAKE_MATCH_2} is missing: scripts/install-dependencies build")
        endif()
        set(symbol snippetd_font_${CMAKE_MATCH_1})
        string(APPEND assembly "    .global ${symbol}, ${symbol}_end\n"
               "${symbol}:\n    .incbin \"${file}\"\n${symbol}_end:\n    .byte 0\n")
    endforeach()
    string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
    file(CONFIGURE OUTPUT ${out} CONTENT "${assembly}" @ONLY)
    set_source_files_properties(${out} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
    target_sources(${target} PRIVATE ${out})
    install(FILES ${PROJECT_SOURCE_DIR}/src/picture/NOTICE DESTINATION share/doc/snippetd RENAME NOTICE.fonts)
endfunction()
