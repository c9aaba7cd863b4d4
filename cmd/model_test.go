package cmd

import (
	"net/http"
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

// The name in Basic credentials is a pseudonym, also where it stands in the clear elsewhere,
// and is too short to be known by itself.
func TestBasicCredentialsAreThoseOfTheRow(t *testing.T) {
	keyFile := filepath.Join(t.TempDir(), "key")
	redactor, err := newRedactor("", keyFile)
	if err != nil {
		t.Fatal(err)
	}
	sent := func(user, password string) string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, password)
		return r.Header.Get("Authorization")
	}
	recorded := func(user, password string) string {
		f := &flow.Flow{Scheme: "http", Request: flow.Request{Method: "GET", Target: "/" + user + "/", Headers: flow.Headers{{Name: "Authorization", Value: sent(user, password)}}}}
		redactor.Flow(f)
		return f.Request.Headers.Value("Authorization")
	}
	file := model.Source{Name: "k", Columns: []string{"who", "password"}, Rows: [][]string{{"kim", "rain-in-june-7"}, {"lou", "wind-in-may-19"}}}
	headers := []string{recorded("kim", "rain-in-june-7"), recorded("lou", "wind-in-may-19"), recorded("max", "another-one-3")}
	got, aliases, err := asRecorded([]model.Source{file}, keyFile, func(yield func(*flow.Flow, error) bool) {
		for _, h := range headers {
			if !yield(&flow.Flow{Request: flow.Request{Method: "GET", Target: "/", Headers: flow.Headers{{Name: "Authorization", Value: h}}}}, nil) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(aliases) != 4 {
		t.Errorf("%d aliases, want two of each row, encoded and not", len(aliases))
	}
	for i, row := range got[0].Rows {
		if row[0] != file.Rows[i][0] || row[1] == file.Rows[i][1] {
			t.Errorf("row %d is recorded as %q", i, row)
		}
		if alias := aliases[headers[i][len("Basic "):]]; "Basic "+alias != sent(row[0], row[1]) || headers[i] == sent(row[0], row[1]) {
			t.Errorf("%s is %s, want the row %q", headers[i], alias, row)
		}
		r := http.Request{Header: http.Header{"Authorization": {headers[i]}}}
		if user, password, ok := r.BasicAuth(); !ok || aliases[user+":"+password] != row[0]+":"+row[1] {
			t.Errorf("%s:%s is %s, want the row %q", user, password, aliases[user+":"+password], row)
		}
	}
}
