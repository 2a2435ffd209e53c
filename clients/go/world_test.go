package portolan_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// world is the process that scenarios run in; see clients/testing/world.py.
type world struct {
	World     string   `json:"world"`
	Plain     string   `json:"plain"`
	TLS       string   `json:"tls"`
	MTLS      string   `json:"mtls"`
	CA        string   `json:"ca"`
	Cert      string   `json:"certificate"`
	CertKey   string   `json:"certificate_key"`
	Model     string   `json:"model"`
	Key       string   `json:"key"`
	Control   bool     `json:"control"`
	Scenarios []string `json:"scenarios"`
}

// scenario is an entry of clients/scenarios.yaml. What is given and seen is different for each.
type scenario struct {
	Gateway string `json:"gateway"`
	Given   struct {
		Prompt             string            `json:"prompt"`
		PromptBytes        int               `json:"prompt_bytes"`
		TimeoutMs          int               `json:"timeout_ms"`
		DownMs             int               `json:"down_ms"`
		KeepaliveTimeMs    int               `json:"keepalive_time_ms"`
		KeepaliveTimeoutMs int               `json:"keepalive_timeout_ms"`
		Tries              int               `json:"tries"`
		Target             string            `json:"target"`
		Calls              int               `json:"calls"`
		LateMs             int               `json:"late_ms"`
		Metadata           map[string]string `json:"metadata"`
		Tool               struct{ Name, Description, Parameters string }
		Result             string `json:"result"`
	} `json:"given"`
	Seen json.RawMessage `json:"seen"`
}

// startWorld starts the world as PORTOLAN_WORLD says: a command, its words apart by blanks.
func startWorld(t *testing.T) *world {
	words := strings.Fields(os.Getenv("PORTOLAN_WORLD"))
	if len(words) == 0 {
		t.Fatal("PORTOLAN_WORLD is not set: scripts/test-clients go sets it")
	}
	command := exec.Command(words[0], words[1:]...)
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	t.Cleanup(func() {
		input.Close() // which ends it
		if err := command.Wait(); err != nil {
			t.Error("the world:", err)
		}
	})
	line, err := bufio.NewReader(output).ReadBytes('\n')
	must(t, err)
	began := new(world)
	must(t, json.Unmarshal(line, began))
	return began
}

// tell tells the world a command; its answer goes to answer.
func (w *world) tell(command string, answer any) error {
	response, err := http.Post(w.World+"/"+command, "", nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", command, body)
	}
	return json.Unmarshal(body, answer)
}

// end ends the scenario; the error says what the upstream did not receive as it should.
func (w *world) end() error {
	var verdict struct{ Problems []string }
	if err := w.tell("end", &verdict); err != nil {
		return err
	}
	if len(verdict.Problems) == 0 {
		return nil
	}
	return errors.New(strings.Join(verdict.Problems, "; "))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
