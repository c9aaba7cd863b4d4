package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// records reads everything in a file.
func records(t *testing.T, path string, o flowfile.ReaderOptions) (rs []flow.Record) {
	t.Helper()
	r, err := flowfile.OpenWith(path, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return rs
		}
		if err != nil {
			t.Fatal(err)
		}
		rs = append(rs, rec)
	}
}

// recordAll runs a recorder over flows of a few connections.
func recordAll(t *testing.T, o Options, flows int) Counts {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for conn := range uint64(4) {
		r.Conn(&flow.Conn{ID: conn + 1, Client: fmt.Sprintf("127.0.0.1:%d", conn+5000)})
	}
	for i := range flows {
		f := page(uint64(i%3+1), 0) // connection 4 sends nothing
		f.Response.Body = flow.NewBody(noise(uint64(i), 2000))
		r.Flow(f)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return r.Counts()
}

func TestPartsStandAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	const part = 100_000
	c := recordAll(t, Options{Path: path, Source: "proxy", Rotate: Rotation{Bytes: part}}, 300)
	paths, err := filepath.Glob(partPattern(path))
	if err != nil || len(paths) < 6 {
		t.Fatalf("parts %v, %v; 300 flows of 2000 bytes need 6 or more", paths, err)
	}
	flows, recording := uint64(0), uint64(0)
	for i, p := range paths {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > part {
			t.Errorf("%s has %d bytes, limit %d", p, info.Size(), part)
		}
		if _, err := flowfile.Verify(p, func(err error) { t.Error(err) }); err != nil {
			t.Error(err)
		}
		known := map[uint64]bool{}
		for j, rec := range records(t, p, flowfile.ReaderOptions{}) {
			switch rec := rec.(type) {
			case *flow.Info:
				if i == 0 {
					recording = rec.Recording
				}
				if j != 0 || rec.Part != uint64(i+1) || rec.Recording != recording || recording == 0 || rec.Source != "proxy" || rec.Redaction != "none" {
					t.Errorf("%s, record %d: %+v", p, j, rec)
				}
			case *flow.Conn:
				if known[rec.ID] || rec.ID == 4 {
					t.Errorf("%s: connection %d is there twice, or without a flow", p, rec.ID)
				}
				known[rec.ID] = true
			case *flow.Flow:
				if !known[rec.Conn] {
					t.Errorf("%s: connection %d is not there before its flow", p, rec.Conn)
				}
				flows++
			}
		}
	}
	if flows != 300 || c.Flows != 300 {
		t.Errorf("%d flows in the parts, %d counted, 300 sent", flows, c.Flows)
	}
}

func TestOldPartsGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	c := recordAll(t, Options{Path: path, Rotate: Rotation{Bytes: 100_000, Keep: 2}}, 300)
	paths, err := filepath.Glob(partPattern(path))
	if err != nil || len(paths) != 2 {
		t.Fatalf("parts %v, %v; want the last two", paths, err)
	}
	if first, _ := filepath.Match("*.0001.flow.zst", filepath.Base(paths[0])); first || c.Bytes > 200_000 {
		t.Errorf("%v remain with %d bytes", paths, c.Bytes)
	}
	var there uint64
	for _, p := range paths {
		totals, err := flowfile.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		there += totals.Flows
	}
	if c.Flows != there || c.Removed != 300-there || there == 300 {
		t.Errorf("counts %+v; %d of 300 flows are there", c, there)
	}
}

func TestDiskLimitHoldsOverAllParts(t *testing.T) {
	dir := t.TempDir()
	const limit = 250_000
	c := recordAll(t, Options{Path: filepath.Join(dir, "shop.flow.zst"), Rotate: Rotation{Bytes: 100_000}, MaxDisk: limit}, 300)
	var size int64
	var declared, flows uint64
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		totals, err := flowfile.Stat(filepath.Join(dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		size, flows, declared = size+totals.BytesFile, flows+totals.Flows, declared+totals.Loss.Flows
	}
	if size > limit || size < limit/2 || c.Stopped != flow.LossDiskLimit {
		t.Errorf("%d bytes in %d files, limit %d; counts %+v", size, len(files), limit, c)
	}
	if flows+declared != 300 || declared == 0 {
		t.Errorf("%d flows and %d declared lost, 300 sent", flows, declared)
	}
}

func TestLastPartAloneStays(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	c := recordAll(t, Options{Path: path, Rotate: Rotation{Bytes: 100_000, Keep: 1}, MaxDisk: 250_000}, 300)
	paths, err := filepath.Glob(partPattern(path))
	if err != nil || len(paths) != 1 || c.Flows+c.Removed != 300 || c.Lost != 0 {
		t.Errorf("parts %v, %v; counts %+v; want one part, and nothing lost to the limit", paths, err, c)
	}
}

func TestPartsEndByTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "shop.flow.zst")
		r, err := New(Options{Path: path, Rotate: Rotation{Every: time.Minute}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		for range 5 {
			r.Flow(page(1, 10))
			time.Sleep(40 * time.Second)
		}
		time.Sleep(time.Hour) // parts without flows do not come
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		paths, err := filepath.Glob(partPattern(path))
		if err != nil || len(paths) < 2 || len(paths) > 4 {
			t.Errorf("parts %v, %v; 5 flows in 200 s", paths, err)
		}
	})
}

func TestPartsOfAnEarlierRecordingAreNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	old := partPath(path, 7)
	if err := os.WriteFile(old, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Path: path, Rotate: Rotation{Bytes: 100_000}}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a recording begins beside %s: %v", old, err)
	}
}

func TestFlowLongerThanAPartIsCutOrLostAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	r, err := New(Options{Path: path, Rotate: Rotation{Bytes: 70_000}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 4 {
		f := page(1, 0)
		switch i {
		case 1: // a long body
			f.Response.Body = flow.NewBody(noise(1, 200_000))
		case 2: // a long head
			f.Request.Target = fmt.Sprintf("/%x", noise(2, 100_000))
		}
		r.Flow(f)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if c := r.Counts(); c.Flows != 3 || c.Lost != 1 || c.Stopped != StoppedClosed {
		t.Errorf("counts %+v; want the flow with the long head lost alone", c)
	}
	paths, err := filepath.Glob(partPattern(path))
	if err != nil {
		t.Fatal(err)
	}
	cut, lost := 0, uint64(0)
	for _, p := range paths {
		for _, rec := range records(t, p, flowfile.ReaderOptions{}) {
			switch rec := rec.(type) {
			case *flow.Flow:
				if b := rec.Response.Body; b.Truncated() && b.Size == 200_000 && len(b.Data) == 17_500 {
					cut++
				}
			case *flow.Loss:
				if rec.Reason == flow.LossTooLong {
					lost += rec.Flows
				}
			}
		}
	}
	if cut != 1 || lost != 1 {
		t.Errorf("%d bodies cut, %d flows declared too long; want one of each", cut, lost)
	}
}

func TestWhatIsLeftOutIsCounted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	r, err := New(Options{
		Path: path, Paused: true, Sample: Sample{Ratio: 0.5, By: "connection"},
		Filter: func(f *flow.Flow) bool { return f.Request.Target != "/health" },
	})
	if err != nil {
		t.Fatal(err)
	}
	send := func(target string, n int) {
		for i := range n {
			f := page(uint64(i+1), 10)
			f.Request.Target = target
			r.Flow(f)
		}
	}
	send("/", 10)
	r.Resume()
	send("/health", 7)
	send("/", 400)
	r.Pause()
	send("/", 5)
	r.Loss(&flow.Loss{At: time.Unix(9, 0), Reason: flow.LossKernel, Packets: 3})
	r.Loss(&flow.Loss{At: time.Unix(8, 0), Reason: flow.LossKernel, Packets: 4})
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	totals, err := flowfile.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	left := map[string]uint64{}
	for _, rec := range records(t, path, flowfile.ReaderOptions{}) {
		if l, ok := rec.(*flow.Loss); ok {
			left[l.Reason] += l.Flows + l.Packets
			if l.Reason == flow.LossKernel && !l.At.Equal(time.Unix(8, 0)) {
				t.Errorf("the loss began at %v", l.At)
			}
		}
	}
	sampled := left[flow.LossSampled]
	if left[flow.LossPaused] != 15 || left[flow.LossFiltered] != 7 || sampled < 150 || sampled > 250 || left[flow.LossKernel] != 7 {
		t.Errorf("left out: %v", left)
	}
	if c := r.Counts(); totals.Flows+sampled != 400 || c.Flows != totals.Flows || c.LeftOut != 22+sampled || totals.LeftOut != c.LeftOut || c.Lost != 0 || totals.Loss.Flows != 0 {
		t.Errorf("totals %+v, counts %+v", totals, c)
	}
}

// A scrubber stands for redaction.
type scrubber struct{}

func (scrubber) Name() string { return "scrubbed" }
func (scrubber) Flow(f *flow.Flow) {
	f.Response.Body = flow.NewBody([]byte("scrubbed"))
}

func TestNothingReachesTheDiskUnredactedOrInTheClear(t *testing.T) {
	path := filepath.Join(t.TempDir(), "shop.flow.zst")
	flip := func(b []byte) ([]byte, error) {
		out := bytes.Clone(b)
		for i := range out {
			out[i] ^= 0x5a
		}
		return out, nil
	}
	r, err := New(Options{Path: path, Redact: scrubber{}, Encrypt: flip})
	if err != nil {
		t.Fatal(err)
	}
	f := page(1, 0)
	f.Response.Body = flow.NewBody([]byte("my secret"))
	r.Flow(f)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := flowfile.Open(path); err == nil {
		r, _ := flowfile.Open(path)
		if _, err := r.Next(); !errors.Is(err, flowfile.ErrEncrypted) {
			t.Errorf("without the key: %v", err)
		}
	} else if !errors.Is(err, flowfile.ErrEncrypted) {
		t.Errorf("without the key: %v", err)
	}
	rs := records(t, path, flowfile.ReaderOptions{Decrypt: flip})
	if len(rs) != 2 || rs[0].(*flow.Info).Redaction != "scrubbed" || string(rs[1].(*flow.Flow).Response.Body.Data) != "scrubbed" {
		t.Errorf("records %+v", rs)
	}
}
