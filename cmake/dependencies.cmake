# Everything the project links, from the distribution. `scripts/install-dependencies` names the packages.

# A shared library costs about a quarter of a megabyte of resident memory before anybody calls it, libarchive with
# libxml2 and ICU behind it 1.3 MB. What the distribution also has as an archive is linked from that, and the linker
# leaves out what is not called (docs/decisions/0015-pages.md).
set(Boost_USE_STATIC_LIBS ON)
add_link_options(-Wl,--gc-sections)

# Makes TARGET, of pkg_check_modules, link its archives and OTHERS in the place of its shared libraries.
function(link_archives target) # link_archives(TARGET [OTHERS...])
    set(archives)
    get_target_property(libraries ${target} INTERFACE_LINK_LIBRARIES)
    foreach(library ${libraries})
        string(REGEX REPLACE "\\.so$" ".a" archive ${library})
        if(NOT EXISTS ${archive})
            message(FATAL_ERROR "${archive} is missing: scripts/install-dependencies build")
        endif()
        list(APPEND archives ${archive})
    endforeach()
    set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${archives};${ARGN}")
endfunction()

find_package(Threads REQUIRED)
find_package(Boost 1.81 CONFIG REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(prometheus-cpp REQUIRED COMPONENTS core)
find_package(SQLite3 3.40 REQUIRED)
find_package(PostgreSQL REQUIRED)
find_package(CURL REQUIRED)
find_package(OpenSSL REQUIRED)

find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(HIREDIS REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(TEMPLATES REQUIRED IMPORTED_TARGET libctemplate)
pkg_check_modules(MARKDOWN REQUIRED IMPORTED_TARGET md4c)
pkg_check_modules(QRENCODE REQUIRED IMPORTED_TARGET libqrencode)
pkg_check_modules(GIT2 REQUIRED IMPORTED_TARGET libgit2)
pkg_check_modules(BROTLI_COMMON REQUIRED IMPORTED_TARGET libbrotlicommon)
pkg_check_modules(BROTLI REQUIRED IMPORTED_TARGET libbrotlienc)
pkg_check_modules(BROTLI_DECODER REQUIRED IMPORTED_TARGET libbrotlidec)
pkg_check_modules(ONIGURUMA REQUIRED IMPORTED_TARGET oniguruma)
pkg_check_modules(PNG REQUIRED IMPORTED_TARGET libpng)
pkg_check_modules(FREETYPE REQUIRED IMPORTED_TARGET freetype2)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)  # libarchive's
pkg_check_modules(TCMALLOC REQUIRED IMPORTED_TARGET libtcmalloc_minimal)
foreach(library SODIUM HIREDIS UTF8PROC TEMPLATES BROTLI_COMMON PNG)
    link_archives(PkgConfig::${library})
endforeach()
link_archives(PkgConfig::BROTLI PkgConfig::BROTLI_COMMON)
link_archives(PkgConfig::BROTLI_DECODER PkgConfig::BROTLI_COMMON)
link_archives(PkgConfig::ARCHIVE PkgConfig::NETTLE)
set(behind_freetype PkgConfig::BROTLI_DECODER PkgConfig::PNG PkgConfig::ZLIB)
if("bz2" IN_LIST FREETYPE_STATIC_LIBRARIES)  # Debian 13's reads fonts that are compressed so
    find_library(BZIP2 libbz2.a REQUIRED)
    list(APPEND behind_freetype ${BZIP2})
endif()
link_archives(PkgConfig::FREETYPE ${behind_freetype})

find_path(TOMLPLUSPLUS_INCLUDE_DIR toml++/toml.h REQUIRED)  # headers alone, which need no library

find_path(SOCI_INCLUDE_DIR soci/soci.h REQUIRED)
find_library(SOCI_CORE libsoci_core.a REQUIRED)
find_library(SOCI_POSTGRESQL libsoci_postgresql.a REQUIRED)
find_library(SOCI_SQLITE3 libsoci_sqlite3.a REQUIRED)
find_library(SQLITE3_ARCHIVE libsqlite3.a REQUIRED)
add_library(soci INTERFACE)
target_include_directories(soci SYSTEM INTERFACE ${SOCI_INCLUDE_DIR} ${PostgreSQL_INCLUDE_DIRS})
target_link_libraries(soci INTERFACE ${SOCI_POSTGRESQL} ${SOCI_SQLITE3} ${SOCI_CORE}
                      PostgreSQL::PostgreSQL ${SQLITE3_ARCHIVE} ${CMAKE_DL_LIBS})

# Asio and Beast are compiled once, in src/http/boost_implementation.cpp, and not in every file that includes them.
add_library(boost_net INTERFACE)
target_compile_definitions(boost_net INTERFACE BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
                           BOOST_ASIO_NO_DEPRECATED BOOST_ASIO_DISABLE_BOOST_COROUTINE)
target_link_libraries(boost_net INTERFACE Boost::boost Threads::Threads)
