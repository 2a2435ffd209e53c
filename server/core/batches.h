#pragma once

// Embeddings of more texts than the provider takes at once: several requests, one answer. Internal to core/.

#include <cstddef>

#include "portolan/v1/embedding.pb.h"
#include "server/core/call_state.h"

namespace portolan::core {

// How many requests a call may come to, one after the other.
inline constexpr size_t kMaxBatches = 100;

// The answers so far to the parts of one request.
class JoinedEmbeddings {
 public:
  // How many texts the next part has.
  void Expect(size_t texts) { expected_ = texts; }
  // Adds the answer to it, its vectors in the order of the texts. An error if it has not a vector for each.
  std::optional<Error> Take(const ::portolan::v1::EmbeddingResponse& answer);
  const ::portolan::v1::EmbeddingResponse& answer() const { return answer_; }

 private:
  ::portolan::v1::EmbeddingResponse answer_;
  size_t expected_ = 0;
};

// Whether the request has more texts than the target's form takes (Form::max_inputs), but no more than
// kMaxBatches requests hold.
bool NeedsBatches(const CallState& call, const google::protobuf::Message& hub_request);

// An attempt whose request is sent in parts. The first part that fails ends it; what came before is not given
// to the caller.
net::Task<Attempted> AttemptInBatches(CallState& call, upstream::UrlCache& urls,
                                      const google::protobuf::Message& hub_request);

}  // namespace portolan::core
