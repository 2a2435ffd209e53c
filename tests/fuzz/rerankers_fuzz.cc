// Drives rerankers of all styles with JSON from outside: callers' requests, and the answers of a server that
// may be anything. The first byte chooses. Whatever comes in, what goes out is JSON.

#include <google/protobuf/message.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "portolan/v1/rerank.pb.h"
#include "providers/dialects/rerankers/rerankers.h"
#include "providers/provider.h"
#include "rerankers/v1/rerank.pb.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
namespace wire = rerankers::v1;
using google::protobuf::Message;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::Form;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      api::RerankRequest::descriptor(),     api::RerankResponse::descriptor(),
      wire::ListRequest::descriptor(),      wire::ListAnswer::descriptor(),
      wire::ScoreRequest::descriptor(),     wire::ScoreAnswer::descriptor(),
      wire::RankRequest::descriptor(),      wire::RankAnswer::descriptor(),
      wire::EnvelopedRequest::descriptor(), wire::EnvelopedAnswer::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Dialect& dialect = portolan::providers::RerankersDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

void Request(const Form& form, std::string_view text, const CallFacts& facts) {
  api::RerankRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  const std::unique_ptr<Message> wire(form.request->New());
  portolan::providers::DroppedMembers dropped;
  const auto error = form.mapping->RequestToWire(hub, facts, wire.get(), &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty() && !error->param.empty());
    return;
  }
  TheWorld().CheckEncodes(*wire, codec::Strictness::kRequest);
}

void Answer(const Form& form, std::string_view text, const CallFacts& facts) {
  const std::unique_ptr<Message> wire(form.answer->New());
  api::RerankResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, wire.get())) return;
  const auto error = form.mapping->AnswerToHub(*wire, facts, &hub);
  if (error) {
    Check(error->http_status == 502 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(hub.has_model());
}

void ReadError(std::string_view text) {
  const portolan::providers::Provider provider{.name = "voyage", .dialect = &TheWorld().dialect};
  portolan::providers::Target target;
  target.provider = &provider;
  const auto error = TheWorld().dialect.ReadError(500, {}, text, target);
  Check(!error.code.empty() && !error.message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::span<const Form> forms = TheWorld().dialect.forms();
  const Form& form = forms[(data[0] & 15) % forms.size()];
  CallFacts facts;
  facts.operation = portolan::providers::operation::kRerank;
  facts.model = "org/m_1";
  switch (data[0] >> 4) {
    case 0:
      Request(form, text, facts);
      break;
    case 1:
      Answer(form, text, facts);
      break;
    default:
      ReadError(text);
      break;
  }
  return 0;
}
