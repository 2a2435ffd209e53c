# Compiler flags for our own code, kept on the interface target portolan_flags so that generated code escapes them.

# One baseline for packages: simdjson compiles its SIMD kernels only with carry-less multiplication allowed.
if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
  add_compile_options(-march=x86-64-v2 -mpclmul)
endif()

add_library(portolan_flags INTERFACE)
target_include_directories(portolan_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(portolan_flags INTERFACE PORTOLAN_VERSION="${PROJECT_VERSION}")
target_compile_options(portolan_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wunused-result
  $<$<BOOL:${PORTOLAN_WERROR}>:-Werror>
  # GCC 12 reports these inside inlined std::string and coroutine frames where there is nothing to mend.
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-maybe-uninitialized -Wno-dangling-pointer -Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>
  # Coroutines hand over to each other by tail calls, which -Og alone leaves out: the stack would grow with every await.
  $<$<CONFIG:Debug>:-Og -g1 -foptimize-sibling-calls>
  $<$<CONFIG:Release>:-O2 -g1>)

if(PORTOLAN_SANITIZE)
  target_compile_options(portolan_flags INTERFACE
    -fsanitize=${PORTOLAN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  string(REPLACE "fuzzer-no-link" "" _link_sanitize "${PORTOLAN_SANITIZE}")
  target_link_options(portolan_flags INTERFACE -fsanitize=${_link_sanitize})
endif()

# So that tests/fuzz/coverage.py can tell what the corpora reach.
if(PORTOLAN_FUZZ)
  target_compile_options(portolan_flags INTERFACE -fprofile-instr-generate -fcoverage-mapping)
  target_link_options(portolan_flags INTERFACE -fprofile-instr-generate)
endif()
