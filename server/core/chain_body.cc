#include "server/core/chain_body.h"

#include <utility>

#include "portolan/v1/chat_completion.pb.h"
#include "portolan/v1/chat_request.pb.h"
#include "portolan/v1/completion.pb.h"
#include "portolan/v1/embedding.pb.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

// The types that portolan.middleware.v1 has places for.
bool HasPlace(const Message* prototype) {
  if (prototype == nullptr) return false;
  const auto* const type = prototype->GetDescriptor();
  return type == v1::ChatCompletionRequest::descriptor() || type == v1::CompletionRequest::descriptor() ||
         type == v1::EmbeddingRequest::descriptor() || type == v1::ChatCompletion::descriptor() ||
         type == v1::Completion::descriptor() || type == v1::ChatCompletionChunk::descriptor();
}

const codec::MessagePlan* PlanOf(const OperationSpec& operation, BodyOf of) {
  if (of == BodyOf::kRequest) return operation.request;
  if (operation.relays) return nullptr;
  return of == BodyOf::kAnswer ? operation.response : operation.chunk;
}

const Message* PrototypeOf(const OperationSpec& operation, BodyOf of) {
  if (operation.relays) return nullptr;
  if (of == BodyOf::kRequest) return operation.request_type;
  return of == BodyOf::kAnswer ? operation.response_type : operation.chunk_type;
}

}  // namespace

ChainBody::ChainBody(const OperationSpec& operation, BodyOf of)
    : plan_(PlanOf(operation, of)),
      prototype_(PrototypeOf(operation, of)),
      typed_(operation.speaks_hub() && HasPlace(prototype_)),
      strictness_(of == BodyOf::kRequest ? codec::Strictness::kRequest : codec::Strictness::kResponse) {}

std::unique_ptr<Message> ChainBody::New() const { return std::unique_ptr<Message>(prototype_->New()); }

bool ChainBody::SetWire(std::string_view wire) {
  codec::DecodeError ignored;
  owned_ = New();
  if (!codec::ParseWire(wire, owned_.get(), &ignored)) return false;
  message_ = owned_.get();
  return true;
}

void ChainBody::KeepJson(std::string json) {
  text_ = std::move(json);
  json_ = text_;
}

std::string_view ChainBody::Json() {
  if (!json_) {
    if (message_ == nullptr || plan_ == nullptr) return {};
    text_.clear();
    codec::Encode(*plan_, *message_, {}, &text_);
    json_ = text_;
  }
  return *json_;
}

const Message* ChainBody::Typed() {
  if (message_ != nullptr || prototype_ == nullptr || !json_) return message_;
  owned_ = New();
  codec::DecodeError ignored;
  if (!codec::Decode(*plan_, *json_, {.strictness = strictness_}, owned_.get(), &ignored)) return nullptr;
  message_ = owned_.get();
  return message_;
}

middleware::BodyView ChainBody::View(middleware::BodyForm form) {
  middleware::BodyView view;
  if (form == middleware::BodyForm::kNone) return view;
  if (form == middleware::BodyForm::kTyped && typed_) view.typed = Typed();
  if (view.typed == nullptr && (json_ || message_ != nullptr)) view.json = Json();
  return view;
}

std::string ChainBody::Take(middleware::Body body) {
  if (body.typed != nullptr) {
    codec::DecodeError problem;
    if (!typed_ || body.typed->GetDescriptor() != prototype_->GetDescriptor())
      return "what it puts in place is of another type";
    if (!codec::CheckVerbatim(*plan_, *body.typed, {.strictness = strictness_}, &problem))
      return "what it puts in place is not right: " + problem.path;
    owned_ = std::move(body.typed);
    message_ = owned_.get();
    json_.reset();
    changed_ = true;
    return {};
  }
  std::unique_ptr<google::protobuf::Message> message = prototype_ == nullptr ? nullptr : New();
  codec::DecodeError problem;
  if (plan_ != nullptr &&
      !codec::Decode(*plan_, body.json, {.strictness = strictness_}, message.get(), &problem)) {
    return "what it puts in place is not right: " + (problem.path.empty() ? "no JSON object" : problem.path);
  }
  text_ = std::move(body.json);
  json_ = text_;
  owned_ = std::move(message);
  message_ = owned_.get();
  changed_ = true;
  return {};
}

}  // namespace portolan::core
