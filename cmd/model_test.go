package cmd

import (
	"path/filepath"
	"testing"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flow"
)

// A key is a secret in its header, and no secret in a column that is called otherwise.
func TestAColumnMayHaveAnotherNameThanItsSecret(t *testing.T) {
	const secret, plain = "tenant one: Abc-dEf", "an ordinary note"
	keyFile := filepath.Join(t.TempDir(), "key")
	redactor, err := newRedactor("", keyFile)
	if err != nil {
		t.Fatal(err)
	}
	f := &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: "/", Headers: flow.Headers{{Name: "X-Api-Key", Value: secret}, {Name: "X-Note", Value: plain}}}}
	redactor.Flow(f)
	sent := f.Request.Headers.Value("X-Api-Key")
	if sent == secret {
		t.Fatal("the key was not redacted")
	}
	file := model.Source{Name: "k", Columns: []string{"first", "second", "third"}, Rows: [][]string{{secret, plain, "never sent at all"}}}
	got, _, err := asRecorded([]model.Source{file}, keyFile, func(yield func(*flow.Flow, error) bool) { yield(f, nil) })
	if err != nil {
		t.Fatal(err)
	}
	if row := got[0].Rows[0]; row[0] != sent || row[1] != plain || row[2] != "never sent at all" {
		t.Errorf("the row is recorded as %q; want %q and the others as they are", row, sent)
	}
}

// A user name is known as a secret only after it was sent, so that it stands both ways in
// the recording.
func TestAValueThatWasSentBothWaysHasAnAlias(t *testing.T) {
	const name = "gardener-17"
	keyFile := filepath.Join(t.TempDir(), "key")
	redactor, err := newRedactor("", keyFile)
	if err != nil {
		t.Fatal(err)
	}
	var flows []*flow.Flow
	for _, header := range []flow.Header{{Name: "X-Note", Value: name}, {Name: "X-Api-Key", Value: name}, {Name: "X-Note", Value: name}} {
		f := &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: "/", Headers: flow.Headers{header}}}
		redactor.Flow(f)
		flows = append(flows, f)
	}
	said := flows[2].Request.Headers.Value("X-Note")
	if flows[0].Request.Headers.Value("X-Note") != name || said == name {
		t.Fatalf("the name was sent as %q, want a pseudonym", said)
	}
	file := model.Source{Name: "k", Columns: []string{"who"}, Rows: [][]string{{name}, {"never-sent-at-all"}}}
	got, aliases, err := asRecorded([]model.Source{file}, keyFile, func(yield func(*flow.Flow, error) bool) {
		for _, f := range flows {
			if !yield(f, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(aliases) != 1 || aliases[said] != name || got[0].Rows[0][0] != name {
		t.Errorf("the row is %q and the aliases %q, want %q for %q", got[0].Rows[0], aliases, name, said)
	}
}
