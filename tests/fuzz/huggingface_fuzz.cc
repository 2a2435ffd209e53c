// Drives the adapter of Hugging Face's embeddings with JSON from outside: callers' requests, and the answers
// of a server that may be anything. The first byte chooses. Whatever comes in, what goes out is JSON.

#include <google/protobuf/message.h>

#include <cstdint>
#include <span>
#include <string_view>

#include "huggingface/v1/feature_extraction.pb.h"
#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/huggingface/huggingface.h"
#include "providers/provider.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
namespace wire = huggingface::v1;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {
      api::EmbeddingRequest::descriptor(), api::EmbeddingResponse::descriptor(),
      wire::FeatureExtractionRequest::descriptor(), wire::FeatureExtractionResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Form& Form() const {
    return *dialect.Find(portolan::providers::operation::kEmbedding);
  }

  const portolan::providers::Dialect& dialect = portolan::providers::HuggingFaceDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

void Request(std::string_view text, const CallFacts& facts) {
  api::EmbeddingRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  wire::FeatureExtractionRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = TheWorld().Form().mapping->RequestToWire(hub, facts, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
  const auto most = static_cast<int>(TheWorld().Form().max_inputs);
  Check(wire.inputs_size() > 0 && wire.inputs_size() <= most);
}

// Vectors are in the order of their texts, and none is empty.
void CheckVectors(const api::EmbeddingResponse& answer, bool base64) {
  Check(answer.data_size() > 0);
  for (int i = 0; i < answer.data_size(); ++i) {
    Check(answer.data(i).index() == i);
    const auto& vector = answer.data(i).embedding();
    Check(base64 ? !vector.base64().empty() : vector.floats().values_size() > 0);
  }
}

void Answer(std::string_view text, const CallFacts& facts) {
  wire::FeatureExtractionResponse wire;
  api::EmbeddingResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  const auto error = TheWorld().Form().mapping->AnswerToHub(wire, facts, &hub);
  if (error) {
    Check(error->http_status == 502 && !error->message.empty());
  } else {
    TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
    CheckVectors(hub, facts.base64);
  }
}

void ReadError(std::string_view text) {
  const portolan::providers::Provider provider{.name = "huggingface", .dialect = &TheWorld().dialect};
  portolan::providers::Target target;
  target.provider = &provider;
  const auto error = TheWorld().dialect.ReadError(500, {}, text, target);
  Check(!error.code.empty() && !error.message.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.model = "intfloat/multilingual-e5-large";
  facts.base64 = (data[0] & 16) != 0;
  switch (data[0] & 3) {
    case 0:
      Request(text, facts);
      break;
    case 1:
      Answer(text, facts);
      break;
    default:
      ReadError(text);
      break;
  }
  return 0;
}
