# cmake -DOUT=DIR -P embed_assets.cmake: from DIR/manifest.json, writes DIR/assets.S, which takes the files in as they
# are, and DIR/assets.cpp, the table of them.
file(READ ${OUT}/manifest.json manifest)
string(JSON count LENGTH ${manifest})
math(EXPR last "${count} - 1")
set(assembly "    .section .rodata\n")
set(declarations "")
set(rows "")
set(number 0)

# Takes a file in and leaves an expression for it in `view`.
macro(embed file)
    string(APPEND assembly "    .global snippetd_asset_${number}, snippetd_asset_${number}_end\n"
           "snippetd_asset_${number}:\n    .incbin \"${file}\"\nsnippetd_asset_${number}_end:\n    .byte 0\n")
    string(APPEND declarations
           "extern \"C\" const char snippetd_asset_${number}[], snippetd_asset_${number}_end[];\n")
    set(view "{snippetd_asset_${number}, snippetd_asset_${number}_end}")
    math(EXPR number "${number} + 1")
endmacro()

foreach(i RANGE ${last})
    string(JSON name GET ${manifest} ${i} name)
    string(JSON file GET ${manifest} ${i} file)
    string(JSON type GET ${manifest} ${i} type)
    set(views "")
    foreach(suffix "" .br .gz)
        set(view "{}")
        if(EXISTS ${OUT}/files/${file}${suffix})
            embed(${OUT}/files/${file}${suffix})
        endif()
        string(APPEND views ", ${view}")
    endforeach()
    string(APPEND rows "        {\"${name}\", \"${file}\", \"${type}\"${views}},\n")
endforeach()
string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
file(WRITE ${OUT}/assets.S "${assembly}")
file(WRITE ${OUT}/assets.cpp "#include \"pages/assets.hpp\"

#include <span>

${declarations}
namespace snippetd::pages {
std::span<const Asset> assets();
std::span<const Asset> assets() {
    static const Asset kAssets[] = {
${rows}    };
    return kAssets;
}
}  // namespace snippetd::pages
")
