#include "providers/dialects/google/block_writer.h"

namespace portolan::providers::gemini {
namespace {

namespace api = ::portolan::v1;

}  // namespace

void BlockWriter::Add(const ::gemini::v1::Part& part, std::string_view call_id, api::MessageDelta* delta) {
  const PartKind kind = KindOf(part);
  if (kind == PartKind::kNothing) return;
  const bool flows =
      (kind == PartKind::kText || kind == PartKind::kThought) && part.thought_signature().empty();
  if (!flows || kind != open_) {
    Close(delta);
    api::ContentBlockDelta* start = delta->add_content_blocks();
    start->set_index(index_);
    api::ContentBlock* block = start->mutable_content_block();
    FillBlock(part, call_id, block);
    open_ = kind;
    if (kind == PartKind::kCall) {
      // Arguments come as pieces of text, here as a single one; none are `{}`.
      const std::string input = block->input();
      block->set_input("{}");
      if (input != "{}") {
        api::ContentBlockDelta* step = delta->add_content_blocks();
        step->set_index(index_);
        step->mutable_delta()->set_type("input_json_delta");
        step->mutable_delta()->set_partial_json(input);
      }
    }
    if (!flows) Close(delta);
    return;
  }
  api::ContentBlockDelta* step = delta->add_content_blocks();
  step->set_index(index_);
  if (kind == PartKind::kText) {
    step->mutable_delta()->set_type("text_delta");
    step->mutable_delta()->set_text(part.text());
  } else {
    step->mutable_delta()->set_type("thinking_delta");
    step->mutable_delta()->set_thinking(part.text());
  }
}

void BlockWriter::Close(api::MessageDelta* delta) {
  if (open_ == PartKind::kNothing) return;
  open_ = PartKind::kNothing;
  api::ContentBlockDelta* stop = delta->add_content_blocks();
  stop->set_index(index_++);
  stop->set_stop(true);
}

}  // namespace portolan::providers::gemini
