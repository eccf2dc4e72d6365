# How the code is compiled and linked: fast increments, strict warnings, optional sanitizers.

find_program(CCACHE ccache)
if(CCACHE)
    # The sloppiness is what ccache's manual asks for with precompiled headers.
    set(sloppiness pch_defines,time_macros,include_file_ctime,include_file_mtime)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=${sloppiness} ${CCACHE})
endif()

find_program(MOLD mold)
find_program(LLD ld.lld)
if(MOLD)
    add_link_options(-fuse-ld=mold)
elseif(LLD)
    add_link_options(-fuse-ld=lld)
endif()

add_compile_options(-Wall -Wextra -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -fno-omit-frame-pointer)
# g++ 12 reports uninitialised and dangling storage inside coroutine frames and Boost where there is none.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-fpch-preprocess)  # for ccache
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-fcoroutines> -Wno-maybe-uninitialized -Wno-array-bounds
                        -Wno-mismatched-new-delete
                        -Wno-stringop-overflow -Wno-stringop-overread)
endif()
# Compiling several files as one takes half of the time. The debug preset does not, nor does it precompile headers:
# there an edit compiles one file, and an include that is missing is found. g++ takes several files as one for a header,
# and warns of what is private to it.
if(CMAKE_UNITY_BUILD)
    set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
add_compile_options($<$<CONFIG:Release>:-O2> $<$<CONFIG:Release>:-g1>)

set(SNIPPETD_SANITIZE "" CACHE STRING "Sanitizers to build with: address,undefined or thread")
if(SNIPPETD_SANITIZE)
    # -O1: the suites drive real servers, which an -O0 sanitizer build makes too slow to say anything about.
    add_compile_options(-O1 -g1 -fsanitize=${SNIPPETD_SANITIZE} -fno-sanitize-recover=all)
    if(SNIPPETD_SANITIZE MATCHES undefined)
        # vptr needs type information that SOCI's libraries do not export. The others look at each access once more,
        # which AddressSanitizer does already: a null or a wild pointer ends there too. They take a third of the time to
        # compile. The fuzzers, of what reads bytes, have them all.
        add_compile_options(-fno-sanitize=vptr,null,alignment,object-size)
    endif()
    if(SNIPPETD_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
        add_compile_options(-Wno-tsan)  # Asio's fences, which g++ does not follow, guard nothing that locks do not
    endif()
    add_link_options(-fsanitize=${SNIPPETD_SANITIZE})
endif()
