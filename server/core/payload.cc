#include "server/core/payload.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <utility>

namespace portolan::core {
namespace {

using google::protobuf::Message;

// Of a request; more make the list grow.
constexpr size_t kUsualMembers = 16;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

Error ToError(const codec::DecodeError& problem) {
  return Error::InvalidRequest(problem.not_json ? "invalid_json" : "invalid_value", problem.ToString(),
                               problem.path);
}

}  // namespace

std::optional<Error> Payload::TakeJson(std::string json, Use use) {
  json_ = std::move(json);
  if (json_.starts_with(kByteOrderMark)) json_.erase(0, kByteOrderMark.size());
  has_json_ = true;
  codec::DecodeError problem;
  codec::DecodeOptions options;
  options.spans = &spans_;
  spans_.reserve(kUsualMembers);
  if (use == Use::kMessage) decoded_ = NewRequest();
  if (codec::Decode(*operation_.request, json_, options, decoded_, &problem)) return std::nullopt;
  decoded_ = nullptr;
  Error error = ToError(problem);
  if (problem.not_json) return error;
  // Once more for the grammar alone: the first look has ended where it found something.
  options.strictness = codec::Strictness::kResponse;
  if (!codec::Decode(*operation_.request, json_, options, nullptr, &problem)) return ToError(problem);
  if (auto own = CheckOwnMembers()) return own;
  unfit_ = std::move(error);
  return std::nullopt;
}

std::optional<Error> Payload::CheckOwnMembers() const {
  const std::array fields = {operation_.model_field, operation_.stream_flag, operation_.stream_options_field,
                             operation_.options_field};
  std::string members;
  for (const codec::MemberSpan& span : spans_) {
    const bool own = std::any_of(fields.begin(), fields.end(), [&](const auto* field) {
      return field != nullptr && field->number() == span.field_number;
    });
    if (!own) continue;
    members += members.empty() ? '{' : ',';
    members.append(json_, span.name_begin, span.value_end - span.name_begin);
  }
  codec::DecodeError problem;
  if (members.empty() || codec::Decode(*operation_.request, members + '}', {}, nullptr, &problem)) {
    return std::nullopt;
  }
  return ToError(problem);
}

std::optional<std::string_view> Payload::RawMember(const google::protobuf::FieldDescriptor* field) const {
  if (field == nullptr) return std::nullopt;
  for (const codec::MemberSpan& span : spans_) {
    if (span.field_number == field->number()) {
      return std::string_view(json_).substr(span.value_begin, span.value_end - span.value_begin);
    }
  }
  return std::nullopt;
}

std::string_view Payload::Text() {
  if (!has_json_ && json_.empty()) codec::Encode(*operation_.request, *message_, {}, &json_);
  return json_;
}

Message* Payload::NewRequest() const { return operation_.request_type->New(&arena_.get()); }

std::optional<Error> Payload::ToMessage(std::span<const codec::Edit> edits, const Message** out) {
  if (unfit_) return unfit_;
  codec::DecodeError problem;
  if (message_ == nullptr && decoded_ == nullptr) {
    decoded_ = NewRequest();
    if (!codec::Decode(*operation_.request, json_, {}, decoded_, &problem)) return ToError(problem);
  }
  if (message_ == nullptr) message_ = decoded_;
  if (edits.empty()) {
    *out = message_;
    return std::nullopt;
  }
  Message* edited = NewRequest();
  edited->CopyFrom(*message_);
  if (!codec::ApplyEdits(*operation_.request, edits, edited, &problem)) return ToError(problem);
  *out = edited;
  return std::nullopt;
}

std::optional<Error> Payload::ToJson(std::span<const codec::Edit> edits, bool splice, std::string* buffer,
                                     codec::GatherList* pieces) {
  if (has_json_ && (splice || unfit_)) {
    codec::Splice(json_, spans_, edits, *operation_.request, pieces);
    return std::nullopt;
  }
  const Message* message = nullptr;
  if (auto error = ToMessage(edits, &message)) return error;
  codec::Encode(*operation_.request, *message, {.for_upstream = true}, buffer);
  pieces->push_back(*buffer);
  return std::nullopt;
}

void Payload::Reset() {
  has_json_ = false;
  unfit_.reset();
  json_.clear();
  spans_.clear();
  decoded_ = message_ = nullptr;
}

void Payload::ForgetMessages() {
  decoded_ = nullptr;
  if (has_json_) message_ = nullptr;
}

}  // namespace portolan::core
