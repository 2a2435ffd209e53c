#include "server/codec/sink.h"

namespace portolan::codec {
namespace {

const std::string& NameAt(const SinkPlan& sink, const pb::Message& message, int index, std::string* scratch) {
  const pb::Message& entry = message.GetReflection()->GetRepeatedMessage(message, sink.field, index);
  return sink.entry->GetStringReference(entry, sink.name, scratch);
}

}  // namespace

int FindInSink(const SinkPlan& sink, std::string_view name, const pb::Message& message) {
  std::string scratch;
  for (int i = message.GetReflection()->FieldSize(message, sink.field) - 1; i >= 0; --i) {
    if (NameAt(sink, message, i, &scratch) == name) return i;
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
