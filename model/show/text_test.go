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
	m, err := folder.Read(filepath.Join("..", "folder", "testdata", "v2", "shop.model"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestText(t *testing.T) {
	var all, dot bytes.Buffer
	if err := Text(&all, sample(t), false); err != nil {
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
}

func TestTextFoldsRareEdges(t *testing.T) {
	b := model.Behavior{Name: "x", Steps: []model.Step{{ID: "A", Page: &model.Page{Endpoint: "A"}}}}
	for _, to := range []string{"B", "C", "D", "E", "F", "G"} {
		b.Steps[0].Next = append(b.Steps[0].Next, model.Edge{To: to, Odds: 0.1})
	}
	b.Steps[0].Next = append(b.Steps[0].Next, model.Edge{To: "H", Odds: 0.4})
	var out bytes.Buffer
	textBehavior(&out, &b)
	want := "BEHAVIOR x  0.0%\n  at  odds   think  goes to\n  A   40.0%  -      H\n      10.0%  -      B\n      10.0%  -      C\n" +
		"      10.0%  -      D\n      10.0%  -      E\n      20.0%         (2 others)\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestTextIsPlainWhateverTheNames(t *testing.T) {
	odd := "a\x1b[31m\x00\r\n" + strings.Repeat("x", 300)
	m := &model.Model{
		Behaviors:  []model.Behavior{{Name: odd, Start: []model.Edge{{To: odd, Odds: 1}}, Steps: []model.Step{{ID: odd, Page: &model.Page{Endpoint: odd}, Next: []model.Edge{{To: odd}}}}}},
		Endpoints:  []model.Endpoint{{Name: odd, Variants: []model.Variant{{Values: []model.Value{{Name: odd, Kind: model.Data, Ref: odd}}}}}},
		Bindings:   []model.Binding{{Name: odd, Sources: []model.Select{{Endpoint: odd, Selector: odd}}}},
		Data:       []model.Source{{Name: "d", Columns: []string{odd}}},
		Notes:      []string{odd},
		Unresolved: []model.Unresolved{{Endpoint: odd, Place: odd, Reason: odd, Edit: odd}},
	}
	m.Recorded.Flows, m.Origins, m.Overrides = 1, []model.Origin{{Name: odd, URL: odd}, {Name: odd}}, odd
	var out bytes.Buffer
	if err := Text(&out, m, false); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\x00\r") {
		t.Errorf("control characters reach the terminal: %q", out.String())
	}
}

func TestPartsOfPagesAreFolded(t *testing.T) {
	m := &model.Model{Endpoints: []model.Endpoint{
		{Name: "GET /", Variants: []model.Variant{{Recorded: 4}}},
		{Name: "GET /a.css", Asset: true, Variants: []model.Variant{{Recorded: 3}}},
		{Name: "GET /b.js", Asset: true, Variants: []model.Variant{{Recorded: 2}}},
	}}
	for _, assets := range []bool{false, true} {
		var b bytes.Buffer
		if err := Text(&b, m, assets); err != nil {
			t.Fatal(err)
		}
		if got := b.String(); strings.Contains(got, "a.css") != assets || strings.Contains(got, "2 parts of pages (--assets)  5 requests") == assets {
			t.Errorf("assets %v:\n%s", assets, got)
		}
	}
}
