# Compiler flags for our own code, kept on the interface target portolan_flags so that generated code escapes them.

# One baseline for packages: simdjson compiles its SIMD kernels only with carry-less multiplication allowed.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2 -mpclmul)
endif()

# Programs with gRPC in them are linked in a quarter of the time that GNU's linker takes.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_link_options(-fuse-ld=lld)
endif()

add_library(portolan_flags INTERFACE)
target_include_directories(portolan_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(portolan_flags INTERFACE PORTOLAN_VERSION="${PROJECT_VERSION}")
target_compile_options(portolan_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wunused-result
  $<$<BOOL:${PORTOLAN_WERROR}>:-Werror>
  # GCC 12 reports these inside inlined std::string and coroutine frames where there is nothing to mend.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>
  # Tests are most of what is compiled, and need not be fast.
  $<$<BOOL:$<TARGET_PROPERTY:PORTOLAN_TEST>>:-O0>
  # Coroutines hand over to each other by tail calls, which -Og alone leaves out: the stack would grow with every await.
  $<$<CONFIG:Debug>:-g1;$<$<NOT:$<BOOL:$<TARGET_PROPERTY:PORTOLAN_TEST>>>:-Og;-foptimize-sibling-calls>>
  # Valgrind of Debian 12 reads no newer DWARF.
  $<$<CONFIG:Release>:$<IF:$<BOOL:$<TARGET_PROPERTY:PORTOLAN_TEST>>,-g0,-O2;-g1;-gdwarf-4>>)

if(PORTOLAN_SANITIZE)
  target_compile_options(portolan_flags INTERFACE
    -fsanitize=${PORTOLAN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(portolan_flags INTERFACE -fsanitize=${PORTOLAN_SANITIZE})
  # What is used again, frames and blocks, is not under sanitizers, so that they see each use after its end.
  target_compile_definitions(portolan_flags INTERFACE PORTOLAN_SANITIZED=1)
endif()

# What runs often is laid out for that, by a profile that scripts/profile records (docs/internals.md tells how,
# docs/decisions/0009-compiler-and-profile.md what it brings). It names functions by their file's name alone, so that
# it holds wherever the sources are.
if(PORTOLAN_PROFILE)
  set(PORTOLAN_PROFILE_FLAGS "SHELL:-mllvm -static-func-full-module-prefix=false")
endif()
if(PORTOLAN_PROFILE STREQUAL "use")
  # The copy is called by what it holds, so that a new profile makes a new build. A function that has changed since it
  # was recorded goes without.
  set(_profile ${PROJECT_SOURCE_DIR}/server/portolan.profdata)
  file(SHA256 ${_profile} _hash)
  set(_copy profile-${_hash}.profdata)
  configure_file(${_profile} ${PROJECT_BINARY_DIR}/${_copy} COPYONLY)
  # By its name alone, as Ninja compiles in the build's folder: ccache would take a path for part of what is compiled,
  # and no checkout could use what another has built.
  list(APPEND PORTOLAN_PROFILE_FLAGS -fprofile-use=${_copy} -Wno-backend-plugin
    -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled)
elseif(PORTOLAN_PROFILE STREQUAL "record")
  list(APPEND PORTOLAN_PROFILE_FLAGS -fprofile-generate -fprofile-update=atomic)
  add_link_options(-fprofile-generate)
endif()

# For libFuzzer. Tests themselves go without.
if(PORTOLAN_FUZZ)
  target_compile_options(portolan_flags INTERFACE
    $<$<NOT:$<BOOL:$<TARGET_PROPERTY:PORTOLAN_TEST>>>:-fsanitize=fuzzer-no-link>)
  target_link_options(portolan_flags INTERFACE -fprofile-instr-generate)
endif()

# portolan_tell_what_is_reached()
#   Has the parsers that tests/fuzz/parsers.json lists tell which of their lines were reached, for tests/fuzz/coverage.py.
#   To be called after their folders have been added. Of everything it would take a third of the build's time.
function(portolan_tell_what_is_reached)
  set(list ${PROJECT_SOURCE_DIR}/tests/fuzz/parsers.json)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${list})
  file(READ ${list} parsers)
  string(JSON fuzzers LENGTH ${parsers})
  math(EXPR last_fuzzer "${fuzzers} - 1")
  foreach(i RANGE ${last_fuzzer})
    string(JSON fuzzer MEMBER ${parsers} ${i})
    string(JSON sources LENGTH ${parsers} ${fuzzer})
    math(EXPR last_source "${sources} - 1")
    foreach(k RANGE ${last_source})
      string(JSON source GET ${parsers} ${fuzzer} ${k})
      get_filename_component(folder ${source} DIRECTORY)
      set_property(SOURCE ${PROJECT_SOURCE_DIR}/${source} DIRECTORY ${PROJECT_SOURCE_DIR}/${folder}
        PROPERTY COMPILE_OPTIONS -fprofile-instr-generate -fcoverage-mapping)
    endforeach()
  endforeach()
endfunction()
