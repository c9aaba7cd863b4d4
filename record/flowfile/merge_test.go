package flowfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/record/filter"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// stored writes a file of the records and returns its path.
func stored(t *testing.T, name string, o WriterOptions, rs ...flow.Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	o.id = xxhash.Sum64String(path)
	if err := os.WriteFile(path, writeAll(t, o, rs...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// gathered is what Records gives, sorted by kind.
type gathered struct {
	flows  []*flow.Flow
	conns  []uint64
	losses []flow.Loss
	infos  []flow.Info
	errs   []error
}

func gather(t *testing.T, o ReaderOptions, paths ...string) (g gathered) {
	t.Helper()
	for r, err := range o.Records(paths...) {
		switch r := r.(type) {
		case *flow.Flow:
			g.flows = append(g.flows, r)
		case *flow.Conn:
			g.conns = append(g.conns, r.ID)
		case *flow.Loss:
			g.losses = append(g.losses, *r)
		case *flow.Info:
			g.infos = append(g.infos, *r)
		}
		if err != nil {
			g.errs = append(g.errs, err)
		}
		if len(g.flows) > 10_000 {
			t.Fatal("no end of flows")
		}
	}
	return g
}

// user is flow i of a connection that exists in its recording alone.
func user(recording string, conn uint64, i int) *flow.Flow {
	f := flowtest.ShopFlow(i)
	f.Conn, f.Request.Authority = conn, fmt.Sprintf("%s-%d.test", recording, conn)
	return f
}

func TestRecordingNamedTwiceIsRefused(t *testing.T) {
	a, b := stored(t, "a", WriterOptions{}, flowtest.Shop(3)...), stored(t, "b", WriterOptions{}, flowtest.Shop(3)...)
	copied := filepath.Join(t.TempDir(), "copy")
	data, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(copied, data, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, paths := range [][]string{{a, a}, {a, b, copied}} {
		if g := gather(t, ReaderOptions{}, paths...); len(g.flows) > 0 || len(g.errs) != 1 || !errors.Is(g.errs[0], ErrTwice) {
			t.Errorf("%v: %d flows, %v; want ErrTwice", paths, len(g.flows), g.errs)
		}
	}
}

func TestRecordsOfOneFileAreThoseOfTheFile(t *testing.T) {
	input := append([]flow.Record{&flow.Info{Recording: 3, Source: "proxy"}}, flowtest.Shop(50)...)
	path := stored(t, "a", WriterOptions{BlockSize: 2000}, input...)
	var got []flow.Record
	for r, err := range (ReaderOptions{}).Records(path) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if d := cmp.Diff(stripNumbers(input), stripNumbers(got), flowtest.Equal()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestFilesAreMergedByStartAndKeepTheirConnectionsApart(t *testing.T) {
	var even, odd, late []flow.Record
	even = append(even, &flow.Info{Recording: 1, Source: "proxy"}, &flow.Loss{Reason: flow.LossOverload, Flows: 5})
	odd = append(odd, &flow.Info{Recording: 2, Source: "capture", Redaction: "none"})
	for c := uint64(1); c <= 3; c++ {
		even, odd = append(even, &flow.Conn{ID: c, Client: "even"}), append(odd, &flow.Conn{ID: c, Client: "odd"})
	}
	for i := range 100 {
		f := user("even", uint64(i%3)+1, 2*i)
		g := user("odd", uint64(i%3)+1, 2*i+1)
		even, odd = append(even, f), append(odd, g)
		late = append(late, user("late", 1<<63, 200+i))
	}
	paths := []string{stored(t, "late", WriterOptions{}, late...), stored(t, "odd", WriterOptions{BlockSize: 3000}, odd...), stored(t, "even", WriterOptions{BlockSize: 5000}, even...)}
	g := gather(t, ReaderOptions{}, paths...)
	if len(g.errs) > 0 || len(g.flows) != 300 || len(g.infos) != 2 || len(g.losses) != 1 || len(g.conns) != 6 {
		t.Fatalf("%d flows, %d connections, infos %v, losses %v, errors %v", len(g.flows), len(g.conns), g.infos, g.losses, g.errs)
	}
	owner := map[uint64]string{}
	for i, f := range g.flows {
		if !f.Start.Equal(flowtest.ShopFlow(i).Start) {
			t.Fatalf("flow %d starts at %v, want %v", i, f.Start, flowtest.ShopFlow(i).Start)
		}
		if old := owner[f.Conn]; old != "" && old != f.Request.Authority {
			t.Fatalf("connection %d is of %s and of %s", f.Conn, old, f.Request.Authority)
		}
		owner[f.Conn] = f.Request.Authority
	}
	if len(owner) != 7 {
		t.Errorf("%d connections, want 7: %v", len(owner), owner)
	}
	slices.Sort(g.conns)
	if len(slices.Compact(g.conns)) != 6 {
		t.Errorf("connection records share numbers: %v", g.conns)
	}
}

func TestPartsOfARecordingShareTheirConnections(t *testing.T) {
	var paths []string
	for part := range 4 {
		rs := []flow.Record{&flow.Info{Recording: 9, Part: uint64(part + 1), Source: "proxy"}, &flow.Conn{ID: 5, Client: "c"}}
		for i := range 20 {
			rs = append(rs, user("part", 5, part*20+i))
		}
		paths = append(paths, stored(t, "part", WriterOptions{}, rs...))
	}
	other := stored(t, "other", WriterOptions{}, &flow.Info{Recording: 10}, &flow.Conn{ID: 5}, user("other", 5, 7))
	g := gather(t, ReaderOptions{}, append(paths, other)...)
	var conns []uint64
	for _, f := range g.flows {
		if !slices.Contains(conns, f.Conn) {
			conns = append(conns, f.Conn)
		}
	}
	if len(g.flows) != 81 || len(conns) != 2 || len(g.conns) != 2 {
		t.Errorf("%d flows on connections %v, records of %v; want 81 on 2", len(g.flows), conns, g.conns)
	}
}

func TestFilesAreOpenOnlyWhileTheyOverlap(t *testing.T) {
	m := merger{yield: func(flow.Record, error) bool { return true }}
	most := 0
	m.yield = func(flow.Record, error) bool { most = max(most, len(m.open)); return true }
	var paths []string
	for part := range 30 {
		paths = append(paths, stored(t, "part", WriterOptions{}, user("p", 1, 2*part), user("p", 1, 2*part+1)))
	}
	slices.Reverse(paths)
	if !m.look(paths) || !m.run() || most > 2 {
		t.Errorf("%d files were open at once, want at most 2", most)
	}
}

func TestDamageIsAnErrorAndALoss(t *testing.T) {
	var rs []flow.Record
	for i := range 60 {
		f := flowtest.ShopFlow(i)
		f.Response.Body = flow.Body{}
		rs = append(rs, f)
	}
	data := writeAll(t, WriterOptions{BlockSize: 2000}, rs...)
	ends, counts := blockEnds(t, data)
	blocks := len(ends)
	flip := func(at int64) []byte { return join(data[:at], []byte{data[at] ^ 1}, data[at+1:]) }
	perBlock := func(b int) uint64 { return uint64(counts[b] - counts[b-1]) }
	tests := []struct {
		name   string
		data   []byte
		reason string
		flows  uint64 // told by the Loss
		left   int    // flows that are given
	}{
		{"content of a block", flip(ends[2] - 5), flow.LossDamaged, perBlock(2), 60 - int(perBlock(2))},
		{"head of a block", flip(ends[2] + 20), flow.LossDamaged, perBlock(3), 60 - int(perBlock(3))},
		{"a block is missing", join(data[:ends[1]], data[ends[2]:]), flow.LossDamaged, perBlock(2), 60 - int(perBlock(2))},
		{"the last block", flip(ends[blocks-1] - 5), flow.LossDamaged, perBlock(blocks - 1), 60 - int(perBlock(blocks-1))},
		{"cut in a block", data[:ends[3]-7], flow.LossCutOff, 0, counts[2]},
		{"cut behind a block", data[:ends[3]], flow.LossCutOff, 0, counts[3]},
		{"cut in the index", data[:len(data)-60], flow.LossCutOff, 0, 60},
		{"index", flip(ends[blocks-1] + 15), "", 0, 60},
		{"file head", flip(20), "", 0, 60},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a")
			if err := os.WriteFile(path, test.data, 0o600); err != nil {
				t.Fatal(err)
			}
			g := gather(t, ReaderOptions{}, path)
			if len(g.flows) != test.left || len(g.errs) == 0 {
				t.Errorf("%d flows, errors %v; want %d", len(g.flows), g.errs, test.left)
			}
			switch {
			case test.reason == "" && len(g.losses) == 0:
			case len(g.losses) != 1 || g.losses[0].Reason != test.reason || g.losses[0].Flows != test.flows:
				t.Errorf("losses %+v, want %d flows %s", g.losses, test.flows, test.reason)
			}
			// A copy of it is sound and says so.
			var rs []flow.Record
			for r, err := range (ReaderOptions{}).Records(path) {
				if err == nil {
					rs = append(rs, r)
				}
			}
			if again := gather(t, ReaderOptions{}, stored(t, "copy", WriterOptions{}, rs...)); len(again.errs) > 0 || len(again.flows) != test.left || len(again.losses) != len(g.losses) {
				t.Errorf("the copy has %d flows, losses %v, errors %v", len(again.flows), again.losses, again.errs)
			}
		})
	}
}

func TestCutAnywhereTheRecordsCanBeCopied(t *testing.T) {
	data, want := smallFile(t)
	path := filepath.Join(t.TempDir(), "a")
	for n := fileHeadSize; n < len(data); n += 3 {
		if err := os.WriteFile(path, data[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		g := gather(t, ReaderOptions{}, path)
		if len(g.errs) != 1 || !errors.Is(g.errs[0], ErrTruncated) || len(g.losses) == 0 || len(g.flows) > len(want) {
			t.Fatalf("cut at %d: %d flows, losses %v, errors %v", n, len(g.flows), g.losses, g.errs)
		}
	}
}

func TestFilteredRecordsKeepTheirConnectionsAndCountTheRest(t *testing.T) {
	rs := append([]flow.Record{&flow.Info{Recording: 4}}, flowtest.Shop(120)...)
	path := stored(t, "a", WriterOptions{BlockSize: 2500}, rs...)
	from := flowtest.ShopFlow(60).Start.Format(time.RFC3339Nano)
	for _, test := range []struct {
		expr         string
		flows, conns int
	}{
		{"conn = 4", 6, 1},
		{"time >= " + from, 60, 10},
		{"time >= " + from + " and path = /products/1", 15, 10},
		{"error", 0, 0},
		{"complete", 120, 20},
	} {
		f, err := filter.Parse(test.expr)
		if err != nil {
			t.Fatal(err)
		}
		g := gather(t, ReaderOptions{Filter: f}, path)
		left, total := uint64(0), uint64(0)
		for _, l := range g.losses {
			if l.OnPurpose() {
				left += l.Flows
			} else {
				total += l.Flows
			}
		}
		if len(g.flows) != test.flows || len(g.conns) != test.conns || left != uint64(120-test.flows) || total != 3 || len(g.infos) != 1 || len(g.errs) > 0 {
			t.Errorf("%s: %d flows, connections %v, %d left out, %d lost, errors %v; want %d flows on %d connections",
				test.expr, len(g.flows), g.conns, left, total, g.errs, test.flows, test.conns)
		}
		for _, f := range g.flows {
			if !slices.Contains(g.conns, f.Conn) {
				t.Errorf("%s: connection %d of a flow is missing", test.expr, f.Conn)
			}
		}
	}
}

func TestRecordsEndWithWhatCannotBeRead(t *testing.T) {
	path := stored(t, "a", WriterOptions{}, flowtest.ShopFlow(0))
	g := gather(t, ReaderOptions{}, path, filepath.Join(t.TempDir(), "none"))
	if len(g.flows) > 0 || len(g.errs) != 1 || !errors.Is(g.errs[0], fs.ErrNotExist) {
		t.Errorf("%d flows, errors %v", len(g.flows), g.errs)
	}
	seal, _ := testKey(t, 1)
	sealed := stored(t, "sealed", WriterOptions{Encrypt: seal}, flowtest.ShopFlow(0))
	if g := gather(t, ReaderOptions{}, sealed); len(g.flows) > 0 || len(g.errs) != 1 || !errors.Is(g.errs[0], ErrEncrypted) {
		t.Errorf("%d flows, errors %v", len(g.flows), g.errs)
	}
	for r := range (ReaderOptions{}).Records(path, path) {
		_ = r
		break
	}
}

func TestNumbersOfConnectionsStayApartHoweverGreat(t *testing.T) {
	m := merger{groups: 3}
	seen := map[uint64]bool{0: true}
	for group := range 3 {
		for _, id := range []uint64{1, 2, 3, 1 << 40, 1<<64/3 - 1, 1<<64/3 + 1, 1<<64 - 2, 1<<64 - 1} {
			n := m.conn(&source{group: group}, id)
			if seen[n] {
				t.Errorf("connection %d of recording %d becomes %d, as another does", id, group, n)
			}
			seen[n] = true
		}
	}
	if n := m.conn(&source{}, 0); n != 0 {
		t.Errorf("an unknown connection becomes %d", n)
	}
	m.groups = 1
	if n := m.conn(&source{}, 1<<64-1); n != 1<<64-1 {
		t.Errorf("the connection of one recording becomes %d", n)
	}
}
