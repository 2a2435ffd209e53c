#pragma once

// What the codec's tests share: compiled plans of the test messages, and short ways to decode and encode.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "server/codec/codec.h"
#include "tests/support/reflection_encoder.h"
#include "tests/unit/codec/camel.pb.h"
#include "tests/unit/codec/test.pb.h"

namespace portolan::codec::test {

namespace pb = google::protobuf;

inline std::unique_ptr<Codec> CompileAll() {
  const std::vector<const google::protobuf::Descriptor*> roots = {
      Chat::descriptor(), Everything::descriptor(), Camel::descriptor(), Input::descriptor(),
      Matrix::descriptor()};
  auto codec = Codec::Compile(roots);
  EXPECT_TRUE(codec.ok()) << codec.status();
  return codec.ok() ? std::move(*codec) : nullptr;
}

class CodecTest : public testing::Test {
 protected:
  const MessagePlan& Plan(const google::protobuf::Descriptor* type) const { return *codec_->Find(type); }

  // What encoding gives of what decoding gave; `error: path: problem` if the text was refused. Checks on the
  // way that checking alone comes to the same verdict, and decoding by way of the wire format to the same
  // message.
  template <typename M>
  std::string RoundTrip(std::string_view json, Strictness strictness = Strictness::kRequest,
                        const EncodeOptions& encode = {}) const {
    const MessagePlan& plan = Plan(M::descriptor());
    DecodeOptions options;
    options.strictness = strictness;
    M message;
    DecodeError error;
    DecodeError check_error;
    const bool good = Decode(plan, json, options, &message, &error);
    const bool check_good = Decode(plan, json, options, nullptr, &check_error);
    EXPECT_EQ(good, check_good) << json << '\n' << error.ToString() << '\n' << check_error.ToString();
    if (!good) {
      EXPECT_EQ(error.ToString(), check_error.ToString()) << json;
      EXPECT_EQ(error.offset, check_error.offset) << json;
      return "error: " + error.ToString();
    }
    std::string wire;
    M by_wire;
    EXPECT_TRUE(DecodeToWire(plan, json, options, &wire, &error) && ParseWire(wire, &by_wire, &error))
        << json;
    EXPECT_EQ(message.SerializeAsString(), by_wire.SerializeAsString()) << json;
    EXPECT_TRUE(CheckVerbatim(plan, message, options, &error)) << json << '\n' << error.ToString();
    std::string out;
    Encode(plan, message, encode, &out);
    std::string by_reflection;
    EncodeByReflection(plan, message, encode, &by_reflection);
    EXPECT_EQ(out, by_reflection);
    return out;
  }

  template <typename M>
  std::string Answer(std::string_view json) const {
    return RoundTrip<M>(json, Strictness::kResponse);
  }

  std::unique_ptr<Codec> codec_ = CompileAll();
};

}  // namespace portolan::codec::test
