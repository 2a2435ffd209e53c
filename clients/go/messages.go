package portolan

import (
	"strings"

	"google.golang.org/protobuf/proto"

	"portolan.dev/client-go/portolanv1"
)

func message(role, text string) *portolanv1.Message {
	return &portolanv1.Message{Role: &role, Content: Text(text)}
}

// Text is content of one text.
func Text(text string) *portolanv1.Content {
	return &portolanv1.Content{Kind: &portolanv1.Content_Text{Text: text}}
}

// User is what the user says.
func User(text string) *portolanv1.Message { return message("user", text) }

// System is what the model is told to be.
func System(text string) *portolanv1.Message { return message("system", text) }

// Developer is what newer models of OpenAI's take in the place of [System].
func Developer(text string) *portolanv1.Message { return message("developer", text) }

// Assistant is what the model said. An answer's own message is better sent back as it came.
func Assistant(text string) *portolanv1.Message { return message("assistant", text) }

// ToolResult is what a tool gave for the call that the model named callID.
func ToolResult(callID, result string) *portolanv1.Message {
	answer := message("tool", result)
	answer.ToolCallId = &callID
	return answer
}

// FunctionTool is a function that the model may call; parameters is a JSON Schema.
func FunctionTool(name, description, parameters string) *portolanv1.Tool {
	function := &portolanv1.FunctionDefinition{Name: &name, Description: &description, Parameters: &parameters}
	return &portolanv1.Tool{Type: proto.String("function"), Function: function}
}

// TextOf is the message's text; of several parts, that of all that have one.
func TextOf(message *portolanv1.Message) string {
	parts := message.GetContent().GetParts()
	if parts == nil {
		return message.GetContent().GetText()
	}
	var all strings.Builder
	for _, part := range parts.GetItems() {
		all.WriteString(part.GetText())
	}
	return all.String()
}
