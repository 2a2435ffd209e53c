#include "server/guardrails/view_of.h"

#include "anthropic/v1/request.pb.h"
#include "anthropic/v1/response.pb.h"
#include "anthropic/v1/tokens.pb.h"
#include "portolan/v1/rerank.pb.h"
#include "portolan/v1/token_count.pb.h"

namespace portolan::guardrails {
namespace {

using google::protobuf::Message;

template <typename Type>
bool Take(Message* message, std::optional<View>* view) {
  auto* const typed = dynamic_cast<Type*>(message);
  if (typed == nullptr) return false;
  view->emplace(typed);
  return true;
}

}  // namespace

std::optional<View> ViewOf(Message* message) {
  std::optional<View> view;
  (void)(Take<v1::ChatCompletionRequest>(message, &view) || Take<v1::ChatCompletion>(message, &view) ||
         Take<v1::CompletionRequest>(message, &view) || Take<v1::Completion>(message, &view) ||
         Take<v1::EmbeddingRequest>(message, &view) || Take<v1::RerankRequest>(message, &view) ||
         Take<v1::RerankResponse>(message, &view) || Take<anthropic::v1::MessagesRequest>(message, &view) ||
         Take<anthropic::v1::MessagesResponse>(message, &view));
  return view;
}

bool SaysNothing(const Message& answer) {
  const auto* const type = answer.GetDescriptor();
  return type == v1::EmbeddingResponse::descriptor() || type == v1::TokenCount::descriptor() ||
         type == anthropic::v1::CountTokensResponse::descriptor();
}

}  // namespace portolan::guardrails
