package flowfile

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flow/flowtest"
)

// opening returns what opens data whatever the path is.
func opening(data []byte) func(string) (File, error) {
	return func(string) (File, error) { return inMemory{bytes.NewReader(data)}, nil }
}

// flowsIn returns the flows among records, numbered.
func flowsIn(records []flow.Record) (flows []*flow.Flow) {
	for _, r := range records {
		if f, ok := r.(*flow.Flow); ok {
			flows = append(flows, f)
		}
	}
	return flows
}

func TestAShelfGivesTheFlowsThatAReaderGives(t *testing.T) {
	seal, open := testKey(t, 9)
	for _, o := range []struct {
		name  string
		w     WriterOptions
		r     ReaderOptions
		sizes []int // of blocks
	}{
		{"clear", WriterOptions{}, ReaderOptions{}, []int{1, 700, 4000, 1 << 20}},
		{"encrypted", WriterOptions{Encrypt: seal}, ReaderOptions{Decrypt: open}, []int{20_000, 1 << 20}},
	} {
		t.Run(o.name, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				rs := flowtest.Shop(rapid.IntRange(0, 40).Draw(rt, "shop"))
				for _, f := range rapid.SliceOfN(flowtest.AnyFlow(), 0, 12).Draw(rt, "flows") {
					rs = append(rs, f)
				}
				w := o.w
				w.BlockSize = rapid.SampledFrom(o.sizes).Draw(rt, "block size")
				data := writeAll(t, w, rs...)
				records, _ := readWith(t, data, o.r)
				want := flowsIn(records)
				r := o.r
				r.Open = opening(data)
				s, err := OpenShelf("-", r)
				if err != nil {
					rt.Fatal(err)
				}
				defer s.Close()
				for range min(20, len(want)) {
					i := rapid.IntRange(0, len(want)-1).Draw(rt, "number")
					f, err := s.Flow(uint64(i))
					if d := cmp.Diff(want[i], f, flowtest.Equal()); err != nil || d != "" {
						rt.Fatalf("flow %d: %v (-want +got)\n%s", i, err, d)
					}
				}
				if _, err := s.Flow(uint64(len(want))); !errors.Is(err, ErrNoFlow) {
					rt.Fatalf("a flow behind the last: %v", err)
				}
			})
		})
	}
}

// sessionsOf opens a recording and puts every third flow into a session of its own.
func sessionsOf(t *testing.T, o ReaderOptions, flows uint64) (*Shelf, *Sessions) {
	t.Helper()
	s, err := OpenShelf("mem", o)
	if err != nil {
		t.Fatal(err)
	}
	all := s.NewSessions()
	for i := range uint64(3) {
		var numbers []uint64
		for n := i; n < flows; n += 3 {
			numbers = append(numbers, n)
		}
		start := time.Unix(1_700_000_000+int64(10*i), 0)
		if err := all.Add(start, start.Add(time.Minute), numbers); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		if err := errors.Join(all.Close(), s.Close()); err != nil {
			t.Error(err)
		}
	})
	return s, all
}

func TestCursorsOfSeveralGoroutinesGiveEachSessionInItsOrder(t *testing.T) {
	const flows = 900
	data := blocksOf(t, flows)
	_, all := sessionsOf(t, ReaderOptions{Open: opening(data)}, flows)
	if all.Len() != 3 || all.Start(2) != 20*time.Second || all.Span() != 80*time.Second {
		t.Errorf("%d sessions, the last at %s, all in %s", all.Len(), all.Start(2), all.Span())
	}
	var wait sync.WaitGroup
	for user := range 24 {
		wait.Go(func() {
			c := all.Cursor(user % 3)
			for n := user % 3; ; n += 3 {
				f, err := c.Next()
				if err == io.EOF {
					if n < flows {
						t.Errorf("session %d ends before flow %d", user%3, n)
					}
					return
				}
				if err != nil {
					t.Error(err)
					return
				}
				want := flowtest.ShopFlow(n)
				want.Number = uint64(n)
				if !reflect.DeepEqual(want, f) {
					t.Errorf("flow %d is %+v, want %+v", n, f, want)
					return
				}
			}
		})
	}
	wait.Wait()
	if all.Missing() != 0 {
		t.Errorf("%d flows are missing", all.Missing())
	}
}

