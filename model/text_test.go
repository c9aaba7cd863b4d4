package model

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

func TestText(t *testing.T) {
	var all, one, dot bytes.Buffer
	if err := sample().Text(&all, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := sample().Dot(&dot); err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string][]byte{"shop.txt": all.Bytes(), "shop.dot": dot.Bytes(), "shop.json": sample().JSON()} {
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
	if err := sample().Text(&one, TextOptions{Behavior: "buyer"}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(all.String(), one.String()) || strings.Contains(one.String(), "MIX") {
		t.Errorf("one behavior alone:\n%s", &one)
	}
	if err := sample().Text(&one, TextOptions{Behavior: "buyr"}); err == nil || !strings.Contains(err.Error(), "browser, buyer") {
		t.Errorf("an unknown behavior: %v", err)
	}
}

func TestTextFoldsRareWays(t *testing.T) {
	b := Behavior{Name: "x", Steps: []Step{{At: "A"}}}
	for _, to := range []string{"B", "C", "D", "E"} {
		b.Steps[0].Next = append(b.Steps[0].Next, Edge{To: to, Odds: 0.1})
	}
	b.Steps[0].Next = append(b.Steps[0].Next, Edge{To: "F", Odds: 0.6})
	var out bytes.Buffer
	b.text(&out, TextOptions{Ways: 2})
	want := "BEHAVIOR x  0.0%\n  at  odds   think  goes to\n  A   60.0%  -      F\n      10.0%  -      B\n      30.0%         (3 others)\n"
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", &out, want)
	}
}

func TestTextIsPlainWhateverTheNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyModel(t)
		var out bytes.Buffer
		if err := m.Text(&out, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(out.String(), "\x1b\x00\r") {
			t.Fatalf("control characters reach the terminal: %q", out.String())
		}
		if err := m.Dot(&out); err != nil {
			t.Fatal(err)
		}
	})
}

func TestJSONFollowsTheSchema(t *testing.T) {
	s := compileSchema(t)
	rapid.Check(t, func(t *rapid.T) {
		text := anyModel(t).JSON()
		if !json.Valid(text) {
			t.Fatalf("no JSON: %s", text)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(doc); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
	})
}
