package redact

import (
	"bytes"
	"maps"
	"mime"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// STARLING_FILES names files to measure with: pages, bundles, recordings.
func measured(t testing.TB) []string {
	names, err := filepath.Glob(os.Getenv("STARLING_FILES"))
	if err != nil || len(names) == 0 {
		t.Skip("STARLING_FILES names no files")
	}
	return names
}

// TestOrdinaryValuesOfRecordings counts the words that redaction changes in the flows of
// recordings, or in files. In a redacted recording, what is a pseudonym was a secret.
func TestOrdinaryValuesOfRecordings(t *testing.T) {
	for _, name := range measured(t) {
		r := newRedactor(t, testKey, "")
		words, changed := 0, map[string]int{}
		compare := func(f *flow.Flow) {
			before := flowBytes(f)
			r.Flow(f)
			n, now := changedWords(before, flowBytes(f))
			words += n
			for _, w := range now {
				changed[w]++
			}
		}
		if strings.HasSuffix(name, ".flow.zst") {
			for f, err := range flowfile.Flows(name) {
				if err != nil {
					t.Fatal(err)
				}
				compare(f)
			}
		} else {
			compare(fileFlow(t, name))
		}
		total := 0
		for _, n := range changed {
			total += n
		}
		t.Logf("%s: %d of %d words changed (%.4f %%), %d different", name, total, words, 100*float64(total)/float64(max(1, words)), len(changed))
		for i, w := range slices.Sorted(maps.Keys(changed)) {
			if i == 60 {
				break
			}
			t.Logf("  %d %.160s", changed[w], w)
		}
	}
}

func fileFlow(t testing.TB, name string) *flow.Flow {
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f := get("/")
	f.Response.Headers = flow.Headers{{Name: "Content-Type", Value: mime.TypeByExtension(filepath.Ext(name))}}
	f.Response.Body = flow.NewBody(data)
	return f
}

// flowBytes is all text of a flow, part by part, decoded.
func flowBytes(f *flow.Flow) (parts [][]byte) {
	parts = append(parts, []byte(f.Request.Target))
	heads := []flow.Headers{f.Request.Headers}
	bodies := []flow.Body{f.Request.Body}
	coding := []flow.Headers{f.Request.Headers}
	if f.Response != nil {
		heads, bodies, coding = append(heads, f.Response.Headers), append(bodies, f.Response.Body), append(coding, f.Response.Headers)
	}
	for _, h := range heads {
		for i := range h {
			parts = append(parts, []byte(h[i].Name+": "+h[i].Value))
		}
	}
	for i := range bodies {
		data := bodies[i].Data
		if codings := codingsOf(coding[i]); len(codings) == 1 && codings[0] == "gzip" {
			var c codec
			if out, _ := c.inflate(data, "gzip"); out != nil {
				data = out
			}
		}
		parts = append(parts, bytes.Clone(data))
	}
	for i := range f.Messages {
		parts = append(parts, bytes.Clone(f.Messages[i].Data))
	}
	return parts
}

// changedWords counts words before, and returns those that are others now and were no
// pseudonyms, with what stands before them.
func changedWords(before, now [][]byte) (words int, changed []string) {
	for k := range before {
		a, b := before[k], now[k]
		for i := 0; i < len(a); {
			if !isWord(a[i]) {
				i++
				continue
			}
			j := i
			for j < len(a) && isWord(a[j]) {
				j++
			}
			words++
			switch {
			case len(a) != len(b):
				if len(changed) == 0 {
					changed = append(changed, "length of "+string(a[:min(len(a), 60)]))
				}
			case !bytes.Equal(a[i:j], b[i:j]) && !pseudonymAround(a, i, j):
				changed = append(changed, string(a[max(0, i-60):i])+"«"+string(a[i:j])+"»")
			}
			i = j
		}
	}
	return words, changed
}

// cpuTime is the time of the processor that this process took.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// pseudonymAround reports whether the word a[i:j] is a pseudonym or stands in one.
func pseudonymAround(a []byte, i, j int) bool {
	if certified(a[i:j]) || len(a[i:j]) > 40 && bytes.HasPrefix(a[i:], []byte("eyJ")) {
		return true
	}
	const ends = " \t\r\n\x14\x12\x18\x0a\x10\"'<>,;:?&\x00"
	start, end := i, j
	for start > 0 && i-start < 1<<12 && bytes.IndexByte([]byte(ends), a[start-1]) < 0 {
		start--
	}
	for end < len(a) && end-j < 1<<12 && bytes.IndexByte([]byte(ends), a[end]) < 0 {
		end++
	}
	for from := start; from <= i; from++ { // behind NAME=
		if from > start && a[from-1] != '=' && a[from-1] != '(' && a[from-1] != '[' && a[from-1] < 0x80 {
			continue
		}
		value := a[from:end]
		plain, err := url.QueryUnescape(string(value))
		if certified(value) || IsPseudonym(string(value)) || err == nil && certified([]byte(plain)) || bytes.Contains(value, []byte(longDomain)) || bytes.Contains(value, []byte(shortDomain)) {
			return true
		}
	}
	return false
}

func BenchmarkFiles(b *testing.B) {
	for _, name := range measured(b) {
		f := fileFlow(b, name)
		f.Response.Body.Size++ // cut, so it never counts as clean
		b.Run(filepath.Base(name), func(b *testing.B) {
			r := newRedactor(b, testKey, "")
			b.SetBytes(int64(len(f.Response.Body.Data)))
			b.ReportAllocs()
			before := cpuTime(b)
			for b.Loop() {
				c := *f
				r.Flow(&c)
			}
			b.ReportMetric(float64(b.N)*float64(len(f.Response.Body.Data))/1e6/(cpuTime(b)-before).Seconds(), "MB/cpu-s")
		})
	}
}
