// What Encode's options do, what CheckVerbatim refuses, and protobuf's own JSON as the oracle of the common
// subset.

#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/util/json_util.h"
#include "tests/unit/codec/fixture.h"

namespace portolan::codec::test {
namespace {

using EncodeTest = CodecTest;

template <typename M>
std::string BothWays(const MessagePlan& plan, const M& message, const EncodeOptions& options) {
  std::string encoded;
  Encode(plan, message, options, &encoded);
  std::string by_reflection;
  EncodeByReflection(plan, message, options, &by_reflection);
  EXPECT_EQ(encoded, by_reflection);
  return encoded;
}

TEST_F(EncodeTest, InstructionsToTheGatewayStayHere) {
  const EncodeOptions upstream{.composed = false, .for_upstream = true};
  EXPECT_EQ(
      RoundTrip<Chat>(R"({"portolan":{"provider":"p"},"model":"m","new":1})", Strictness::kRequest, upstream),
      R"({"model":"m","new":1})");
  EXPECT_EQ(RoundTrip<Chat>(R"({"portolan":null,"new":1})", Strictness::kRequest, upstream), R"({"new":1})");
  EXPECT_EQ(RoundTrip<Chat>(R"({"portolan":5,"new":1})", Strictness::kResponse, upstream), R"({"new":1})");
  EXPECT_EQ(RoundTrip<Chat>(R"({"portolan":null})"), R"({"portolan":null})");
}

TEST_F(EncodeTest, NullsAreEmittedOnlyInWhatIsComposed) {
  const EncodeOptions composed{.composed = true, .for_upstream = false};
  EXPECT_EQ(RoundTrip<Everything>("{}"), "{}");
  EXPECT_EQ(RoundTrip<Everything>("{}", Strictness::kRequest, composed),
            R"({"nullable":null,"nullable_list":null})");
  EXPECT_EQ(RoundTrip<Everything>(R"({"nullable":"x","nullable_list":[]})", Strictness::kRequest, composed),
            R"({"nullable":"x","nullable_list":[]})");
}

// RFC 8259, section 8.2: such text is unpredictable to its receivers.
TEST_F(EncodeTest, LoneSurrogatesOfVerbatimTextAreReplacedOnlyIfAsked) {
  const EncodeOptions replaced{.replace_surrogates = true};
  const std::string odd =
      R"({"a_raw":{"\ud800":"\\ud800\uD83d","a":["\ud83d\ude00\ude00","\ud83d\ud83d\ude00","\u00e9"]},"new":"x\udfff"})";
  EXPECT_EQ(RoundTrip<Everything>(odd), odd);
  EXPECT_EQ(
      RoundTrip<Everything>(odd, Strictness::kRequest, replaced),
      R"({"a_raw":{"\ufffd":"\\ud800\ufffd","a":["\ud83d\ude00\ufffd","\ufffd\ud83d\ude00","\u00e9"]},"new":"x\ufffd"})");
  EXPECT_EQ(
      RoundTrip<Everything>(R"({"a_raw":"\n\ud83d","a_string":"\ud83d"})", Strictness::kRequest, replaced),
      "{\"a_string\":\"\uFFFD\",\"a_raw\":\"\\n\\ufffd\"}");
}

TEST_F(EncodeTest, StringsOfEveryLengthAreEscapedAtEveryPlace) {
  for (size_t size = 0; size < 40; ++size) {
    for (size_t at = 0; at <= size; ++at) {
      for (const std::string_view odd : {"\"", "\\", "\x01", "\x1f", "\x7f", "\xc3\xa9", "\"\\\n"}) {
        Chat message;
        message.set_model(std::string(at, 'a').append(odd).append(size - at, 'b'));
        const std::string json = BothWays(Plan(Chat::descriptor()), message, {});
        EXPECT_EQ(nlohmann::json::parse(json)["model"], message.model()) << json;
      }
    }
  }
}

// A caller at the gRPC door may send the number of a field with another wire type. Nothing checks what it
// puts there, which must not come out as JSON.
TEST_F(EncodeTest, AKnownNumberWithAnotherWireTypeIsNoField) {
  constexpr char kInjected[] =
      "\x14"
      R"({},"model":"injected")";
  for (const pb::Descriptor* type : {Everything::descriptor(), Chat::descriptor(), Input::descriptor(),
                                     Strings::descriptor(), Text::descriptor(), Extra::descriptor()}) {
    for (int number = 1; number <= 63; ++number) {
      const std::unique_ptr<pb::Message> message(
          pb::MessageFactory::generated_factory()->GetPrototype(type)->New());
      pb::UnknownFieldSet unknown;
      unknown.AddVarint(number, 3);
      unknown.AddFixed64(number, 0x2c7d7b7d2c7d7b03);
      unknown.AddFixed32(number, 0x7d7b2c03);
      unknown.AddGroup(number)->AddLengthDelimited(number, kInjected);
      // What has the field's own wire type is the field.
      std::string bytes;
      ASSERT_TRUE(unknown.SerializeToString(&bytes));
      ASSERT_TRUE(message->ParseFromString(bytes));
      const MessagePlan* plan = codec_->Find(type);
      if (plan != nullptr) BothWays(*plan, *message, {});
    }
  }
  Everything message;
  message.set_a_string("kept");
  pb::UnknownFieldSet* unknown = message.GetReflection()->MutableUnknownFields(&message);
  unknown->AddFixed64(Everything::kARawFieldNumber, 0x2c7d7b7d2c7d7b03);
  unknown->AddVarint(Everything::kExtraFieldNumber, 7);
  unknown->AddVarint(Everything::kAMessageFieldNumber, 7);
  EXPECT_EQ(BothWays(Plan(Everything::descriptor()), message, {}), R"({"a_string":"kept"})");
}

TEST_F(EncodeTest, TheTwoWaysAgreeOnWhatDecodingNeverBuilds) {
  Everything message;
  message.add_text_of();
  message.add_raw_of();
  message.add_message_of();
  message.mutable_a_union();
  message.mutable_an_inline();
  message.set_a_level(static_cast<Level>(99));
  message.set_a_double(std::numeric_limits<double>::infinity());
  message.set_an_int32(-1);
  EXPECT_EQ(
      nlohmann::json::parse(BothWays(Plan(Everything::descriptor()),
                                     [&] {
                                       Everything copy = message;
                                       copy.clear_raw_of();
                                       return copy;
                                     }(),
                                     {})),
      nlohmann::json::parse(R"({"an_int32":-1,"a_double":null,"a_level":null,"a_union":null,"an_inline":[],
                                      "text_of":{"":""},"message_of":{"":null}})"));
}

TEST_F(EncodeTest, CommonSubsetIsWhatProtobufWrites) {
  Everything message;
  message.set_a_bool(true);
  message.set_an_int32(std::numeric_limits<int32_t>::min());
  message.set_a_uint32(std::numeric_limits<uint32_t>::max());
  message.set_a_float(0.1F);
  message.set_a_double(1e-300);
  std::string text;
  for (char c = 1; c < 127; ++c) text.push_back(c);
  message.set_a_string(text + "\u00e9\u2028\U0001F600");
  message.set_a_bytes(std::string("\0\xff\x10", 3));
  message.mutable_a_duration()->set_seconds(-3);
  message.mutable_a_duration()->set_nanos(-1000000);
  message.mutable_a_message()->set_a_bool(false);
  message.set_renamed("x");
  message.add_doubles(0.1);
  message.add_doubles(-0.0);
  message.add_strings("");
  message.add_messages()->add_messages();
  message.add_messages();
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string oracle;
  ASSERT_TRUE(google::protobuf::util::MessageToJsonString(message, &oracle, options).ok());
  nlohmann::json expected = nlohmann::json::parse(oracle);
  expected["an other name"] = expected["renamed"];
  expected.erase("renamed");
  EXPECT_EQ(nlohmann::json::parse(BothWays(Plan(Everything::descriptor()), message, {})), expected);
}

// The other way round: what protobuf reads from the same text.
TEST_F(EncodeTest, CommonSubsetIsReadAsProtobufReadsIt) {
  for (const char* json :
       {R"({"a_bool":true,"an_int32":1e3,"an_int64":-5.0,"a_uint64":18446744073709551615,"a_double":1.5e-7})",
        R"({"a_string":"\u00e9\ud83d\ude00\n","a_bytes":"-_8","a_duration":"-1.5s","strings":["a",""]})",
        R"({"messages":[{"a_bool":false},{}],"doubles":[1,2.5,-0.0],"a_message":{"a_message":{}}})"}) {
    Everything ours;
    Everything theirs;
    DecodeError error;
    ASSERT_TRUE(Decode(Plan(Everything::descriptor()), json, {}, &ours, &error)) << error.ToString();
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &theirs).ok()) << json;
    EXPECT_EQ(ours.SerializeAsString(), theirs.SerializeAsString()) << json;
  }
}

