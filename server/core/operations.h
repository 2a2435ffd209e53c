#pragma once

// The table of operations, compiled from the descriptors of the services that dialects offer to callers.

#include <memory>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "absl/status/statusor.h"
#include "server/codec/codec.h"
#include "server/core/call.h"

namespace portolan::core {

// Immutable, thread-safe; lives as long as the process.
class Operations {
 public:
  // Compiles the rpcs of the services that callers of these dialects call, and every form. Fails, naming it,
  // for what does not fit together: an rpc whose operation its dialect does not have, types that differ.
  static absl::StatusOr<std::unique_ptr<Operations>> Build(
      std::span<const providers::Dialect* const> dialects);

  const codec::Codec& codec() const { return *codec_; }
  const std::vector<std::unique_ptr<OperationSpec>>& all() const { return specs_; }
  // The operation whose unary or streaming rpc is `method`; nullptr for none.
  const OperationSpec* Find(const google::protobuf::MethodDescriptor* method) const;
  // The operation as the hub says it; nullptr if it does not.
  const OperationSpec* Hub(std::string_view name) const;
  // The door of the callers that ask for `path`: those of a dialect that has a route there or above it, else
  // the hub's.
  const providers::Door& DoorAt(std::string_view path) const;
  // For calls of paths that no other operation has: as the callers speak, going by the path and the headers.
  // nullptr if the hub relays nothing.
  const OperationSpec* Relay(std::string_view path, std::span<const HeaderView> headers) const;
  // REQUIRES: the form, or its origin, is one of these dialects'.
  const FormPlan& PlanOf(const providers::Form& form) const {
    return *forms_.find(form.origin == nullptr ? &form : form.origin)->second;
  }

 private:
  Operations() = default;
  std::unique_ptr<codec::Codec> codec_;
  std::unordered_map<const providers::Form*, std::unique_ptr<const FormPlan>> forms_;
  std::vector<std::unique_ptr<OperationSpec>> specs_;
  const providers::Door* hub_door_ = nullptr;
};

}  // namespace portolan::core
