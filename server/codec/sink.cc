#include "server/codec/sink.h"

namespace portolan::codec {

int FindInSink(const SinkPlan& sink, std::string_view name, const pb::Message& message) {
  for (int i = sink.access->size(message) - 1; i >= 0; --i) {
    if (sink.name_access->text(sink.access->message(message, i), 0) == name) return i;
  }
  return -1;
}

void RemoveFromSink(const SinkPlan& sink, std::string_view name, pb::Message* message) {
  int at = FindInSink(sink, name, *message);
  if (at < 0) return;
  const pb::Reflection* reflection = message->GetReflection();
  const int last = reflection->FieldSize(*message, sink.field) - 1;
  for (; at < last; ++at) reflection->SwapElements(message, sink.field, at, at + 1);
  reflection->RemoveLast(message, sink.field);
}

}  // namespace portolan::codec
