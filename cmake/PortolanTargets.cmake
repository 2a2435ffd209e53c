# portolan_library(NAME SOURCES a.cc b.cc [DEPS x y])
#   A static library with our flags; below tests/ with those of tests. DEPS are public: the layer order is checked by
#   tests/unit/layers.
function(portolan_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  if(PORTOLAN_TESTS)
    set_target_properties(${name} PROPERTIES PORTOLAN_TEST ON)
  else()
    target_compile_options(${name} PRIVATE ${PORTOLAN_PROFILE_FLAGS})
  endif()
  target_link_libraries(${name} PUBLIC portolan_flags ${ARG_DEPS})
endfunction()

# portolan_test(NAME SOURCES a_test.cc [DEPS x y] [LABEL unit] [ALONE b_test.cc])
#   A GoogleTest binary, registered with ctest as one test labelled LABEL (default: unit). Its sources are compiled
#   several at a time, which spares half the time; ALONE are those that have names of another's for something else.
function(portolan_test name)
  cmake_parse_arguments(ARG "" "LABEL;TIMEOUT" "SOURCES;ALONE;DEPS;ARGS" ${ARGN})
  if(NOT BUILD_TESTING)
    return()
  endif()
  if(NOT ARG_LABEL)
    set(ARG_LABEL unit)
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 600)
  endif()
  add_executable(${name} ${ARG_SOURCES} ${ARG_ALONE})
  set_source_files_properties(${ARG_ALONE} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set_target_properties(${name} PROPERTIES PORTOLAN_TEST ON UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 6)
  target_link_libraries(${name} PRIVATE portolan_flags ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  add_test(NAME ${name} COMMAND ${name} ${ARG_ARGS} WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(${name} PROPERTIES LABELS ${ARG_LABEL} TIMEOUT ${ARG_TIMEOUT})
  if(PORTOLAN_FUZZ)
    # What tests reach is not looked at.
    set_tests_properties(${name} PROPERTIES ENVIRONMENT LLVM_PROFILE_FILE=/dev/null)
  endif()
endfunction()

# portolan_fuzzer(NAME SOURCES x_fuzz.cc [DEPS ...])
#   A libFuzzer target NAME whose committed corpus is tests/fuzz/corpus/NAME. Built only by the preset
#   asan.
function(portolan_fuzzer name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT PORTOLAN_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE portolan_flags ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  set_property(GLOBAL APPEND PROPERTY PORTOLAN_FUZZERS ${name})
endfunction()

# portolan_protos(NAME PROTOS a/b.proto [SERVICES c/d.proto] [IMPORTED_FROM dir] [ACCESS] [DEPS x])
#   Generates and compiles PROTOS (paths relative to proto/, or to IMPORTED_FROM). The gRPC stubs of SERVICES (a subset
#   of PROTOS) go into NAME_grpc. With ACCESS their messages have the tables of proto/access/access.h, which server/codec
#   needs.
#   Generated code is compiled without our warnings, sanitizers or profile, one object a file.
function(portolan_protos name)
  cmake_parse_arguments(ARG "ACCESS" "IMPORTED_FROM" "PROTOS;SERVICES;REST_SERVICES;DEPS" ${ARGN})
  set(root ${PROJECT_SOURCE_DIR}/proto)
  if(ARG_IMPORTED_FROM)
    set(root ${ARG_IMPORTED_FROM})
  endif()
  set(out ${PROJECT_BINARY_DIR}/gen)
  set(sources "")
  foreach(proto IN LISTS ARG_PROTOS)
    string(REGEX REPLACE "\\.proto$" "" stem ${proto})
    set(tables "")
    set(generator "")
    if(ARG_ACCESS)
      set(generator portolan_access_generator)
      set(tables COMMAND sh -c "\"$1\" \"$2.desc\" \"$3\" >>\"$2.pb.cc\"" sh
        $<TARGET_FILE:portolan_access_generator> ${out}/${stem} ${proto})
    endif()
    add_custom_command(
      OUTPUT ${out}/${stem}.pb.cc ${out}/${stem}.pb.h
      COMMAND ${CMAKE_COMMAND} -E make_directory ${out}
      COMMAND ${PROTOC} -I ${PROJECT_SOURCE_DIR}/proto -I ${GOOGLEAPIS_DIR} -I ${root} --cpp_out=${out}
              --include_imports --descriptor_set_out=${out}/${stem}.desc ${proto}
      ${tables}
      DEPENDS ${root}/${proto} ${generator}
      VERBATIM)
    list(APPEND sources ${out}/${stem}.pb.cc)
  endforeach()
  add_library(${name} STATIC ${sources})
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_compile_options(${name} PRIVATE -O2 -g0 -w)
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf ${ARG_DEPS})
  if(ARG_ACCESS)
    target_link_libraries(${name} PUBLIC portolan_access)
  endif()

  foreach(proto IN LISTS ARG_SERVICES ARG_REST_SERVICES)
    # Services are looked up by name; nothing else would make the linker take a file without messages from the
    # archive. The name is the one that protoc gives the file's descriptor table.
    string(REPLACE "_" "_5f" table ${proto})
    string(REPLACE "/" "_2f" table ${table})
    string(REPLACE "." "_2e" table ${table})
    target_link_options(${name} INTERFACE LINKER:--undefined=descriptor_table_${table})
  endforeach()
  if(ARG_SERVICES)
    set(grpc_sources "")
    foreach(proto IN LISTS ARG_SERVICES)
      string(REGEX REPLACE "\\.proto$" "" stem ${proto})
      add_custom_command(
        OUTPUT ${out}/${stem}.grpc.pb.cc ${out}/${stem}.grpc.pb.h
        COMMAND ${PROTOC} -I ${PROJECT_SOURCE_DIR}/proto -I ${GOOGLEAPIS_DIR}
                --plugin=protoc-gen-grpc=${GRPC_CPP_PLUGIN} --grpc_out=${out} ${proto}
        DEPENDS ${PROJECT_SOURCE_DIR}/proto/${proto} ${out}/${stem}.pb.h
        VERBATIM)
      list(APPEND grpc_sources ${out}/${stem}.grpc.pb.cc)
    endforeach()
    add_library(${name}_grpc STATIC ${grpc_sources})
    target_compile_options(${name}_grpc PRIVATE -O2 -g0 -w)
    target_link_libraries(${name}_grpc PUBLIC ${name} PkgConfig::GRPCPP)
  endif()
endfunction()
