#ifndef PORTOLAN_MESSAGES_H_
#define PORTOLAN_MESSAGES_H_

#include <string>

#include "portolan/v1/message.pb.h"
#include "portolan/v1/tool.pb.h"

// Messages of a conversation, in a word.
namespace portolan {

// What the user says.
v1::Message User(std::string text);
// What the model is told to be.
v1::Message System(std::string text);
// What newer models of OpenAI's take in the place of System.
v1::Message Developer(std::string text);
// What the model said. An answer's own message is better sent back as it came.
v1::Message Assistant(std::string text);
// What a tool gave for the call that the model named `call_id`.
v1::Message ToolResult(std::string call_id, std::string result);
// A function that the model may call; `parameters` is a JSON Schema.
v1::Tool FunctionTool(std::string name, std::string description, std::string parameters);
// The message's text; of several parts, that of all that have one.
std::string TextOf(const v1::Message& message);

}  // namespace portolan

#endif  // PORTOLAN_MESSAGES_H_
