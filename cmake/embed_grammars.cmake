# cmake -DOUT=DIR -P embed_grammars.cmake: from DIR/grammars.json, writes DIR/grammars.S, which takes the grammars in as
# they are, and DIR/grammars.cpp, the tables of them and of the languages.
file(READ ${OUT}/grammars.json manifest)
set(assembly "    .section .rodata\n")
set(declarations "")
set(rows "")
string(JSON count LENGTH ${manifest} grammars)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
    string(JSON scope GET ${manifest} grammars ${i} scope)
    string(JSON file GET ${manifest} grammars ${i} file)
    string(JSON bytes GET ${manifest} grammars ${i} bytes)
    set(symbol snippetd_grammar_${i})
    string(APPEND assembly "    .global ${symbol}, ${symbol}_end\n"
           "${symbol}:\n    .incbin \"${OUT}/${file}\"\n${symbol}_end:\n    .byte 0\n")
    string(APPEND declarations "extern \"C\" const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND rows "        {\"${scope}\", {${symbol}, ${symbol}_end}, ${bytes}},\n")
endforeach()
string(APPEND assembly "    .section .note.GNU-stack,\"\",%progbits\n")
set(languages "")
string(JSON count LENGTH ${manifest} languages)
math(EXPR last "${count} - 1")
foreach(i RANGE ${last})
    string(JSON language GET ${manifest} languages ${i} language)
    string(JSON scope GET ${manifest} languages ${i} scope)
    string(APPEND languages "        {\"${language}\", \"${scope}\"},\n")
endforeach()
file(WRITE ${OUT}/grammars.S "${assembly}")
file(WRITE ${OUT}/grammars.cpp "#include \"highlight/embedded.hpp\"

${declarations}
namespace snippetd::highlight {
std::span<const EmbeddedGrammar> embedded_grammars() {
    static const EmbeddedGrammar kGrammars[] = {
${rows}    };
    return kGrammars;
}
std::span<const std::pair<std::string_view, std::string_view>> embedded_languages() {
    static constexpr std::pair<std::string_view, std::string_view> kLanguages[] = {
${languages}    };
    return kLanguages;
}
}  // namespace snippetd::highlight
")
