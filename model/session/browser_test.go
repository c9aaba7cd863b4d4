package session_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// play reads a recording whose requests still say who sent them.
func play(tb testing.TB, path string) *tape {
	tb.Helper()
	t := &tape{who: map[*flow.Flow]string{}}
	for f, err := range (flowfile.ReaderOptions{Conn: t.Conn}).Flows(path) {
		if err != nil {
			tb.Fatal(err)
		}
		if f.Request.Headers.Value(label) != "" { // what browsers ask for by themselves has nobody
			t.Flow(f)
		}
	}
	return t
}

// The recordings are of 6 to 16 users of Chromium without cookies at a time, from one
// machine. They read a site of 60 pages: they click, type addresses (25 % of the pages, 6 %
// where the name ends in 2 and of those by process), reload, go back, and open tabs. They
// have three names of the program and three languages, but for equal browsers and those by
// process. Connections that close do so after 0.4 s; people look at a page for about 1 s.
func TestReadersInRealBrowsersAreFound(t *testing.T) {
	for _, c := range []struct {
		name  string
		least float64
		thin  string // what the report must say
	}{
		{"connections-that-last", 0.99, "nothing names 16 of 16 users; by connection alone there would be 80, by address and program alone 5"},
		{"connections-that-last-2", 0.90, ""},
		{"pool-that-names-them", 0.99, "connections are shared by several users and tell nobody apart"},
		{"pool-that-names-networks", 0.90, ""},
		{"pool-that-names-networks-2", 0.90, ""},
		{"one-process-each", 0.99, "5 by process"},
		{"profiles-of-one-process", 0.95, ""},
		{"connections-that-close", 0.85, " times a page was asked for that nothing ties to one of those who were there"},
		{"equal-browsers", 0.30, " times a page was asked for that nothing ties to one of those who were there"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := play(t, filepath.Join("testdata", c.name+".flow.zst")).want(t, c.least, 0)
			if text := strings.Join(r.Lines(), "\n"); !strings.Contains(text, c.thin) {
				t.Errorf("the report does not say %q", c.thin)
			}
		})
	}
}
