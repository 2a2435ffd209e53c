#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "tests/unit/codec/fixture.h"

namespace portolan::codec::test {
namespace {

using testing::ElementsAre;
using DecodeTest = CodecTest;

struct Case {
  std::string json;
  std::string expected;  // what encoding gives, or `error: …`; empty: the same as json
};

TEST_F(DecodeTest, RequestsComeBackWithEveryValue) {
  const std::vector<Case> cases = {
      {R"({})", ""},
      {R"( { } )", "{}"},
      {R"({"a_bool":true,"an_int32":-5,"an_int64":9223372036854775807,"a_uint32":4294967295,"a_uint64":18446744073709551615})",
       ""},
      {R"({"a_float":0.1,"a_double":0.1,"a_string":"","a_bytes":"AAECAw==","a_level":"very-high"})", ""},
      {R"({"a_bytes":"-_8"})", R"({"a_bytes":"+/8="})"},
      {R"({"a_raw":{"b" : [1.0, 01]}})", "error: a_raw: ',' or ']' should be here"},
      {R"({"a_raw": {"b" : [1.0, 1]} })", R"({"a_raw":{"b" : [1.0, 1]}})"},
      {R"({"a_raw":"text"})", ""},
      {R"({"a_raw":[]})", ""},
      {R"({"a_raw":null})", ""},
      {R"({"a_message":{"a_message":{"a_bool":false}}})", ""},
      {R"({"a_message":{}})", ""},
      {R"({"an_inline":[]})", ""},
      {R"({"an_inline":[[1,2],[],[-3]]})", ""},
      {R"({"a_duration":"1.50s"})", R"({"a_duration":"1.5s"})"},
      {R"({"an other name":"x","renamed":1})", ""},
      {R"({"bools":[true,false],"int32s":[1],"int64s":[-1,0],"uint32s":[7],"uint64s":[8],"floats":[0.5],"doubles":[1e+300]})",
       ""},
      {R"({"strings":["a","","b"],"bytes_list":["","AA=="],"levels":["low","very-high"],"raws":[null, {"a":1},"x" ]})",
       R"({"strings":["a","","b"],"bytes_list":["","AA=="],"levels":["low","very-high"],"raws":[null,{"a":1},"x"]})"},
      {R"({"messages":[{},{"a_bool":true}]})", ""},
      {R"({"unions":["s",1.5,true,["x"],[1,2],[[1],[]],{"a_bool":true},[]]})", ""},
      {R"({"text_of":{"z":"1","a":"","":"empty key"}})", ""},
      {R"({"raw_of":{"z":null,"a":[ 1 ]}})", ""},
      {R"({"message_of":{"k":{"a_bool":true},"n":null}})", ""},
      {R"({"union_of":{"k":[[1]],"s":"x","n":null}})", ""},
      {R"({"number_of":{"50256":-100,"n":null}})", ""},
      {R"({"inline_of":{"k":[[1],[2,3]],"e":[]}})", ""},
      {R"({"choice_message":{"a_bool":true}})", ""},
      {R"({"choice_text":"x","choice_message":null})", ""},
      {R"({"choice_union":[1]})", ""},
      {R"({"an_int64":1e3,"int32s":[1.0,-0]})", R"({"an_int64":1000,"int32s":[1,0]})"},
      {R"({"a_string":"\u00e9\/\u0007\"\\"})", "{\"a_string\":\"\u00e9/\\u0007\\\"\\\\\"}"},
      {R"({"unk\u006eown":1,"\n":2})", R"({"unknown":1,"\n":2})"},
      // Lone surrogates: typed text gets U+FFFD, verbatim text stays.
      {R"({"a_string":"\ud800","a_raw":["\ud800"],"text_of":{"a\udc00":"x"},"new":{"a\ud800":"\udfff"}})",
       "{\"a_string\":\"\uFFFD\",\"a_raw\":[\"\\ud800\"],\"text_of\":{\"a\uFFFD\":\"x\"},\"new\":{"
       "\"a\\ud800\":\"\\udfff\"}}"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(RoundTrip<Everything>(c.json), c.expected.empty() ? c.json : c.expected);
}

TEST_F(DecodeTest, RequestsAreRefusedWithThePath) {
  const std::vector<Case> cases = {
      {"", "the text ends where a value should be"},
      {"[]", "expected an object, got an array"},
      {"5", "expected an object, got a number"},
      {"{} {}", "text after the end of the value"},
      {R"({"a_bool":"true"})", "a_bool: expected a boolean, got a string"},
      {R"({"an_int32":"5"})", "an_int32: expected a number, got a string"},
      {R"({"an_int32":2147483648})", "an_int32: the number is out of range"},
      {R"({"an_int32":1.5})", "an_int32: expected an integer"},
      {R"({"a_uint64":-1})", "a_uint64: the number is out of range"},
      {R"({"a_double":1e999})", "a_double: the number is out of range"},
      {R"({"a_float":1e39})", "a_float: the number is out of range"},
      {R"({"a_string":{}})", "a_string: expected a string, got an object"},
      {R"({"a_bytes":"?"})", "a_bytes: expected base64"},
      {R"({"a_level":"medium"})", "a_level: expected one of low, very-high"},
      {R"({"a_level":""})", "a_level: expected one of low, very-high"},
      {R"({"a_level":1})", "a_level: expected a string, got a number"},
      {R"({"a_message":[]})", "a_message: expected an object, got an array"},
      {R"({"a_message":{"a_message":{"a_bool":0}}})",
       "a_message.a_message.a_bool: expected a boolean, got a number"},
      {R"({"an_inline":[[1],["x"]]})", "an_inline[1][0]: expected a number, got a string"},
      {R"({"a_duration":"1 second"})", "a_duration: expected a duration such as \"1.5s\""},
      {R"({"bools":true})", "bools: expected an array, got a boolean"},
      {R"({"bools":[true,null]})", "bools[1]: expected a boolean, got null"},
      {R"({"messages":[{},5]})", "messages[1]: expected an object, got a number"},
      {R"({"unions":["a",null]})",
       "unions[1]: expected a boolean, a number, a string, an array or an object, got null"},
      {R"({"a_union":[1,"x"]})", "a_union[1]: expected a number, got a string"},
      {R"({"a_union":[null]})", "a_union[0]: expected a string, got null"},
      {R"({"text_of":{"k":1}})", "text_of.k: expected a string, got a number"},
      {R"({"text_of":{"k":null}})", "text_of.k: expected a string, got null"},
      {R"({"text_of":[]})", "text_of: expected an object, got an array"},
      {R"({"text_of":{"k":"a","k":"b"}})", "text_of.k: the key stands twice"},
      {R"({"message_of":{"k":{"a_bool":1}}})", "message_of.k.a_bool: expected a boolean, got a number"},
      {R"({"a_bool":true,"a_bool":true})", "a_bool: the key stands twice"},
      {R"({"a_bool":null,"a\u005fbool":true})", "a_bool: the key stands twice"},
      {R"({"new":1,"n\u0065w":2})", "new: the key stands twice"},
      {R"({"new":{"a":1,"a":2}})", "new: the key stands twice"},
      {R"({"a_raw":[{"a":1,"a":2}]})", "a_raw: the key stands twice"},
      {R"({"a_message":{"new":1,"new":1}})", "a_message.new: the key stands twice"},
      {R"({"choice_text":"a","choice_message":{}})",
       "choice_message: excluded by another member of this object"},
      {"{\"a_string\":\"\x80\"}", "invalid UTF-8"},
      {"{\"a_string\":\"a\nb\"}", "a_string: a control character inside a string"},
      {std::string("{\"a_string\":\"a\0b\"}", 18), "a_string: a control character inside a string"},
      {R"({"a_string":"\q"})", "a_string: invalid escape"},
      {R"({"a_bool":tru})", "a_bool: a value should be here"},
      {R"({"a_bool":true,})", "a member's name should be here"},
      {R"({"bools":[true,]})", "bools[1]: a value should be here"},
  };
  for (const Case& c : cases) EXPECT_EQ(RoundTrip<Everything>(c.json), "error: " + c.expected) << c.json;
}

TEST_F(DecodeTest, EmptyNullAndAbsentAreThreeThings) {
  EXPECT_EQ(RoundTrip<Chat>(R"({"messages":[],"tools":null,"metadata":{},"stop":null,"model":""})"),
            R"({"model":"","messages":[],"tools":null,"metadata":{},"stop":null})");
  Chat chat;
  DecodeError error;
  ASSERT_TRUE(
      Decode(Plan(Chat::descriptor()), R"({"messages":[],"seed":null,"model":""})", {}, &chat, &error));
  EXPECT_TRUE(chat.has_model());
  EXPECT_FALSE(chat.has_seed());
  ASSERT_EQ(chat.extra_size(), 2);
  EXPECT_EQ(chat.extra(0).name() + chat.extra(0).json(), "messages[]");
  EXPECT_EQ(chat.extra(1).name() + chat.extra(1).json(), "seednull");
}

TEST_F(DecodeTest, WhatAUnionDoesNotKnowIsKept) {
  const std::vector<Case> cases = {
      {R"({"messages":[{"role":"u","content":{"new" : 1}}]})", ""},
      {R"({"messages":[{"role":"u","content":[["nested"]]}]})", ""},
      {R"({"stop":{"at" : ["x"]}})", ""},
      {R"({"stop":[{"at":"x"}]})", ""},
      {R"({"stop":[{"at":"x","at":"y"}]})", "error: stop: the key stands twice"},
  };
  for (const Case& c : cases) EXPECT_EQ(RoundTrip<Chat>(c.json), c.expected.empty() ? c.json : c.expected);
  // One element of a repeated union that is not known: the whole member is kept.
  Chat chat;
  DecodeError error;
  const std::string json = R"({"model":"m","stop":{"at":1}})";
  ASSERT_TRUE(Decode(Plan(Chat::descriptor()), json, {}, &chat, &error));
  EXPECT_FALSE(chat.has_stop());
  ASSERT_EQ(chat.extra_size(), 1);
  EXPECT_EQ(chat.extra(0).json(), R"({"at":1})");
}

TEST_F(DecodeTest, UnionsTellArraysApartByTheFirstElement) {
  const std::vector<std::pair<std::string, Input::KindCase>> cases = {
      {"\"x\"", Input::kText},      {"[]", Input::kTexts},    {"[ \"x\" ]", Input::kTexts},
      {"[1]", Input::kTokens},      {"[-1]", Input::kTokens}, {"[[1]]", Input::kTokenLists},
      {"[[]]", Input::kTokenLists}, {"1.5", Input::kNumber},  {"false", Input::kFlag},
      {"{}", Input::kObject},
  };
  for (const auto& [json, kind] : cases) {
    Input input;
    DecodeError error;
    EXPECT_TRUE(Decode(Plan(Input::descriptor()), json, {}, &input, &error))
        << json << ' ' << error.ToString();
    EXPECT_EQ(input.kind_case(), kind) << json;
  }
  EXPECT_EQ(RoundTrip<Input>("[{}]"),
            "error: expected a boolean, a number, a string, an array or an object, got an array that is not "
            "known here");
}

TEST_F(DecodeTest, AnswersNeverFailOnShape) {
  const std::vector<Case> cases = {
      {R"({"a_bool":"true","an_int32":2147483648,"a_double":1e999,"a_level":"medium","a_bytes":"?","a_message":[1]})",
       ""},
      {R"({"messages":[{"a_bool":true},5],"bools":[true,null],"unions":[null],"bytes_list":["AA==",1]})",
       R"({"messages":[{"a_bool":true},5],"bools":[true,null],"unions":[null],"bytes_list":["AA==",1]})"},
      {R"({"messages":[{"a_bool":0,"an_int32":1}]})", R"({"messages":[{"an_int32":1,"a_bool":0}]})"},
      {R"({"a_union":[1,"x"],"an_inline":[[1],["x"]],"a_duration":"soon","text_of":{"k":1,"l":"x"}})", ""},
      {R"({"message_of":{"k":{"a_bool":1}}})", ""},
      {R"({"choice_text":"a","choice_message":{"a_bool":true}})", ""},
      // Of duplicate keys the last counts, in the place of the first.
      {R"({"a_bool":true,"a_bool":false})", R"({"a_bool":false})"},
      {R"({"a_bool":true,"a_bool":"x"})", R"({"a_bool":"x"})"},
      {R"({"a_bool":"x","a_bool":true})", R"({"a_bool":true})"},
      {R"({"a_bool":null,"x":1,"a_bool":null})", R"({"x":1,"a_bool":null})"},
      {R"({"int32s":[1,2],"int32s":[3]})", R"({"int32s":[3]})"},
      {R"({"a_message":{"a_bool":true},"a_message":{"an_int32":1}})", R"({"a_message":{"an_int32":1}})"},
      {R"({"x":1,"y":2,"x":3})", R"({"x":3,"y":2})"},
      {R"({"text_of":{"a":"1","b":"2","a":"3","b":"4"}})", R"({"text_of":{"a":"3","b":"4"}})"},
      // Lone surrogates: typed text gets U+FFFD, verbatim text stays.
      {R"({"a_string":"\ud800","a_raw":"\ud800","new":"\ud800"})",
       "{\"a_string\":\"\uFFFD\",\"a_raw\":\"\\ud800\",\"new\":\"\\ud800\"}"},
      {R"({"a_raw":{"a":1,"a":2}})", ""},
      // Text that is not JSON fails all the same.
      {R"({"a_bool":5 5})", "error: ',' or '}' should be here"},
      {R"([])", "error: expected an object, got an array that is not known here"},
  };
  for (const Case& c : cases) EXPECT_EQ(Answer<Everything>(c.json), c.expected.empty() ? c.json : c.expected);
}

TEST_F(DecodeTest, ManyDuplicatesInAnAnswerTakeNoLongTime) {
  std::string json = "{";
  for (int i = 0; i < 50000; ++i) json += "\"k" + std::to_string(i % 25000) + "\":0,\"a_bool\":null,";
  json += "\"a_bool\":true}";
  Everything out;
  DecodeError error;
  ASSERT_TRUE(
      Decode(Plan(Everything::descriptor()), json, {.strictness = Strictness::kResponse}, &out, &error));
  EXPECT_EQ(out.extra_size(), 25000);
  EXPECT_TRUE(out.a_bool());
}

TEST_F(DecodeTest, SpansSayWhereMembersStand) {
  const std::string json = R"( {"model" : "m" , "new":[1, 2],"stre\u0061m":true,"portolan":{} } )";
  std::vector<MemberSpan> spans;
  DecodeOptions options;
  options.spans = &spans;
  DecodeError error;
  for (const Strictness strictness : {Strictness::kRequest, Strictness::kResponse}) {
    options.strictness = strictness;
    ASSERT_TRUE(Decode(Plan(Chat::descriptor()), json, options, nullptr, &error));
    std::vector<std::string> found;
    for (const MemberSpan& span : spans) {
      found.push_back(std::to_string(span.field_number) + ' ' +
                      json.substr(span.name_begin, span.value_end - span.name_begin) + " -> " +
                      json.substr(span.value_begin, span.value_end - span.value_begin));
    }
    EXPECT_THAT(found, ElementsAre("1 \"model\" : \"m\" -> \"m\"", "0 \"new\":[1, 2] -> [1, 2]",
                                   "7 \"stre\\u0061m\":true -> true", "14000 \"portolan\":{} -> {}"));
  }
}

TEST_F(DecodeTest, NamesFollowTheOptionsOfFileAndField) {
  EXPECT_EQ(RoundTrip<Camel>(R"({"max_output_tokens":1,"maxOutputTokens":2,"topK2b":"x","kept_as_is":"y"})"),
            R"({"maxOutputTokens":2,"topK2b":"x","kept_as_is":"y","max_output_tokens":1})");
}

TEST_F(DecodeTest, DepthIsBoundedAlsoWhereNothingIsTyped) {
  const auto nested = [](int n) {
    std::string json = "1";
    for (int i = 0; i < n; ++i) json = "{\"a_message\":" + json + "}";
    return json;
  };
  Everything out;
  DecodeError error;
  const MessagePlan& plan = Plan(Everything::descriptor());
  EXPECT_FALSE(Decode(plan, nested(129), {}, &out, &error));
  EXPECT_EQ(error.problem, "nested too deep");
  std::string raw(200, '[');
  EXPECT_FALSE(Decode(plan, "{\"a_raw\":" + raw, {}, nullptr, &error));
  EXPECT_EQ(error.ToString(), "a_raw: nested too deep");
  EXPECT_TRUE(Decode(plan, R"({"new":[[]]})", {.max_depth = 3}, nullptr, &error));
  EXPECT_FALSE(Decode(plan, R"({"new":[[]]})", {.max_depth = 2}, nullptr, &error));
}

TEST_F(DecodeTest, NoPrefixDecodes) {
  const std::string json =
      R"({"model":"m\u00e9","messages":[{"content":[{"type":"text","text":"x"}]}],"metadata":{"a":"b"},"stop":["a"],"z":[{}]})";
  ASSERT_EQ(RoundTrip<Chat>(json).substr(0, 6), "{\"mode");
  for (size_t size = 0; size < json.size(); ++size) {
    EXPECT_THAT(RoundTrip<Chat>(std::string(json, 0, size)), testing::StartsWith("error: ")) << size;
    DecodeError error;
    Chat out;
    EXPECT_FALSE(Decode(Plan(Chat::descriptor()), std::string(json, 0, size),
                        {.strictness = Strictness::kResponse}, &out, &error));
  }
}

TEST_F(DecodeTest, LongNamesAreCutInErrors) {
  const std::string name(1000, 'x');
  const std::string verdict = RoundTrip<Everything>("{\"text_of\":{\"" + name + "\":1}}");
  EXPECT_LT(verdict.size(), 150U);
}

}  // namespace
}  // namespace portolan::codec::test