TEST_F(EncodeTest, WhatCameByGrpcIsCheckedBeforeItIsWritten) {
  const std::vector<std::pair<std::function<void(Everything*)>, std::string>> cases = {
      {[](Everything* m) { m->set_a_raw("{"); }, "a_raw: not JSON: the text ends inside an object at byte 1"},
      {[](Everything* m) { m->set_a_raw(""); },
       "a_raw: not JSON: the text ends where a value should be at byte 0"},
      {[](Everything* m) { m->set_a_raw("1,\"x\":2"); },
       "a_raw: not JSON: text after the end of the value at byte 1"},
      {[](Everything* m) { m->add_raws("1"), m->add_raws("x"); },
       "raws[1]: not JSON: a value should be here at byte 0"},
      {[](Everything* m) { m->add_extra()->set_name("x"); },
       "extra[0]: not JSON: the text ends where a value should be at byte 0"},
      {[](Everything* m) {
         m->set_a_bool(true);
         auto* entry = m->add_extra();
         entry->set_name("a_bool");
         entry->set_json("1");
       },
       "extra[0]: bears the name of a field that is present"},
      {[](Everything* m) {
         for (int i = 0; i < 2; ++i) {
           auto* entry = m->mutable_a_message()->add_extra();
           entry->set_name("x");
           entry->set_json("1");
         }
       },
       "a_message.extra[1]: the name stands twice"},
      {[](Everything* m) { m->set_a_double(std::numeric_limits<double>::quiet_NaN()); },
       "a_double: JSON has no such number"},
      {[](Everything* m) { m->add_floats(std::numeric_limits<float>::infinity()); },
       "floats[0]: JSON has no such number"},
      {[](Everything* m) { m->set_a_level(LEVEL_UNSPECIFIED); }, "a_level: expected one of low, very-high"},
      {[](Everything* m) { m->mutable_a_union(); }, "a_union: holds no value"},
      {[](Everything* m) { m->mutable_a_duration()->set_nanos(1000000000); },
       "a_duration: not a valid duration"},
      {[](Everything* m) { m->add_text_of(), m->add_text_of(); }, "text_of[1]: the key stands twice"},
      {[](Everything* m) { m->add_raw_of(); },
       "raw_of[0]: not JSON: the text ends where a value should be at byte 0"},
      {[](Everything* m) { m->set_a_raw(R"({"a":1,"a":2})"); },
       "a_raw: not JSON: the key stands twice at byte 7"},
  };
  for (const auto& [spoil, expected] : cases) {
    Everything message;
    spoil(&message);
    DecodeError error;
    EXPECT_FALSE(CheckVerbatim(Plan(Everything::descriptor()), message, {}, &error)) << expected;
    EXPECT_EQ(error.ToString(), expected);
    EXPECT_FALSE(IsPlainWire(Plan(Everything::descriptor()), message.SerializeAsString())) << expected;
  }
}

