# Everything here comes from Debian packages; the scripts install them (scripts/lib/common.sh).
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Protobuf REQUIRED)
find_package(GTest REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(GRPCPP REQUIRED IMPORTED_TARGET grpc++)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(SIMDJSON REQUIRED IMPORTED_TARGET simdjson)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
pkg_check_modules(YAMLCPP REQUIRED IMPORTED_TARGET yaml-cpp)
find_package(absl REQUIRED)
# Debian ships no pkg-config file for server reflection.
find_library(GRPCPP_REFLECTION grpc++_reflection REQUIRED)
if(PORTOLAN_STATIC)
  include(PortolanStaticLinking)
  portolan_link_statically()
endif()

find_program(PROTOC protoc REQUIRED)
find_program(GRPC_CPP_PLUGIN grpc_cpp_plugin REQUIRED)

# google/api/annotations.proto and google/rpc/*.proto, as Debian ships them.
set(GOOGLEAPIS_DIR /usr/share/gocode/src/github.com/gogo/googleapis)
if(NOT EXISTS ${GOOGLEAPIS_DIR}/google/api/annotations.proto)
  message(FATAL_ERROR "google/api/annotations.proto is missing: install golang-github-gogo-googleapis-dev")
endif()
