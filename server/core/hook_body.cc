#include "server/core/hook_body.h"

#include <memory>
#include <optional>
#include <utility>

#include "server/codec/json_reader.h"
#include "server/guardrails/view_of.h"

namespace portolan::core {

using guardrails::View;

std::string MessageBody::Json() const {
  std::string json;
  // What is said to the gateway alone stays here.
  codec::Encode(plan_, message_, {.for_upstream = true, .replace_surrogates = true}, &json);
  return json;
}

bool MessageBody::Replace(std::string_view json, View* view) {
  const std::unique_ptr<google::protobuf::Message> fresh(message_.New());
  codec::DecodeError problem;
  if (!codec::Decode(plan_, json, {.strictness = strictness_}, fresh.get(), &problem)) return false;
  message_.CopyFrom(*fresh);
  std::optional<View> anew = guardrails::ViewOf(&message_);
  if (anew) *view = *std::move(anew);
  return true;
}

// Whatever its media type says.
std::string TextBody::Json() const { return is_json_ && codec::IsJson(text_) ? text_ : std::string(); }

bool TextBody::Replace(std::string_view json, View* view) {
  if (!is_json_) return false;
  text_ = json;
  *view = View::OfJson(&text_);
  return true;
}

}  // namespace portolan::core