TEST_F(EncodeTest, MostMessagesFromTheWireArePlain) {
  const MessagePlan& plan = Plan(Chat::descriptor());
  const auto is_plain = [&](std::string_view json) {
    Chat message;
    DecodeError error;
    EXPECT_TRUE(Decode(plan, json, {}, &message, &error)) << error.ToString();
    return IsPlainWire(plan, message.SerializeAsString());
  };
  EXPECT_TRUE(
      is_plain(R"({"model":"m","messages":[{"role":"user","content":"hi"},{"content":[{"text":"a"}]}],)"
               R"("temperature":0.5,"max_tokens":-1,"stream":true,"stop":["a"]})"));
  EXPECT_FALSE(is_plain(R"({"model":"m","new":1})")) << "a sink's entry";
  EXPECT_FALSE(is_plain(R"({"messages":[{"content":"a","new":1}]})")) << "one further down";
  Chat infinite;
  infinite.set_temperature(std::numeric_limits<double>::infinity());
  EXPECT_FALSE(IsPlainWire(plan, infinite.SerializeAsString()));
  Chat empty_union;
  empty_union.mutable_stop();
  EXPECT_FALSE(IsPlainWire(plan, empty_union.SerializeAsString()));
  // {stop = 8 {1: fixed32}}: a number of the union's in another wire type is none of its arms.
  EXPECT_FALSE(IsPlainWire(plan, std::string_view("\x42\x05\x0d\0\0\0\0", 7)));
}

TEST_F(EncodeTest, LargeAndSmallMessagesAreWrittenAlike) {
  const std::string long_text(20000, 'x');
  const std::string json = "{\"model\":\"" + long_text + "\",\"seed\":1,\"new\":[1]}";
  EXPECT_EQ(RoundTrip<Chat>(json), json);
}

}  // namespace
}  // namespace portolan::codec::test
