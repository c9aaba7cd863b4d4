package folder

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/starling-load/starling/model"
)

// learnedAnew is what a model learned later looks like: it has no GET /b any more.
func learnedAnew(t *testing.T) *model.Model {
	t.Helper()
	m, err := readYAML("version: 2\nmix: {browser: 0.9, bot: 0.1}\nbehaviors:\n  browser: {start: GET /, steps: {GET /: end}}\n  bot: {start: GET /, steps: {GET /: end}}\nendpoints:\n  GET /:\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// keptIn writes model.yaml and returns what people wrote in it.
func keptIn(t *testing.T, text string) *Kept {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, yamlFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := ReadKept(dir)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestWhatFitsIsKeptAsItWasWritten(t *testing.T) {
	edits := "edits:\n  # a comment\n  - pace: 0.5   # another\n  - {skip: GET /a.css}\n"
	overrides := "overrides:\n  mix: {bot: 0.2}   # few\n"
	k := keptIn(t, pinnable+edits+"\n"+overrides)
	m, err := readYAML(pinnable, nil)
	if err != nil {
		t.Fatal(err)
	}
	unfit, err := k.Onto(m)
	if err != nil || len(unfit) > 0 {
		t.Fatalf("%v, does not fit: %v", err, unfit)
	}
	if m.Edits != edits || m.Overrides != overrides || m.Unfit != "" {
		t.Errorf("kept as\n%s%s%s", m.Edits, m.Overrides, m.Unfit)
	}
	dir := filepath.Join(t.TempDir(), "x.model")
	if err := Write(dir, m); err != nil {
		t.Fatal(err)
	}
	again, err := Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again.Behaviors[2].Weight != 0.2 || len(again.Behaviors[0].Steps[0].Page.Loads) != 0 || again.Edits != "" {
		t.Errorf("the edits are not made: weight %v, loads %v, edits %q", again.Behaviors[2].Weight, again.Behaviors[0].Steps[0].Page.Loads, again.Edits)
	}
}

func TestWhatDoesNotFitAnyMoreIsNamedAndWaits(t *testing.T) {
	k := keptIn(t, pinnable+"edits:\n  - skip: GET /b\n    of: browser\n  - pace: 0.5  # fast\n\noverrides:\n  mix: {buyer: 0.5, bot: 0.2}\n  endpoints:\n    GET /b: {check: {status: [404]}}\n    GET /new: {}\n")
	m := learnedAnew(t)
	unfit, err := k.Onto(m)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`overrides: mix: buyer: 0.5: there is no such part any more`,
		`overrides: endpoints: GET /b: {"check":{"status":[404]}}: there is no such part any more`,
		`edits: {"skip":"GET /b","of":"browser"}: there is no endpoint "GET /b"; did you mean "GET /"?`,
	}
	if strings.Join(unfit, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(unfit, "\n"), strings.Join(want, "\n"))
	}
	text := string(filesOf(m)[0].data)
	for _, s := range []string{"\nedits:\n  - pace: 0.5 # fast\n", "\noverrides:\n  mix: {bot: 0.2}\n", "    GET /new: {}\n", "\nunfit:\n", "buyer: 0.5", "    - skip: GET /b\n"} {
		if !strings.Contains(text, s) {
			t.Errorf("not written: %q\n%s", s, text)
		}
	}
	written, err := readYAML(text, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := written.Behaviors[1].Weight; got != 0.2 {
		t.Errorf("the weight that fits is %v, want 0.2", got)
	}
	// What was gone is there again, so that what people wrote about it fits again.
	back, err := readYAML(pinnable, nil)
	if err != nil {
		t.Fatal(err)
	}
	if unfit, err = keptIn(t, text).Onto(back); err != nil || len(unfit) > 0 {
		t.Fatalf("%v, still does not fit: %v", err, unfit)
	}
	again, err := readYAML(string(filesOf(back)[0].data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if again.Unfit != "" || again.Behaviors[1].Weight != 0.5 || again.Endpoints[2].Check.Status[0] != 404 || len(again.Behaviors[0].Steps) != 1 {
		t.Errorf("not made again: %q, weight %v, check %v, %d steps", again.Unfit, again.Behaviors[1].Weight, again.Endpoints[2].Check, len(again.Behaviors[0].Steps))
	}
}

func TestAMistakeIsNoEditThatDoesNotFit(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, yamlFile)
	for _, tt := range []struct{ text, want string }{
		{pinnable + "overrides:\n  endpoints: {GET /b: {chek: {}}}\n", `unknown key "chek"`},
		{pinnable + "edits:\n  - skip: GET /bb\n", `there is no endpoint "GET /bb"`},
		{"edits: [\n", "not YAML"},
	} {
		if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadKept(dir); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %s", tt.text, err, tt.want)
		}
	}
	if k, err := ReadKept(filepath.Join(dir, "none")); err != nil || k.Any() || k.Learned() != nil {
		t.Errorf("no folder: %v, %v", k, err)
	}
	// The rest may be wrong.
	k := keptIn(t, "version: 2\nnonsense: 1\nedits:\n  - refuse: token\n")
	if got := k.Refused(); len(got) != 1 || got[0] != "token" {
		t.Errorf("refused: %v", got)
	}
}
