#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "server/core/stream_pipeline.h"

namespace portolan::core {

// Feeds `stream` to `pipeline` in pieces of `size` bytes (0: all at once), each in memory of its own that is
// gone afterwards, and ends it. `take` gets each batch; after one that is done or in error nothing more is
// fed.
template <typename Take>
void FeedInPieces(StreamPipeline& pipeline, std::string_view stream, size_t size, Take take) {
  StreamBatch batch;
  while (!stream.empty() && !batch.done && !batch.error) {
    const std::string piece(stream.substr(0, size == 0 ? stream.size() : size));
    stream.remove_prefix(piece.size());
    batch.Clear();
    pipeline.Feed(piece, &batch);
    take(batch);
  }
  if (batch.done || batch.error) return;
  batch.Clear();
  pipeline.End(&batch);
  take(batch);
}

}  // namespace portolan::core
