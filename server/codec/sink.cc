#include "server/codec/sink.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace portolan::codec {
namespace {

const std::string& NameAt(const SinkPlan& sink, const pb::Message& message, int index, std::string* scratch) {
  const pb::Message& entry = message.GetReflection()->GetRepeatedMessage(message, sink.field, index);
  return sink.entry->GetStringReference(entry, sink.name, scratch);
}

}  // namespace

void AddToSink(const SinkPlan& sink, std::string_view name, std::string_view json, pb::Message* message) {
  pb::Message* entry = message->GetReflection()->AddMessage(message, sink.field);
  sink.entry->SetString(entry, sink.name, std::string(name));
  sink.entry->SetString(entry, sink.json, std::string(json));
}

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

void KeepLastOfEach(const pb::FieldDescriptor& entries, const pb::FieldDescriptor& key,
                    pb::Message* message) {
  const pb::Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, &entries);
  std::vector<std::pair<std::string, int>> order;
  order.reserve(static_cast<size_t>(size));
  for (int i = 0; i < size; ++i) {
    const pb::Message& entry = reflection->GetRepeatedMessage(*message, &entries, i);
    order.emplace_back(entry.GetReflection()->GetString(entry, &key), i);
  }
  std::sort(order.begin(), order.end());
  std::vector<bool> dropped(order.size());
  for (size_t i = 1, first = 0; i < order.size(); ++i) {
    if (order[i].first != order[first].first) {
      first = i;
      continue;
    }
    reflection->SwapElements(message, &entries, order[first].second, order[i].second);
    dropped[static_cast<size_t>(order[i].second)] = true;
  }
  int kept = 0;
  for (int i = 0; i < size; ++i) {
    if (dropped[static_cast<size_t>(i)]) continue;
    if (kept != i) reflection->SwapElements(message, &entries, kept, i);
    ++kept;
  }
  for (int i = kept; i < size; ++i) reflection->RemoveLast(message, &entries);
}

}  // namespace portolan::codec
