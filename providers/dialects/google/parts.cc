#include "providers/dialects/google/parts.h"

#include "providers/dialects/common/json.h"
#include "providers/dialects/google/signature.h"

namespace portolan::providers::gemini {
namespace {

namespace api = ::portolan::v1;
namespace wire = ::gemini::v1;

Extras FileMembers(const wire::FileData& file) {
  Extras members = file.extra();
  if (file.has_mime_type()) AddExtra("mimeType", JsonString(file.mime_type()), &members);
  if (file.has_file_uri()) AddExtra("fileUri", JsonString(file.file_uri()), &members);
  return members;
}

Extras BlobMembers(const wire::Blob& blob) {
  Extras members = blob.extra();
  if (blob.has_mime_type()) AddExtra("mimeType", JsonString(blob.mime_type()), &members);
  if (blob.has_data()) AddExtra("data", JsonString(blob.data()), &members);
  return members;
}

Extras ResponseMembers(const wire::FunctionResponse& response) {
  Extras members = response.extra();
  if (response.has_id()) AddExtra("id", JsonString(response.id()), &members);
  if (response.has_name()) AddExtra("name", JsonString(response.name()), &members);
  if (response.has_response()) AddExtra("response", response.response(), &members);
  return members;
}

std::string ObjectOf(const Extras& members) {
  std::string json = "{";
  for (const api::Extra& member : members) {
    if (json.size() > 1) json += ',';
    json += JsonString(member.name()) + ":" + member.json();
  }
  return json += '}';
}

// The members of a part that is no call.
Extras MembersOf(const wire::Part& part) {
  Extras members = part.extra();
  if (part.has_text()) AddExtra("text", JsonString(part.text()), &members);
  if (part.has_thought()) AddExtra("thought", part.thought() ? "true" : "false", &members);
  if (part.has_inline_data()) AddExtra("inlineData", ObjectOf(BlobMembers(part.inline_data())), &members);
  if (part.has_file_data()) AddExtra("fileData", ObjectOf(FileMembers(part.file_data())), &members);
  if (part.has_function_response()) {
    AddExtra("functionResponse", ObjectOf(ResponseMembers(part.function_response())), &members);
  }
  if (part.has_thought_signature()) {
    AddExtra("thoughtSignature", JsonString(part.thought_signature()), &members);
  }
  return members;
}

}  // namespace

PartKind KindOf(const wire::Part& part) {
  if (part.has_function_call()) return PartKind::kCall;
  if (part.has_inline_data()) {
    if (part.inline_data().mime_type().starts_with("image/")) return PartKind::kImage;
    if (part.inline_data().mime_type().starts_with("audio/")) return PartKind::kSound;
    return PartKind::kForeign;
  }
  if (part.has_file_data() || part.has_function_response()) return PartKind::kForeign;
  if (!part.text().empty()) return part.thought() ? PartKind::kThought : PartKind::kText;
  if (!part.has_text() && !part.extra().empty()) return PartKind::kForeign;
  return part.thought_signature().empty() ? PartKind::kNothing : PartKind::kSignature;
}

std::string PartJson(const wire::Part& part) { return ObjectOf(MembersOf(part)); }

void FillBlock(const wire::Part& part, std::string_view call_id, api::ContentBlock* block) {
  switch (KindOf(part)) {
    case PartKind::kText:
      block->set_type("text");
      block->set_text(part.text());
      break;
    case PartKind::kThought:
      block->set_type("thinking");
      block->set_thinking(part.text());
      break;
    case PartKind::kCall:
      block->set_type("tool_use");
      block->set_id(std::string(call_id));
      block->set_name(part.function_call().name());
      block->set_input(part.function_call().has_args() ? part.function_call().args() : "{}");
      break;
    case PartKind::kImage: {
      block->set_type("image");
      api::MediaSource* source = block->mutable_source()->mutable_media();
      source->set_type("base64");
      source->set_media_type(part.inline_data().mime_type());
      source->set_data(part.inline_data().data());
      break;
    }
    case PartKind::kSound:
    case PartKind::kSignature:
    case PartKind::kNothing:
    case PartKind::kForeign:
      block->set_type("google_part");
      AddExtra("part", PartJson(part), block->mutable_extra());
      return;
  }
  AddSignature(part.thought_signature(), block->mutable_extra());
}

std::string ImageJson(const wire::Part& part, int index) {
  const std::string url = "data:" + part.inline_data().mime_type() + ";base64," + part.inline_data().data();
  Extras members;
  AddExtra("index", std::to_string(index), &members);
  AddExtra("type", "\"image_url\"", &members);
  AddExtra("image_url", JsonObjectOfText("url", url), &members);
  AddSignature(part.thought_signature(), &members);
  return ObjectOf(members);
}

}  // namespace portolan::providers::gemini
