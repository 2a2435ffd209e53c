// What a decoder says of a text that it refuses; values are in decode.cc.

#include "absl/strings/str_cat.h"
#include "server/base/utf8.h"
#include "server/codec/decoder.h"

namespace portolan::codec {
namespace {

// Names in error paths are the caller's text: long ones are cut.
std::string_view Shorten(std::string_view name) {
  constexpr size_t kLongest = 64;
  return CutUtf8(name, kLongest);
}

}  // namespace

Decoder::Outcome Decoder::Mismatch(std::string_view expected, JsonType got) {
  if (got == JsonType::kInvalid) return SyntaxError();
  if (!strict_) return Outcome::kForeign;
  return Refuse(absl::StrCat("expected ", std::string(expected), ", got ", std::string(Describe(got))),
                reader_.offset());
}

Decoder::Outcome Decoder::Unfit(std::string_view problem, size_t offset) {
  return strict_ ? Refuse(problem, offset) : Outcome::kForeign;
}

Decoder::Outcome Decoder::Refuse(std::string_view problem, size_t offset) {
  error_->path.clear();
  error_->problem = problem;
  error_->offset = offset;
  error_->not_json = false;
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::SyntaxError() {
  Refuse(reader_.problem(), reader_.offset());
  error_->not_json = error_->problem != kKeyStandsTwice;
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::NeedsWire() {
  needs_wire_ = true;
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::Within(std::string_view name) {
  name = Shorten(name);
  error_->path.insert(0, name).insert(0, 1, '.');
  return Outcome::kFailed;
}

Decoder::Outcome Decoder::Within(size_t index) {
  error_->path.insert(0, absl::StrCat("[", index, "]"));
  return Outcome::kFailed;
}

}  // namespace portolan::codec
