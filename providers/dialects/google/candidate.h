#pragma once

// Reads one candidate, whole or piece by piece.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gemini/v1/response.pb.h"
#include "portolan/v1/chat_completion.pb.h"
#include "providers/dialects/common/json.h"
#include "providers/dialects/google/grounding.h"
#include "providers/dialects/google/signature.h"

namespace portolan::providers::gemini {

namespace api = ::portolan::v1;
namespace wire = ::gemini::v1;

class CandidateReader {
 public:
  // `call_prefix`: what the ids of calls begin with that Google gave none.
  explicit CandidateReader(std::string call_prefix) : call_prefix_(std::move(call_prefix)) {}

  // What a piece adds.
  struct Piece {
    std::string text;
    std::string reasoning;
    std::vector<api::ToolCall> calls;
    std::vector<std::string> images;    // each one JSON object
    std::vector<std::string> call_ids;  // for each part; empty where it is no call
    const wire::Blob* sound = nullptr;  // the last one; points into the candidate
    bool has_text = false;

    bool empty() const {
      return text.empty() && reasoning.empty() && calls.empty() && images.empty() && sound == nullptr;
    }
  };
  Piece Take(const wire::Candidate& candidate);

  // What is known when all pieces have been taken.
  void AddAnnotations(Annotations* to) const;
  // `extra_content`, with the signature of the text and what there is of Google's own tools: once, as SDKs
  // that put a stream together join texts or keep the last one.
  const GoogleContent& content() const { return content_; }
  // Members that the hub has no place for, in Google's words.
  const Extras& extras() const { return extras_; }
  std::string_view reason() const { return reason_; }  // Google's word
  bool finished() const { return finished_; }
  bool has_calls() const { return calls_ > 0; }
  int32_t first_call() const { return first_call_; }  // the number of the last piece's first call

 private:
  void TakeCall(const wire::Part& part, Piece* piece);
  void KeepExtras(const wire::Candidate& candidate);

  std::string call_prefix_;
  std::string text_;  // the annotations count its characters
  std::vector<size_t> part_begins_;
  GoogleContent content_;
  std::string grounding_;
  std::string citations_;
  std::string reason_;
  Extras extras_;
  int32_t calls_ = 0;
  int32_t first_call_ = 0;
  int images_ = 0;
  bool finished_ = false;
};

}  // namespace portolan::providers::gemini
