#include "server/http/body_framer.h"

#include <gtest/gtest.h>

namespace portolan::http {
namespace {

using State = BodyFramer::State;

ResponseHead Head(BodyFraming framing, uint64_t length = 0) {
  ResponseHead head;
  head.status = 200;
  head.framing = framing;
  head.content_length = length;
  return head;
}

struct Read {
  std::string body;
  State state = State::kMore;
  bool excess = false;
};

// Feeds `wire` in pieces of `size` bytes.
Read Feed(const ResponseHead& head, const std::string& wire, size_t size) {
  BodyFramer framer;
  framer.Start(head.framing, head.content_length);
  Read read;
  for (size_t at = 0; at < wire.size(); at += size) {
    std::string piece = wire.substr(at, size);
    std::string_view data;
    framer.Take(piece, &data);
    read.body += data;
  }
  read.state = framer.state();
  read.excess = !framer.excess().empty();
  return read;
}

TEST(BodyFramer, EndsByLengthWhereverItIsCut) {
  for (size_t size = 1; size <= 12; ++size) {
    const Read read = Feed(Head(BodyFraming::kLength, 10), "0123456789", size);
    EXPECT_EQ(read.body, "0123456789");
    EXPECT_EQ(read.state, State::kComplete);
    EXPECT_FALSE(read.excess);
    EXPECT_EQ(Feed(Head(BodyFraming::kLength, 10), "012345678", size).state, State::kMore);
    const Read more = Feed(Head(BodyFraming::kLength, 10), "0123456789X", size);
    EXPECT_EQ(more.body, "0123456789");
    EXPECT_TRUE(more.excess);
  }
}

TEST(BodyFramer, JoinsChunksWhereverTheyAreCut) {
  const std::string wire = "4\r\nWiki\r\n5;x=y\r\npedia\r\nE\r\n in\r\n\r\nchunks.\r\n0\r\nT: v\r\n\r\n";
  const std::string body = "Wikipedia in\r\n\r\nchunks.";
  for (size_t size = 1; size <= wire.size() + 1; ++size) {
    const Read read = Feed(Head(BodyFraming::kChunked), wire, size);
    EXPECT_EQ(read.body, body) << size;
    EXPECT_EQ(read.state, State::kComplete) << size;
    EXPECT_FALSE(read.excess);
    EXPECT_TRUE(Feed(Head(BodyFraming::kChunked), wire + "H", size).excess);
  }
  for (size_t cut = 0; cut < wire.size(); ++cut) {
    const Read read = Feed(Head(BodyFraming::kChunked), wire.substr(0, cut), 1000);
    EXPECT_EQ(read.state, State::kMore) << cut;
    EXPECT_TRUE(body.starts_with(read.body)) << cut;
  }
}

TEST(BodyFramer, GivesOneChunkWithoutMovingIt) {
  BodyFramer framer;
  framer.Start(BodyFraming::kChunked, 0);
  std::string wire = "3\r\nabc\r\n";
  std::string_view data;
  EXPECT_EQ(framer.Take(wire, &data), State::kMore);
  EXPECT_EQ(data.data(), wire.data() + 3);
}

TEST(BodyFramer, RefusesBadChunks) {
  for (const char* wire : {"x\r\n", "3\r\nabcd\r\n", "-1\r\n", "3\nabc", "fffffffffffffffff\r\n"}) {
    EXPECT_EQ(Feed(Head(BodyFraming::kChunked), wire, 1000).state, State::kBad) << wire;
  }
}

TEST(BodyFramer, TakesTheEndOfTheConnectionOnlyWhereItIsTheEnd) {
  for (const auto& [framing, state] :
       {std::pair(BodyFraming::kUntilClose, State::kComplete), std::pair(BodyFraming::kLength, State::kMore),
        std::pair(BodyFraming::kChunked, State::kMore)}) {
    BodyFramer framer;
    framer.Start(framing, 5);
    EXPECT_EQ(framer.TakeEof(), state);
  }
}

TEST(BodyFramer, HasNoBodyWhereThereIsNone) {
  const Read read = Feed(Head(BodyFraming::kNone), "x", 1);
  EXPECT_EQ(read.body, "");
  EXPECT_EQ(read.state, State::kComplete);
  EXPECT_TRUE(read.excess);
}

}  // namespace
}  // namespace portolan::http
