package cluster

import (
	"strings"
	"testing"
)

func TestFailureToConnectTellsNoCredentials(t *testing.T) {
	for _, url := range []string{
		"nats://hunter2@127.0.0.1:1", "nats://ann:hunter2@127.0.0.1:1", "nats://hunter2@127.0.0.1:no",
		"nats://hunter2@127.0.0.1:1,nats://hunter2@127.0.0.1:2", "nats://ann:hunt/er2@127.0.0.1:1",
	} {
		_, err := connect(url, "a")
		if err == nil || strings.Contains(err.Error(), "hunt") || strings.Contains(err.Error(), "er2") {
			t.Errorf("connect to %s: %v", url, err)
		}
	}
}
