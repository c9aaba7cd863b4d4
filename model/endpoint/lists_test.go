package endpoint

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/starling-load/starling/record/flow"
)

// The lists of addresses of SkyAPM/R3, each with the share of those that a template is
// expected of that are grouped as it says, with no others.
func TestAddressesAreGroupedAsOthersExpect(t *testing.T) {
	for _, c := range []struct {
		list, templates string
		want            float64
	}{
		{"r3-endpoint100_trivial.txt", "r3-endpoint_trivial.yaml", 0.95},
		{"r3-endpoint100_counterexamples.txt", "r3-endpoint_counterexamples.yaml", 0.95},
		{"r3-endpoint200_hard.txt", "r3-endpoint_hard.yaml", 0.90},
	} {
		t.Run(c.list, func(t *testing.T) {
			var expected struct{ Patterns []string }
			if err := yaml.Unmarshal(list(t, c.templates), &expected); err != nil {
				t.Fatal(err)
			}
			var flows []*flow.Flow
			var truth []string
			for _, line := range strings.Fields(string(list(t, c.list))) {
				host, path := address(line)
				f := req("GET "+path, "")
				f.Request.Authority = host
				flows, truth = append(flows, f), append(truth, expect(expected.Patterns, host, path))
				if len(expected.Patterns) == 0 { // each is one of its own
					truth[len(truth)-1] = line
				}
			}
			got, wrong := accuracy(flows, truth, Learn(flows, Options{}))
			t.Logf("group accuracy %.3f", got)
			if got < c.want {
				t.Errorf("group accuracy %.3f, want %.2f\n%s", got, c.want, strings.Join(wrong, "\n"))
			}
		})
	}
}

// list reads a file of the lists, which stand beside the repository.
func list(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/data/truth/endpoints", name))
	if errors.Is(err, fs.ErrNotExist) {
		t.Skipf("the shared lists are not beside this repository: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// address splits a line of a list, which may begin with a scheme or a host.
func address(line string) (host, path string) {
	if _, rest, ok := strings.Cut(line, "://"); ok {
		line = rest
	} else if first, _, _ := strings.Cut(line, "/"); !strings.Contains(first, ".") {
		return "", "/" + strings.TrimPrefix(line, "/")
	}
	host, path, _ = strings.Cut(line, "/")
	return host, "/" + path
}

// expect returns the template that is expected of an address, or "".
func expect(templates []string, host, path string) string {
	segments := strings.Split(path, "/")
	for _, template := range templates {
		of, want := address(template)
		if of == host && slices.EqualFunc(strings.Split(want, "/"), segments, func(want, got string) bool { return want == "{var}" || want == got }) {
			return template
		}
	}
	return ""
}
