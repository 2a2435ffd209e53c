#pragma once

// The table of operations, compiled from the descriptors of the portolan.v1 services.

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/codec/codec.h"
#include "server/core/call.h"

namespace portolan::core {

// Immutable, thread-safe; lives as long as the process.
class Operations {
 public:
  // Compiles the codec for every type that the services and `dialect_types` (the wire formats of providers)
  // reach.
  static absl::StatusOr<std::unique_ptr<Operations>> Build(
      std::vector<const google::protobuf::Descriptor*> dialect_types);

  const codec::Codec& codec() const { return *codec_; }
  const std::vector<std::unique_ptr<OperationSpec>>& all() const { return specs_; }
  // The operation whose unary or streaming rpc is `method`; nullptr for none.
  const OperationSpec* Find(const google::protobuf::MethodDescriptor* method) const;
  // The one that carries out `operation`.
  const OperationSpec& Of(providers::Operation operation) const;

 private:
  Operations() = default;
  std::unique_ptr<codec::Codec> codec_;
  std::vector<std::unique_ptr<OperationSpec>> specs_;
};

}  // namespace portolan::core
