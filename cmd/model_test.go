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
	got, err := asRecorded([]model.Source{file}, keyFile, func(yield func(*flow.Flow, error) bool) { yield(f, nil) })
	if err != nil {
		t.Fatal(err)
	}
	if row := got[0].Rows[0]; row[0] != sent || row[1] != plain || row[2] != "never sent at all" {
		t.Errorf("the row is recorded as %q; want %q and the others as they are", row, sent)
	}
}
