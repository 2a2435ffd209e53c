#include "server/codec/encoder.h"

namespace portolan::codec {

void Encode(const MessagePlan& plan, const pb::Message& message, const EncodeOptions& options,
            std::string* out) {
  constexpr size_t kLargestByWire = 8192;
  const size_t size = message.ByteSizeLong();
  // JSON is rarely more than a little longer.
  out->reserve(out->size() + size + size / 4 + 64);
  if (size <= kLargestByWire) {
    EncodeByWire(plan, message, size, options, out);
  } else {
    EncodeByReflection(plan, message, options, out);
  }
}

}  // namespace portolan::codec
