#include "server/codec/wire_edit.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/codec/wire.h"

namespace portolan::codec {
namespace {

// One field of a message: all its bytes, and what is in it if it has a length.
struct Field {
  uint32_t number = 0;
  std::string_view bytes;
  std::string_view content;
};

Field TakeField(WireReader* reader) {
  const char* const begin = reader->cursor();
  const uint32_t tag = reader->Tag();
  Field field;
  field.number = TagNumber(tag);
  const WireType type = TagType(tag);
  if (type == WireType::kLength) {
    field.content = reader->Bytes();
  } else {
    reader->Skip(type);
  }
  field.bytes = std::string_view(begin, static_cast<size_t>(reader->cursor() - begin));
  return field;
}

std::string_view TextOf(std::string_view entry, uint32_t number) {
  for (WireReader reader(entry); !reader.done();) {
    const Field field = TakeField(&reader);
    if (field.number == number) return field.content;
  }
  return {};
}

const FieldPlan* WithNumber(const MessagePlan& plan, uint32_t number) {
  for (const FieldPlan& field : plan.fields) {
    if (field.number == number) return &field;
  }
  return nullptr;
}

void Replace(size_t begin, std::string_view bytes, WireWriter* wire) {
  wire->Truncate(begin);
  wire->Append(bytes);
}

}  // namespace

void DropEarlier(const MessagePlan& plan, std::span<const LaterMember> again, size_t begin,
                 WireWriter* wire) {
  std::vector<size_t> last(plan.fields.size(), 0);
  for (const LaterMember& member : again) last[member.field->index] = member.begin;

  const std::string_view all = wire->view();
  std::string kept;
  for (WireReader reader(all.substr(begin)); !reader.done();) {
    const auto at = static_cast<size_t>(reader.cursor() - all.data());
    const Field field = TakeField(&reader);
    const FieldPlan* const owner = field.number == plan.sink.number
                                       ? plan.Lookup(TextOf(field.content, plan.sink.name_number))
                                       : WithNumber(plan, field.number);
    if (owner == nullptr || at >= last[owner->index]) kept.append(field.bytes);
  }
  Replace(begin, kept, wire);
}

void KeepLastOfEach(uint32_t entry_number, uint32_t key_number, size_t begin, WireWriter* wire) {
  std::vector<Field> fields;
  std::vector<std::pair<std::string_view, size_t>> order;
  for (WireReader reader(wire->view().substr(begin)); !reader.done();) {
    fields.push_back(TakeField(&reader));
    if (fields.back().number == entry_number) {
      order.emplace_back(TextOf(fields.back().content, key_number), fields.size() - 1);
    }
  }
  std::sort(order.begin(), order.end());
  for (size_t i = 1, first = 0; i < order.size(); ++i) {
    if (order[i].first != order[first].first) {
      first = i;
      continue;
    }
    Field& later = fields[order[i].second];
    fields[order[first].second].bytes = later.bytes;
    later.bytes = {};
  }
  std::string kept;
  for (const Field& field : fields) kept.append(field.bytes);
  Replace(begin, kept, wire);
}

}  // namespace portolan::codec
