#ifndef PORTOLAN_CLIENT_METADATA_H_
#define PORTOLAN_CLIENT_METADATA_H_

#include <grpcpp/support/string_ref.h>

#include <map>
#include <optional>

#include "portolan/error.h"

namespace portolan::internal {

// Metadata that was received, as Headers describe it.
Headers Plain(const std::multimap<grpc::string_ref, grpc::string_ref>& metadata);

// Why the header cannot be sent, if it cannot: gRPC ends the program over it.
// Source: "Custom-Metadata" in https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
std::optional<Error> Unsendable(std::string_view name, std::string_view value);

}  // namespace portolan::internal

#endif  // PORTOLAN_CLIENT_METADATA_H_
