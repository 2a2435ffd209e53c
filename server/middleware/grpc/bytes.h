#pragma once

// Messages as the bytes that gRPC carries. Services are asked in bytes, not in messages: gRPC itself passes
// an answer that cannot be read on as an empty one.

#include <google/protobuf/message_lite.h>
#include <grpcpp/support/byte_buffer.h>

namespace portolan::middleware {

// REQUIRES: the message takes less than 2 GB.
grpc::ByteBuffer ToBytes(const google::protobuf::MessageLite& message);

// False, with *message of no use, if there are no bytes or they are not of such a message.
[[nodiscard]] bool Parse(const grpc::ByteBuffer& bytes, google::protobuf::MessageLite* message);

}  // namespace portolan::middleware
