#include "providers/error_text.h"

#include <algorithm>
#include <utility>

#include "providers/error_roles.h"
#include "providers/markup.h"
#include "server/base/text.h"
#include "server/base/utf8.h"
#include "server/codec/json_reader.h"

namespace portolan::providers {
namespace {

using codec::JsonReader;
using codec::JsonType;

constexpr std::string_view kReplacement = "\ufffd";
constexpr std::string_view kEllipsis = "\u2026";
// Of values in values, JSON in strings included.
constexpr int kMaxDepth = 8;
// A list of problems is told up to here.
constexpr size_t kMaxProblems = 1000;
constexpr size_t kMaxWord = 128;

// At most `limit` bytes of `text`. Bytes that are not UTF-8 become U+FFFD, control characters become blanks.
std::string Shown(std::string_view text, size_t limit) {
  std::string out;
  out.reserve(std::min(text.size(), limit + kEllipsis.size()));
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const std::string_view character = length == 0 ? kReplacement : text.substr(0, length);
    if (out.size() + character.size() > limit) return out.append(kEllipsis);
    const auto first = static_cast<unsigned char>(character.front());
    const bool control = (first < 0x20 && !IsSpace(character.front())) || first == 0x7f;
    out += control ? std::string_view(" ") : character;
    text.remove_prefix(std::max<size_t>(length, 1));
  }
  return out;
}

// 400 to 599, written with digits alone; else 0.
int StatusOf(std::string_view text) {
  if (text.size() != 3 || text[0] < '4' || text[0] > '5') return 0;
  int status = 0;
  for (const char c : text) {
    if (!IsDigit(c)) return 0;
    status = status * 10 + (c - '0');
  }
  return status;
}

// One word, as codes and types are; no sentence.
bool IsWord(std::string_view text) {
  return !text.empty() && text.size() <= kMaxWord && std::all_of(text.begin(), text.end(), IsVisible);
}

// A type's name, not the address of its description.
bool IsType(std::string_view text) { return IsWord(text) && text.find(':') == text.npos && text != "error"; }

// `INVALID_ARGUMENT`; not `failed`.
bool IsStatusName(std::string_view text) {
  return IsWord(text) &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
}

void SetIfEmpty(std::string value, std::string* out) {
  if (out->empty()) *out = std::move(value);
}

// Puts `more` behind what is there, unless that says it already.
void AddWords(std::string_view more, std::string* out) {
  if (more.empty() || out->find(more) != std::string::npos) return;
  if (!out->empty()) out->append(out->ends_with('.') ? " " : ": ");
  out->append(more);
}

// A string or number as text; empty for all else.
std::string ScalarText(JsonReader& reader) {
  std::string scratch;
  std::string_view text;
  switch (reader.Peek()) {
    case JsonType::kString:
      reader.ReadString(&text, &scratch, codec::LoneSurrogate::kReplace);
      return std::string(text);
    case JsonType::kNumber:
      reader.ReadNumber(&text);
      return std::string(text);
    default:
      reader.Skip();
      return {};
  }
}

// `["body","tools",0]` as `body.tools.0`.
std::string ReadPlace(JsonReader& reader) {
  if (reader.Peek() != JsonType::kArray) return ScalarText(reader);
  std::string place;
  reader.EnterArray();
  while (reader.NextElement()) place.append(place.empty() ? "" : ".").append(ScalarText(reader));
  return place;
}

// An error as it is read: what is to be given, and the other places that tell what is wrong.
struct Said : ErrorMembers {
  std::string place;
  std::string error;  // text under `error`
  std::string detail;
  std::string description;
  std::string problems;
  std::string title;
};

Said ReadValue(JsonReader& reader, int depth);

// A text; if it is JSON itself, what that says.
Said FromText(std::string_view text, int depth) {
  Said said;
  const std::string_view trimmed = TrimSpace(text);
  if (depth < kMaxDepth && (trimmed.starts_with('{') || trimmed.starts_with('['))) {
    JsonReader reader(trimmed);
    said = ReadValue(reader, depth + 1);
    if (reader.AtEnd() && !said.message.empty()) return said;
    said = Said();
  }
  if (!trimmed.empty()) said.message = text;
  return said;
}

// Makes one message of what an object says in several places.
void Compose(Said* said) {
  const bool others = !said->message.empty() || !said->detail.empty() || !said->description.empty();
  if (others && IsReasonPhrase(said->error)) said->error.clear();
  // `{"error":"invalid_client","error_description":"…"}`
  if (others && IsWord(said->error)) SetIfEmpty(std::exchange(said->error, {}), &said->code);
  std::string words = std::move(said->error);
  AddWords(said->message, &words);
  AddWords(said->detail, &words);
  if (words.empty()) words = said->description;
  if (words.empty()) words = said->title;
  AddWords(said->problems, &words);
  said->message = std::move(words);
}

// Takes over what `first` leaves open.
void FillIn(Said second, Said* first) {
  SetIfEmpty(std::move(second.type), &first->type);
  SetIfEmpty(std::move(second.code), &first->code);
  SetIfEmpty(std::move(second.param), &first->param);
  if (first->status == 0) first->status = second.status;
}

// A list of problems, or an object with those of each place.
Said ReadProblems(JsonReader& reader, int depth) {
  Said all;
  const auto take = [&](Said one) {
    if (one.message.empty() || all.message.size() > kMaxProblems) return;
    if (!all.message.empty()) all.message += "; ";
    if (!one.place.empty()) all.message += one.place + ": ";
    all.message += one.message;
    if (depth > 0) one.type.clear();  // of the problem, not of the error
    FillIn(std::move(one), &all);
  };
  if (reader.Peek() == JsonType::kArray) {
    reader.EnterArray();
    while (reader.NextElement()) take(ReadValue(reader, depth + 1));
    return all;
  }
  reader.EnterObject();
  std::string scratch;
  std::string_view name;
  while (reader.NextMember(&name, &scratch)) {
    std::string place(name);
    Said one = ReadValue(reader, depth + 1);
    one.place = std::move(place);
    take(std::move(one));
  }
  return all;
}

class ObjectReader {
 public:
  ObjectReader(JsonReader& reader, int depth) : reader_(reader), depth_(depth) {}

