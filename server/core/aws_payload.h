#pragma once

// Streams of SageMaker: what a container writes, server-sent events or a JSON object a line, cut anywhere and
// framed as AWS frames events (ResponseStream in the API reference of InvokeEndpointWithResponseStream).
// Without I/O.

#include <memory>
#include <string>
#include <string_view>

#include "server/core/stream_pipeline.h"
#include "server/http/aws_event_stream.h"

namespace portolan::core {

// Takes AWS's framing off: what comes out is server-sent events, each when it is whole. A JSON object that is
// a line becomes the data of one, and so does an exception or an error of the stream, as
// `{"error":{"message","type","code"}}`.
// Not thread-safe.
class AwsPayloadReader {
 public:
  // Appends what the messages hold that are whole with these bytes. False if the framing is broken, or a line
  // or an event is larger than any may be; that is final.
  bool Read(std::string_view bytes, std::string* out);
  // At the end of the stream: appends what has no end. False if a message was cut.
  bool Finish(std::string* out);

 private:
  enum class Content : uint8_t { kUnknown, kEvents, kLines };

  bool TakePart(std::string_view part, std::string* out);
  void TakeEvents(std::string_view part, std::string* out);
  void TakeLines(std::string_view part, std::string* out);

  http::AwsEventReader messages_;
  Content content_ = Content::kUnknown;
  std::string rest_;  // a line, or an event, that has no end yet
};

// A pipeline for such streams, whose events `inner` takes.
std::unique_ptr<StreamPipeline> UnwrapAwsPayload(std::unique_ptr<StreamPipeline> inner);

}  // namespace portolan::core
