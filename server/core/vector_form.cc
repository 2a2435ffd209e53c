#include "server/core/vector_form.h"

#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "portolan/v1/embedding.pb.h"
#include "providers/dialects/common/base64.h"
#include "providers/dialects/common/embedding.h"
#include "server/codec/json_reader.h"

namespace portolan::core {
namespace {

using google::protobuf::Message;

enum class VectorForm : uint8_t { kNumbers, kBase64, kOther };

// Members of some servers that name a type of number, or an encoding, of their own: what is a text then need
// not stand for floats.
constexpr std::array<std::string_view, 5> kTypeMembers = {"embedding_type", "embedding_types", "embed_dtype",
                                                          "output_dtype", "endianness"};

bool AnswersWithVectors(const CallState& call) {
  return call.operation.response_type == &v1::EmbeddingResponse::default_instance();
}

VectorForm Named(std::string_view format) {
  if (format.empty() || format == "float") return VectorForm::kNumbers;
  return format == "base64" ? VectorForm::kBase64 : VectorForm::kOther;
}

// By the caller, whatever the route makes of it for the provider.
VectorForm AskedFor(const CallState& call) {
  if (const Message* const message = call.payload.message()) {
    return Named(static_cast<const v1::EmbeddingRequest*>(message)->encoding_format());
  }
  static const auto* const field =
      v1::EmbeddingRequest::descriptor()->FindFieldByNumber(v1::EmbeddingRequest::kEncodingFormatFieldNumber);
  const std::string_view raw = call.payload.RawMember(field).value_or("null");
  if (raw == "null") return VectorForm::kNumbers;
  return raw.starts_with('"') ? Named(raw.substr(1, raw.size() - 2)) : VectorForm::kOther;
}

// The byte that comes next but for blanks; 0: the text ends. *rest begins with it.
char Next(std::string_view* rest) {
  rest->remove_prefix(std::min(rest->find_first_not_of(" \t\r\n"), rest->size()));
  return rest->empty() ? '\0' : rest->front();
}

// The text from the value of the first member `embedding` on; empty: there is none.
std::string_view FirstVector(std::string_view json) {
  constexpr std::string_view kName = R"("embedding")";
  while (const void* const found = memmem(json.data(), json.size(), kName.data(), kName.size())) {
    json.remove_prefix(static_cast<size_t>(static_cast<const char*>(found) - json.data()) + kName.size());
    // Else it is no name but a value: what `object` is.
    if (Next(&json) != ':') continue;
    json.remove_prefix(1);
    Next(&json);
    return json;
  }
  return {};
}

// Of a vector, by how it begins. A hint: whoever writes the answer anew looks at each.
VectorForm FormOfVector(std::string_view vector) {
  if (vector.starts_with('"')) return VectorForm::kBase64;
  if (!vector.starts_with('[')) return VectorForm::kOther;
  vector.remove_prefix(1);
  const char first = Next(&vector);
  return first == '-' || (first >= '0' && first <= '9') ? VectorForm::kNumbers : VectorForm::kOther;
}

// The caller's request, if a text in the answer to it can only stand for floats; else nullptr.
const v1::EmbeddingRequest* PlainRequest(CallState& call) {
  const Message* message = nullptr;
  if (call.payload.unfit() != nullptr || call.payload.ToMessage({}, &message)) return nullptr;
  const auto* const request = static_cast<const v1::EmbeddingRequest*>(message);
  const bool names_type =
      std::any_of(request->extra().begin(), request->extra().end(), [](const v1::Extra& extra) {
        return std::find(kTypeMembers.begin(), kTypeMembers.end(), extra.name()) != kTypeMembers.end();
      });
  return names_type ? nullptr : request;
}

// Whether `vector`, with which a text begins, stands for floats.
bool HoldsFloats(CallState& call, std::string_view vector) {
  const v1::EmbeddingRequest* const request = PlainRequest(call);
  if (request == nullptr) return false;
  codec::JsonReader reader(vector);
  std::string_view text;
  std::string scratch;
  std::vector<double> values;
  if (!reader.ReadString(&text, &scratch) || !providers::ReadBase64Floats(text, &values)) return false;
  return !request->has_dimensions() || static_cast<int64_t>(values.size()) == request->dimensions();
}

}  // namespace

bool HasOtherVectors(CallState& call, std::string_view body) {
  if (!AnswersWithVectors(call)) return false;
  const std::string_view vector = FirstVector(body);
  const VectorForm found = FormOfVector(vector);
  const VectorForm asked = AskedFor(call);
  if (found == VectorForm::kNumbers) return asked == VectorForm::kBase64;
  return found == VectorForm::kBase64 && asked == VectorForm::kNumbers && HoldsFloats(call, vector);
}

void WriteVectorsAsAsked(CallState& call, Message* answer) {
  if (!AnswersWithVectors(call)) return;
  auto* const vectors = static_cast<v1::EmbeddingResponse*>(answer);
  const VectorForm asked = AskedFor(call);
  if (asked == VectorForm::kBase64) {
    providers::WriteInBase64(vectors);
  } else if (asked == VectorForm::kNumbers) {
    if (const auto* const request = PlainRequest(call))
      providers::WriteAsNumbers(request->dimensions(), vectors);
  }
}

}  // namespace portolan::core