func TestCursorsPassOverWhatIsDamagedAndCountIt(t *testing.T) {
	const flows = 60
	rs := make([]flow.Record, flows)
	for i := range rs {
		f := flowtest.ShopFlow(i)
		f.Response.Body = flow.NewBody([]byte{byte(i)}) // in the flow itself
		rs[i] = f
	}
	data := writeAll(t, WriterOptions{BlockSize: 2000}, rs...)
	ends, records := blockEnds(t, data)
	data[ends[1]-3] ^= 1
	lost := uint64(records[1] - records[0])
	s, all := sessionsOf(t, ReaderOptions{Open: opening(data)}, flows)
	read, damages := 0, 0
	for f, err := range s.Flows() {
		if errors.As(err, new(*CorruptError)) {
			damages++
		} else if err != nil {
			t.Fatal(err)
		}
		if f != nil {
			read++
		}
	}
	got := 0
	for i := range all.Len() {
		for c := all.Cursor(i); ; got++ {
			if _, err := c.Next(); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
	}
	if got != flows-int(lost) || all.Missing() != lost || read != got || damages != 1 {
		t.Errorf("%d flows by cursors, %d missing, %d in a row, %d damages; want %d, %d, %d, 1", got, all.Missing(), read, damages, flows-int(lost), lost, flows-int(lost))
	}
}

func TestABodyInADamagedBlockIsMissingFromItsFlow(t *testing.T) {
	data := blocksOf(t, 40)
	ends, records := blockEnds(t, data)
	data[ends[0]-3] ^= 1
	s, _ := sessionsOf(t, ReaderOptions{Open: opening(data)}, 0)
	n := (records[0]/4 + 1) * 4 // the first of a later block with the page of flow 0
	f, err := s.Flow(uint64(n))
	if err != nil || !f.Response.Body.Truncated() || len(f.Response.Body.Data) > 0 {
		t.Errorf("flow %d: %v; %d bytes of the body of %d, want none", n, err, len(f.Response.Body.Data), f.Response.Body.Size)
	}
}

func TestARecordingWithoutItsEndCanBeReadByNumber(t *testing.T) {
	data := blocksOf(t, 40)
	ends, records := blockEnds(t, data)
	s, _ := sessionsOf(t, ReaderOptions{Open: opening(data[:ends[2]+20])}, 0)
	for n := range records[2] {
		if _, err := s.Flow(uint64(n)); err != nil {
			t.Errorf("flow %d: %v", n, err)
		}
	}
	if _, err := s.Flow(uint64(records[2])); !errors.Is(err, ErrNoFlow) {
		t.Errorf("the flow behind the cut: %v", err)
	}
}

func TestAClosedShelfGivesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	if err := os.WriteFile(path, blocksOf(t, 10), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := OpenShelf(path, ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Flow(0); !errors.Is(err, errClosed) {
		t.Errorf("error %v, want %v", err, errClosed)
	}
}

func TestRecentBlocksStayWithinTheirLimit(t *testing.T) {
	r := recentBlocks{limit: 100_000}
	random := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		off := random.Int64N(50)
		b := r.find(off)
		if b == nil {
			b = &indexedBlock{off: off, raw: make([]byte, random.IntN(40_000))}
			r.keep(b)
		}
		if b.off != off || r.size > r.limit || len(r.byOff) != r.order.Len() {
			t.Fatalf("block %d for %d; %d bytes of %d; %d and %d blocks", b.off, off, r.size, r.limit, len(r.byOff), r.order.Len())
		}
	}
	if len(r.byOff) < 3 {
		t.Errorf("only %d blocks are kept", len(r.byOff))
	}
}

func TestWordsComeBackFromMemoryAndFile(t *testing.T) {
	const n = 2*wordsMax + 5
	var w words
	defer w.close()
	for i := range uint64(n) {
		if err := w.add(i * i); err != nil {
			t.Fatal(err)
		}
	}
	if w.file == nil || w.len() != n {
		t.Errorf("%d numbers, file %v", w.len(), w.file)
	}
	for _, i := range []uint64{0, 1, wordsMax - 1, wordsMax, 2*wordsMax - 1, 2 * wordsMax, n - 1} {
		if got, err := w.get(i); err != nil || got != i*i {
			t.Errorf("number %d is %d, %v; want %d", i, got, err, i*i)
		}
	}
}
