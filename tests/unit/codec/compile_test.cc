#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "server/codec/codec.h"
#include "tests/unit/codec/test.pb.h"
#include "tests/unit/codec/wrong.pb.h"

namespace portolan::codec::test {
namespace {

TEST(CompileTest, ContradictionsAreRefusedByName) {
  const std::vector<std::pair<const google::protobuf::Descriptor*, const char*>> cases = {
      {NoSink::descriptor(), "NoSink: an object message needs a sink"},
      {NotOptional::descriptor(), "NotOptional.a: must be optional"},
      {HasMap::descriptor(), "HasMap.a: a map loses the order"},
      {TwoSinks::descriptor(), "TwoSinks.more: a second sink"},
      {WrongSink::descriptor(), "WrongSink.extra: a sink is a repeated message"},
      {RawNumber::descriptor(), "RawNumber.a: raw_json is for strings"},
      {WrongEntry::descriptor(), "WrongEntry.a: as_object is for"},
      {SameName::descriptor(), "SameName.b: another field has the same JSON name"},
      {TwoNumbers::descriptor(), "TwoNumbers.b: another arm"},
      {TwoStringArrays::descriptor(), "TwoStringArrays.b: another arm"},
      {UnionInUnion::descriptor(), "UnionInUnion.a: a union's arm is"},
      {UnionWithMore::descriptor(), "UnionWithMore: a union has exactly one oneof"},
      {InlineOfTwo::descriptor(), "InlineOfTwo: an inline message has exactly one field"},
      {InlineSingle::descriptor(), "InlineSingle: an inline message has exactly one field"},
      {NestedInstruction::descriptor(), "InstructionInside.a: gateway_only is for members of the outermost"},
      {HasUnspelt::descriptor(), "UNSPELT_ONE: has no spelling"},
  };
  for (const auto& [type, expected] : cases) {
    const std::vector<const google::protobuf::Descriptor*> roots = {type};
    const auto codec = Codec::Compile(roots);
    ASSERT_FALSE(codec.ok()) << type->name();
    EXPECT_THAT(std::string(codec.status().message()), testing::HasSubstr(expected));
  }
}

TEST(CompileTest, EveryTypeThatIsReachedHasAPlan) {
  const std::vector<const google::protobuf::Descriptor*> roots = {Chat::descriptor()};
  const auto codec = Codec::Compile(roots);
  ASSERT_TRUE(codec.ok()) << codec.status();
  EXPECT_NE((*codec)->Find(Image::descriptor()), nullptr);
  EXPECT_NE((*codec)->Find(Content::descriptor()), nullptr);
  EXPECT_EQ((*codec)->Find(Everything::descriptor()), nullptr);
}

}  // namespace
}  // namespace portolan::codec::test