  Said Read() {
    reader_.EnterObject();
    std::string scratch;
    std::string_view name;
    while (reader_.NextMember(&name, &scratch)) TakeMember(RoleOf(name));
    if (said_.status == 0) said_.status = other_status_;
    // Google says a status twice, of which the name tells more: `"code":429,"status":"RESOURCE_EXHAUSTED"`.
    if (!status_name_.empty() && StatusOf(said_.code) != 0) said_.code.clear();
    SetIfEmpty(std::move(status_name_), &said_.code);
    Compose(&said_);
    FillIn(std::move(below_), &said_);
    // What stands under `error` goes before what stands beside it.
    SetIfEmpty(std::move(said_.message), &inner_.message);
    inner_.place = std::move(said_.place);
    FillIn(std::move(said_), &inner_);
    return std::move(inner_);
  }

 private:
  void TakeMember(Role role) {
    switch (role) {
      case Role::kError:
        return TakeError();
      case Role::kEnvelope:
        return reader_.Peek() == JsonType::kObject ? TakeError() : Skip();
      case Role::kMessage:
        return TakeText(&said_.message);
      case Role::kDetail:
        return TakeText(&said_.detail);
      case Role::kDescription:
        return TakeText(&said_.description);
      case Role::kTitle:
        return TakeText(&said_.title);
      case Role::kProblems:
        return TakeProblems();
      case Role::kPlace:
        said_.place = ReadPlace(reader_);
        return;
      case Role::kNone:
        return Skip();
      default:
        return TakeScalar(role, ScalarText(reader_));
    }
  }

  void Skip() { reader_.Skip(); }

  void TakeError() {
    switch (reader_.Peek()) {
      case JsonType::kObject:
        inner_ = ReadValue(reader_, depth_ + 1);
        return;
      case JsonType::kNumber:
        return TakeScalar(Role::kCode, ScalarText(reader_));
      default:
        return TakeText(&said_.error);
    }
  }

  void TakeText(std::string* out) {
    Said one = ReadValue(reader_, depth_ + 1);
    SetIfEmpty(std::move(one.message), out);
    FillIn(std::move(one), &below_);
  }

