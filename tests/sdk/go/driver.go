// Drives the SDKs for Go: see ../scenarios/driver.py, which it answers.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

type request struct {
	Do        string
	URL       string
	Key       string
	Model     string
	Headers   map[string]string
	TimeoutMs int `json:"timeout_ms"`
	Retries   int
	Package   string
}

// The SDK's own time limit; long if the request has none.
func (r request) limit() time.Duration {
	if r.TimeoutMs == 0 {
		return time.Minute
	}
	return time.Duration(r.TimeoutMs) * time.Millisecond
}

type answer = map[string]any

// An SDK: each of its actions does what a request tells, and `told` says what its error tells, or nil.
type sdk struct {
	actions map[string]func(request) (answer, error)
	told    func(error) answer
	page    func()
}

var sdks = map[string]sdk{"openai": openaiSDK, "anthropic": anthropicSDK, "go-openai": communitySDK}

type city struct {
	City string `json:"city"`
}

var schema = map[string]any{
	"type":                 "object",
	"properties":           map[string]any{"city": map[string]any{"type": "string"}},
	"required":             []string{"city"},
	"additionalProperties": false,
}

func parse(text string) (city, error) {
	var parsed city
	err := json.Unmarshal([]byte(text), &parsed)
	return parsed, err
}

func serve(line []byte) answer {
	var asked request
	if err := json.Unmarshal(line, &asked); err != nil {
		return answer{"broken": err.Error()}
	}
	used := sdks[asked.Package]
	action := used.actions[asked.Do]
	if action == nil {
		return answer{"broken": fmt.Sprintf("%s has no %s", asked.Package, asked.Do)}
	}
	got, err := action(asked)
	if err == nil {
		return got
	}
	if told := used.told(err); told != nil {
		return answer{"failed": told}
	}
	return answer{"broken": err.Error()}
}

// Where the gateway is that the lines of docs/sdks.md are run with.
func gateway() string { return os.Getenv("GATEWAY") }

func main() {
	if len(os.Args) > 2 && os.Args[1] == "page" {
		sdks[os.Args[2]].page()
		return
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		line, err := json.Marshal(serve(lines.Bytes()))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}
