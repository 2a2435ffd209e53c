// Drives the adapter of Perplexity's embeddings with JSON from outside: callers' requests, and the answers of
// a server that may be anything; and what reads vectors of floats in base64. The first byte chooses. Whatever
// comes in, what goes out is JSON.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/common/base64.h"
#include "providers/dialects/common/embedding.h"
#include "providers/dialects/perplexity/perplexity.h"
#include "tests/fuzz/dialect_fuzz.h"

namespace {

namespace api = portolan::v1;
namespace codec = portolan::codec;
using portolan::fuzz::Check;
using portolan::fuzz::JsonMessages;
using portolan::providers::CallFacts;
using portolan::providers::Form;

std::span<const google::protobuf::Descriptor* const> Roots() {
  static const google::protobuf::Descriptor* const roots[] = {api::EmbeddingRequest::descriptor(),
                                                              api::EmbeddingResponse::descriptor()};
  return roots;
}

struct World : JsonMessages {
  World() : JsonMessages(Roots()) {}

  const portolan::providers::Dialect& dialect = portolan::providers::PerplexityDialect();
};

const World& TheWorld() {
  static const World* const world = new World;
  return *world;
}

// Only encodings of OpenAI's are asked for as int8.
void Request(std::string_view text, const Form& form, const CallFacts& facts) {
  api::EmbeddingRequest hub;
  if (!TheWorld().Decode(text, codec::Strictness::kRequest, &hub)) return;
  api::EmbeddingRequest wire;
  portolan::providers::DroppedMembers dropped;
  const auto error = form.mapping->RequestToWire(hub, facts, &wire, &dropped);
  if (error) {
    Check(error->http_status == 400 && (error->param == "input" || error->param == "encoding_format"));
    return;
  }
  TheWorld().CheckEncodes(wire, codec::Strictness::kRequest);
  Check(form.style.empty() ? wire.encoding_format() == "base64_int8"
                           : wire.encoding_format() == hub.encoding_format());
}

void Answer(std::string_view text, const Form& form, const CallFacts& facts) {
  api::EmbeddingResponse wire;
  api::EmbeddingResponse hub;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &wire)) return;
  if (const auto error = form.mapping->AnswerToHub(wire, facts, &hub)) {
    Check(error->http_status == 502 && !error->message.empty());
    return;
  }
  TheWorld().CheckEncodes(hub, codec::Strictness::kResponse);
  Check(hub.data_size() > 0);
  if (!form.style.empty()) return;
  for (const api::Embedding& one : hub.data()) {
    Check(facts.base64 ? !one.embedding().base64().empty() : one.embedding().floats().values_size() > 0);
  }
}

// What is read as floats is the same once it was written and read again.
void Floats(std::string_view text) {
  std::vector<double> values;
  if (!portolan::providers::ReadBase64Floats(text, &values)) return;
  std::vector<double> again;
  Check(portolan::providers::ReadBase64Floats(portolan::providers::Base64Floats(values), &again));
  Check(!values.empty() && values == again);
}

void Vectors(std::string_view text, bool base64) {
  api::EmbeddingResponse answer;
  if (!TheWorld().Decode(text, codec::Strictness::kResponse, &answer)) return;
  if (base64) {
    portolan::providers::WriteInBase64(&answer);
  } else {
    portolan::providers::WriteAsNumbers(0, &answer);
  }
  TheWorld().CheckEncodes(answer, codec::Strictness::kResponse);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  CallFacts facts;
  facts.base64 = (data[0] & 16) != 0;
  const std::span<const Form> forms = TheWorld().dialect.forms();
  const Form& form = forms[(data[0] & 4) != 0 ? 1 : 0];
  switch (data[0] & 3) {
    case 0:
      Request(text, form, facts);
      break;
    case 1:
      Answer(text, form, facts);
      break;
    case 2:
      Floats(text);
      break;
    default:
      Vectors(text, facts.base64);
      break;
  }
  return 0;
}