  void TakeProblems() {
    if (reader_.Peek() != JsonType::kObject) return TakeText(&said_.problems);
    // One problem, or those of each place.
    const JsonReader::Place place = reader_.Mark();
    Said one = ReadValue(reader_, depth_ + 1);
    if (one.message.empty() && !reader_.failed()) {
      reader_.Rewind(place);
      one = ReadProblems(reader_, depth_ + 1);
    }
    SetIfEmpty(std::move(one.message), &said_.problems);
    FillIn(std::move(one), &below_);
  }

  void TakeScalar(Role role, std::string text) {
    switch (role) {
      case Role::kType:
        if (IsType(text)) SetIfEmpty(std::move(text), &said_.type);
        return;
      case Role::kParam:
        return SetIfEmpty(std::move(text), &said_.param);
      case Role::kStatus:
        if (other_status_ == 0) other_status_ = StatusOf(text);
        if (IsStatusName(text)) status_name_ = std::move(text);
        return;
      case Role::kAwsType:
        text.erase(0, text.rfind('#') + 1);
        [[fallthrough]];
      default:
        if (said_.status == 0) said_.status = StatusOf(text);
        // Some say all they have to say here, in a sentence.
        if (text.find(' ') != std::string::npos) SetIfEmpty(text, &said_.description);
        SetIfEmpty(std::move(text), &said_.code);
    }
  }

  JsonReader& reader_;
  const int depth_;
  Said said_;
  Said inner_;  // of the object under `error`
  Said below_;  // of other values
  int other_status_ = 0;
  std::string status_name_;
};

Said ReadValue(JsonReader& reader, int depth) {
  std::string scratch;
  std::string_view text;
  const JsonType type = depth > kMaxDepth ? JsonType::kInvalid : reader.Peek();
  switch (type) {
    case JsonType::kString:
      return reader.ReadString(&text, &scratch, codec::LoneSurrogate::kReplace) ? FromText(text, depth)
                                                                                : Said();
    case JsonType::kArray:
      return ReadProblems(reader, depth);
    case JsonType::kObject:
      return ObjectReader(reader, depth).Read();
    default:
      reader.Skip();
      return {};
  }
}

std::string_view WithoutByteOrderMark(std::string_view body) {
  constexpr std::string_view kMark = "\ufeff";
  return body.starts_with(kMark) ? body.substr(kMark.size()) : body;
}

// The data of the first server-sent event that has any; empty if `body` is not of that kind.
std::string EventData(std::string_view body) {
  std::string data;
  while (!body.empty()) {
    const size_t end = std::min(body.find('\n'), body.size());
    std::string_view line = TrimSpace(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (line.empty() && !data.empty()) break;
    if (line.starts_with("data:")) data.append(line.substr(5)).append("\n");
  }
  return data;
}

bool IsText(std::string_view body) {
  return std::all_of(body.begin(), body.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x20 || IsSpace(c); });
}

// `{}`, `[]`, `""`, `null`, `5`.
bool SaysNothing(std::string_view json) {
  const bool container = json.starts_with('{') || json.starts_with('[');
  if (container) return TrimSpace(json.substr(1, json.size() - 2)).empty();
  return codec::IsJson(json);
}

// What a body that is not a JSON error says.
std::string BareText(std::string_view body) {
  if (body.starts_with('<')) return Shown(MarkupText(body), kMaxErrorText);
  if (!IsText(body) || SaysNothing(body)) return {};
  return Shown(body, kMaxErrorText);
}

}  // namespace

bool ReadJsonError(std::string_view json, ErrorMembers* out) {
  JsonReader reader(WithoutByteOrderMark(json));
  Said said = ReadValue(reader, 0);
  if (!reader.AtEnd()) return false;
  *out = std::move(said);
  out->message = Shown(out->message, kMaxErrorMessage);
  return !out->message.empty();
}

bool ReadErrorText(std::string_view body, ErrorMembers* out) {
  body = TrimSpace(WithoutByteOrderMark(body));
  std::string held;
  if (body.starts_with("data:") || body.starts_with("event:")) {
    held = EventData(body);
    if (!held.empty()) body = TrimSpace(held);
  }
  if (ReadJsonError(body, out)) return true;
  // Perhaps in another encoding: only its ASCII is read.
  if (!IsUtf8(body) && ReadJsonError(Shown(body, body.size() * kReplacement.size()), out)) return true;
  out->message = BareText(body);
  return !out->message.empty();
}

}  // namespace portolan::providers
