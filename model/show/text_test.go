package show

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
)

var update = flag.Bool("update", false, "write the golden files anew")

// sample is a small model that uses everything.
func sample(t *testing.T) *model.Model {
	t.Helper()
	m, err := folder.Read(filepath.Join("..", "folder", "testdata", "v1", "shop.model"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestText(t *testing.T) {
	var all, one, dot bytes.Buffer
	if err := Text(&all, sample(t), Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Dot(&dot, sample(t)); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"shop.txt": all.Bytes(), "shop.dot": dot.Bytes()} {
		file := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if err := Text(&one, sample(t), Options{Behavior: "buyer"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(all.String(), one.String()) || strings.Contains(one.String(), "MIX") {
		t.Errorf("one behavior alone:\n%s", &one)
	}
	if err := Text(&one, sample(t), Options{Behavior: "buyr"}); err == nil || !strings.Contains(err.Error(), "browser, buyer") {
		t.Errorf("an unknown behavior: %v", err)
	}
}

func TestTextFoldsRareWays(t *testing.T) {
	b := model.Behavior{Name: "x", Steps: []model.Step{{At: "A"}}}
	for _, to := range []string{"B", "C", "D", "E"} {
		b.Steps[0].Next = append(b.Steps[0].Next, model.Edge{To: to, Odds: 0.1})
	}
	b.Steps[0].Next = append(b.Steps[0].Next, model.Edge{To: "F", Odds: 0.6})
	var out bytes.Buffer
	textBehavior(&out, &b, Options{Ways: 2})
	want := "BEHAVIOR x  0.0%\n  at  odds   think  goes to\n  A   60.0%  -      F\n      10.0%  -      B\n      30.0%         (3 others)\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestTextIsPlainWhateverTheNames(t *testing.T) {
	odd := "a\x1b[31m\x00\r\n" + strings.Repeat("x", 300)
	m := &model.Model{
		Behaviors: []model.Behavior{{Name: odd, Start: []model.Edge{{To: odd, Odds: 1}}, Steps: []model.Step{{At: odd, Next: []model.Edge{{To: odd}}}}}},
		Endpoints: []model.Endpoint{{Name: odd, Values: []model.Value{{Name: odd, Kind: model.Data, Ref: odd}}}},
		Bindings:  []model.Binding{{Name: odd, Sources: []model.Select{{Endpoint: odd, Selector: odd}}}},
		Data:      []model.Source{{Name: "d", Columns: []string{odd}}},
		Notes:     []string{odd},
	}
	m.Recorded = model.Recorded{Flows: 1, Origin: odd}
	var out bytes.Buffer
	if err := Text(&out, m, Options{}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x00\r") {
		t.Errorf("control characters reach the terminal: %q", out.String())
	}
}
