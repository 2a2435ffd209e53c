#include "providers/json_edit.h"

#include <utility>

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {

using codec::JsonReader;
using codec::JsonType;

JsonObjectEdit::JsonObjectEdit(std::string_view json) : json_(json) {
  JsonReader reader(json);
  if (reader.Peek() != JsonType::kObject) return;
  reader.EnterObject();
  entries_.reserve(8);
  std::string scratch;
  size_t end = 0;  // of the member before
  for (std::string_view name; reader.NextMember(&name, &scratch);) {
    Entry entry;
    entry.name = name.data() == scratch.data() ? Keep(std::string(name)) : name;
    const size_t begin = reader.name_offset();
    if (!reader.Skip(&entry.value)) break;
    entry.text = json.substr(begin, reader.offset() - begin);
    entry.before = json.substr(end, begin - end);
    end = reader.offset();
    lengths_ |= BitOf(entry.name);
    entries_.push_back(entry);
  }
  if (!reader.AtEnd()) entries_.clear();
  tail_ = json.substr(end);
}

const std::string_view* JsonObjectEdit::Find(std::string_view name) const {
  const std::string_view* found = nullptr;
  if ((lengths_ & BitOf(name)) == 0) return found;
  for (const Entry& entry : entries_) {
    if (entry.kept && entry.name == name) found = &entry.value;
  }
  return found;
}

std::vector<std::string_view> JsonObjectEdit::Names() const {
  std::vector<std::string_view> names;
  for (const Entry& entry : entries_) {
    if (entry.kept) names.push_back(entry.name);
  }
  return names;
}

void JsonObjectEdit::Remove(std::string_view name) {
  for (Entry& entry : entries_) {
    if (!entry.kept || entry.name != name) continue;
    entry.kept = false;
    changed_ = true;
  }
}

void JsonObjectEdit::Rename(std::string_view name, std::string_view new_name) {
  for (Entry& entry : entries_) {
    if (!entry.kept || entry.name != name) continue;
    entry.name = new_name;
    lengths_ |= BitOf(new_name);
    entry.is_new = changed_ = true;
  }
}

void JsonObjectEdit::Set(std::string_view name, std::string value) {
  const std::string_view held = Keep(std::move(value));
  for (Entry& entry : entries_) {
    if (!entry.kept || entry.name != name) continue;
    entry.value = held;
    entry.is_new = changed_ = true;
  }
}

void JsonObjectEdit::Add(std::string_view name, std::string value) {
  if (entries_.empty()) return;
  Entry entry;
  entry.name = name;
  entry.value = Keep(std::move(value));
  entry.before = ",";
  entry.is_new = true;
  lengths_ |= BitOf(name);
  entries_.push_back(entry);
  changed_ = true;
}

void JsonObjectEdit::Write(std::string* out) const {
  if (entries_.empty()) {
    out->append(json_);
    return;
  }
  // What stands before the first member, brace and all, stays; what stands before a member goes with it.
  out->append(entries_.front().before);
  bool first = true;
  for (const Entry& entry : entries_) {
    if (!entry.kept) continue;
    if (!first) out->append(&entry == &entries_.front() ? std::string_view(",") : entry.before);
    first = false;
    if (entry.is_new) {
      AppendJsonString(entry.name, out);
      out->append(":").append(entry.value);
    } else {
      out->append(entry.text);
    }
  }
  out->append(tail_);
}

std::vector<std::string_view> ElementsOf(std::string_view json) {
  std::vector<std::string_view> elements;
  JsonReader reader(json);
  if (reader.Peek() != JsonType::kArray) return elements;
  reader.EnterArray();
  while (reader.NextElement()) {
    if (!reader.Skip(&elements.emplace_back())) break;
  }
  if (!reader.AtEnd()) elements.clear();
  return elements;
}

}  // namespace portolan::providers
