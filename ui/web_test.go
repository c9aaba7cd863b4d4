package ui

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The lock file must work with every registry, and the versions be the same
// everywhere.
func TestWebPackagesArePinnedAndNameNoRegistry(t *testing.T) {
	lock, err := os.ReadFile("web/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{`"resolved"`, ".tgz", "registry."} {
		if strings.Contains(string(lock), word) {
			t.Errorf("web/package-lock.json contains %q; keep omit-lockfile-registry-resolved in web/.npmrc", word)
		}
	}
	data, err := os.ReadFile("web/package.json")
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Dependencies, DevDependencies map[string]string }
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	exact := regexp.MustCompile(`^\d+\.\d+\.\d+$`)
	for _, list := range []map[string]string{p.Dependencies, p.DevDependencies} {
		for name, version := range list {
			if !exact.MatchString(version) {
				t.Errorf("web/package.json: %s is %q, want one exact version", name, version)
			}
		}
	}
}
