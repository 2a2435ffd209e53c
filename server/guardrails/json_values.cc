// The arguments of a call: looked at and changed value by value.

#include <functional>
#include <string>
#include <string_view>

#include "server/base/json_text.h"
#include "server/codec/json_reader.h"
#include "server/guardrails/view.h"

namespace portolan::guardrails {
namespace {

using codec::JsonReader;
using codec::JsonType;

// The string that is spelt `raw`.
std::string MeaningOf(std::string_view raw) {
  JsonReader reader(raw);
  std::string scratch;
  std::string_view value;
  if (!reader.ReadString(&value, &scratch, codec::LoneSurrogate::kReplace)) return std::string(raw);
  return std::string(value);
}

// Calls `scalar` with the text of each value that is no container and with what it means, in order.
using OnScalar = std::function<void(std::string_view raw, std::string meaning)>;

void Walk(JsonReader& reader, const OnScalar& scalar) {
  const JsonType type = reader.Peek();
  if (type == JsonType::kObject) {
    reader.EnterObject();
    std::string scratch;
    for (std::string_view name; reader.NextMember(&name, &scratch);) Walk(reader, scalar);
  } else if (type == JsonType::kArray) {
    reader.EnterArray();
    while (reader.NextElement()) Walk(reader, scalar);
  } else {
    std::string_view raw;
    // Peek() has led past the white space, which Skip() would count to the value.
    if (!reader.Skip(&raw)) return;
    scalar(raw, type == JsonType::kString ? MeaningOf(raw) : std::string(raw));
  }
}

}  // namespace

bool ChangePiece(const Piece& piece, const std::function<bool(std::string*)>& change) {
  if (!piece.is_json || !codec::IsJson(*piece.text)) return change(piece.text);
  std::string out;
  bool changed = false;
  const char* copied = piece.text->data();
  JsonReader reader(*piece.text);
  Walk(reader, [&](std::string_view raw, std::string meaning) {
    if (!change(&meaning)) return;
    changed = true;
    out.append(copied, raw.data());
    AppendJsonString(meaning, &out);
    copied = raw.data() + raw.size();
  });
  if (!changed) return false;
  out.append(std::string_view(*piece.text).substr(static_cast<size_t>(copied - piece.text->data())));
  *piece.text = std::move(out);
  return true;
}

}  // namespace portolan::guardrails
