# Links gRPC, protobuf, abseil and RE2 into the programs instead of loading them: a call crosses their borders hundreds
# of times, and each crossing into a shared library is an indirect jump. The figures are in
# docs/decisions/0010-archives-or-shared-libraries.md. What is patched more often than Portolan is built stays shared:
# OpenSSL, zlib, c-ares, the C and C++ libraries.

# The archive beside a shared library; the library itself if there is none.
function(portolan_archive_of library out)
  string(REGEX REPLACE "\\.so[.0-9]*$" ".a" archive "${library}")
  if(EXISTS "${archive}")
    set(${out} "${archive}" PARENT_SCOPE)
  else()
    set(${out} "${library}" PARENT_SCOPE)
  endif()
endfunction()

# Points an imported target to its archive.
function(portolan_use_archive target)
  get_target_property(configurations ${target} IMPORTED_CONFIGURATIONS)
  set(properties IMPORTED_LOCATION)
  foreach(configuration IN LISTS configurations)
    list(APPEND properties IMPORTED_LOCATION_${configuration})
  endforeach()
  foreach(property IN LISTS properties)
    get_target_property(location ${target} ${property})
    if(location)
      portolan_archive_of("${location}" archive)
      set_target_properties(${target} PROPERTIES ${property} "${archive}")
    endif()
  endforeach()
endfunction()

# Sets all that find_package and pkg_check_modules have made in this folder to archives.
macro(portolan_link_statically)
  get_property(_targets DIRECTORY PROPERTY IMPORTED_TARGETS)
  foreach(_target IN LISTS _targets)
    if(_target MATCHES "^(absl|protobuf)::")
      portolan_use_archive(${_target})
    endif()
  endforeach()
  portolan_archive_of("${RE2_LINK_LIBRARIES}" _re2)
  set_target_properties(PkgConfig::RE2 PROPERTIES INTERFACE_LINK_LIBRARIES "${_re2};Threads::Threads")

  # In archives order matters, and these depend on each other both ways: one group holds all that gRPC needs.
  set(_grpc "")
  foreach(_name IN LISTS GRPCPP_STATIC_LIBRARIES)
    if(_name MATCHES "^(grpc|gpr|upb|address_sorting|re2|absl_)")
      find_library(PORTOLAN_ARCHIVE_${_name} lib${_name}.a REQUIRED)
      mark_as_advanced(PORTOLAN_ARCHIVE_${_name})
      list(APPEND _grpc "${PORTOLAN_ARCHIVE_${_name}}")
    endif()
  endforeach()
  list(APPEND _grpc ${CARES_LINK_LIBRARIES})
  list(REMOVE_DUPLICATES _grpc)
  list(JOIN _grpc "," _group)
  set_target_properties(PkgConfig::GRPCPP PROPERTIES INTERFACE_LINK_LIBRARIES
    "$<LINK_GROUP:RESCAN,${_group}>;protobuf::libprotobuf;OpenSSL::SSL;ZLIB::ZLIB;Threads::Threads")
endmacro()
