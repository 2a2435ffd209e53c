#include "providers/dialects/google/candidate.h"

#include <utility>

#include "providers/dialects/common/json.h"
#include "providers/dialects/google/finish.h"
#include "providers/dialects/google/parts.h"

namespace portolan::providers::gemini {
namespace {

void Replace(std::string_view name, std::string json, Extras* extras) {
  for (api::Extra& extra : *extras) {
    if (extra.name() != name) continue;
    extra.set_json(std::move(json));
    return;
  }
  AddExtra(name, std::move(json), extras);
}

}  // namespace

CandidateReader::Piece CandidateReader::Take(const wire::Candidate& candidate) {
  Piece piece;
  first_call_ = calls_;
  for (const wire::Part& part : candidate.content().parts()) {
    part_begins_.push_back(text_.size());
    piece.call_ids.emplace_back();
    const PartKind kind = KindOf(part);
    // Calls and images take their signatures along.
    const bool keeps = kind != PartKind::kCall && kind != PartKind::kImage && kind != PartKind::kForeign;
    if (keeps && !part.thought_signature().empty()) {
      content_.signature = part.thought_signature();
      content_.alone = kind == PartKind::kSignature;
    }
    switch (kind) {
      case PartKind::kText:
        text_ += part.text();
        piece.text += part.text();
        break;
      case PartKind::kThought:
        piece.reasoning += part.text();
        break;
      case PartKind::kCall:
        TakeCall(part, &piece);
        break;
      case PartKind::kImage:
        piece.images.push_back(ImageJson(part, images_++));
        break;
      case PartKind::kSound:
        piece.sound = &part.inline_data();
        break;
      case PartKind::kForeign:
        content_.parts.push_back(PartJson(part));
        break;
      case PartKind::kSignature:
      case PartKind::kNothing:
        break;
    }
    piece.has_text |= part.has_text() && !part.thought();
  }
  KeepExtras(candidate);
  return piece;
}

void CandidateReader::TakeCall(const wire::Part& part, Piece* piece) {
  const wire::FunctionCall& from = part.function_call();
  api::ToolCall& call = piece->calls.emplace_back();
  call.set_id(from.id().empty() ? call_prefix_ + std::to_string(calls_) : from.id());
  call.set_type("function");
  call.mutable_function()->set_name(from.name());
  call.mutable_function()->set_arguments(from.has_args() ? from.args() : "{}");
  AddSignature(part.thought_signature(), call.mutable_extra());
  piece->call_ids.back() = call.id();
  ++calls_;
}

void CandidateReader::KeepExtras(const wire::Candidate& candidate) {
  for (const api::Extra& extra : candidate.extra()) {
    if (!IsEmptyJson(extra.json())) Replace(extra.name(), extra.json(), &extras_);
  }
  if (candidate.has_grounding_metadata() && !IsEmptyJson(candidate.grounding_metadata())) {
    grounding_ = candidate.grounding_metadata();
    Replace("groundingMetadata", grounding_, &extras_);
  }
  if (candidate.has_citation_metadata() && !IsEmptyJson(candidate.citation_metadata())) {
    citations_ = candidate.citation_metadata();
    Replace("citationMetadata", citations_, &extras_);
  }
  const std::string reason = NativeReason(candidate);
  if (reason.empty()) return;
  reason_ = reason;
  finished_ = true;
}

void CandidateReader::AddAnnotations(Annotations* to) const {
  const GroundedText grounded{text_, part_begins_};
  TranslateGrounding(grounding_, grounded, to);
  TranslateCitations(citations_, grounded, to);
}

}  // namespace portolan::providers::gemini
