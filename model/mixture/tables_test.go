package mixture

import (
	"encoding/csv"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A kind is a type of user with known behavior.
type kind interface {
	session(r *rand.Rand) []int
	log(session []int) float64 // likelihood of a session
}

// A browsing is a chain whose users may also go back to the page before, as those of
// RUBiS do.
type browsing struct {
	table
	back []float64 // by page: the odds of going back, relative to its row
}

func (b browsing) session(r *rand.Rand) []int {
	var out, stack []int
	at := draw(r, b.start)
	for len(out) < 1000 {
		out = append(out, at)
		next := draw(r, append(slices.Clone(b.rows[at]), b.back[at]))
		switch {
		case next == len(b.rows):
			return out
		case next > len(b.rows) && len(stack) > 0:
			at, stack = stack[len(stack)-1], stack[:len(stack)-1]
		case next > len(b.rows):
			return out
		default:
			stack = append(stack, at)
			at = next
		}
	}
	return out
}

// log sums over all ways in which the user may have gone back. A way is the stack of
// pages behind the user.
func (b browsing) log(session []int) float64 {
	ways, log := map[string]float64{"": b.start[session[0]] / total(b.start)}, 0.0
	for i, at := range session {
		next := len(b.rows)
		if i+1 < len(session) {
			next = session[i+1]
		}
		all := total(b.rows[at]) + b.back[at]
		to, mass := map[string]float64{}, 0.0
		add := func(stack string, p float64) {
			if p > 0 {
				to[stack] += p
				mass += p
			}
		}
		for stack, p := range ways {
			forward := b.rows[at][next]
			if next == len(b.rows) && stack == "" {
				forward += b.back[at]
			}
			add(stack+string(rune(at+1)), p*forward/all)
			if runes := []rune(stack); len(runes) > 0 && int(runes[len(runes)-1]) == next+1 {
				add(string(runes[:len(runes)-1]), p*b.back[at]/all)
			}
		}
		if mass == 0 {
			return math.Inf(-1)
		}
		log += math.Log(mass)
		for stack, p := range to {
			to[stack] = p / mass
		}
		ways = to
	}
	return log
}

func total(list []float64) (out float64) {
	for _, x := range list {
		out += x
	}
	return out
}

// truth returns a file of planted models, which is no part of this repository.
func truth(t *testing.T, name string) string {
	t.Helper()
	path := filepath.Join("../../../shared/data/truth", name)
	raw, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		t.Skipf("SKIPPED: no %s", path)
	} else if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// rubis reads a transition table of RUBiS. Columns are where users are, lines where they
// go: 27 pages, then one for going back and one for the end.
func rubis(t *testing.T, name string) browsing {
	const pages = 27
	b := browsing{table{make([]float64, pages+1), make([][]float64, pages)}, make([]float64, pages)}
	b.start[0] = 1
	for i := range b.rows {
		b.rows[i] = make([]float64, pages+1)
	}
	line := 0
	for text := range strings.Lines(truth(t, "rubis/"+name+".txt")) {
		cells := strings.Split(strings.TrimRight(text, "\r\n"), "\t")
		if len(cells) < pages+1 {
			continue
		}
		values := make([]float64, pages)
		bad := false
		for i := range values {
			x, err := strconv.ParseFloat(cells[i+1], 64)
			values[i], bad = x, bad || err != nil
		}
		if bad {
			continue
		}
		for from, p := range values {
			switch {
			case line < pages:
				b.rows[from][line] = p
			case strings.HasPrefix(cells[0], "Back"):
				b.back[from] = p
			case strings.HasPrefix(cells[0], "End"):
				b.rows[from][pages] = p
			}
		}
		line++
	}
	if line < pages+2 {
		t.Fatalf("%s: %d lines of numbers, want %d", name, line, pages+2)
	}
	return b
}

// specj reads a behavior model of SPECjEnterprise2010. The pages are numbered by name, so
// that several models agree.
func specj(t *testing.T, number int, names map[string]int) table {
	records, err := csv.NewReader(strings.NewReader(truth(t, "specj/behaviormodel"+strconv.Itoa(number)+".csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	to := func(name string) int {
		if name == "$" {
			return 16
		}
		if _, ok := names[name]; !ok {
			names[name] = len(names)
		}
		return names[name]
	}
	out := table{make([]float64, 17), make([][]float64, 16)}
	for i := range out.rows {
		out.rows[i] = make([]float64, 17)
		out.rows[i][16] = 1e-9 // pages that the model does not have
	}
	for _, cells := range records[1:] {
		row := out.start
		if cells[0] != "INITIAL*" {
			row = out.rows[to(cells[0])]
		}
		for i, cell := range cells[1:] {
			if name := records[0][i+1]; name != "INITIAL" {
				odds, _, _ := strings.Cut(cell, ";")
				p, err := strconv.ParseFloat(odds, 64)
				if err != nil {
					t.Fatal(err)
				}
				row[to(name)] += p
			}
		}
	}
	return out
}
