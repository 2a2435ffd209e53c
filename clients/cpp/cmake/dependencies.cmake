# What portolan::client is linked with, for its build and for find_package(portolan).
include(CMakeFindDependencyMacro)
find_dependency(Threads)
find_dependency(Protobuf)
find_dependency(PkgConfig)
pkg_check_modules(portolan_grpc REQUIRED IMPORTED_TARGET GLOBAL grpc++)
