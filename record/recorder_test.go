package record

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func page(conn uint64, size int) *flow.Flow {
	return &flow.Flow{
		Conn: conn, Scheme: "http", Protocol: "HTTP/1.1", Start: time.Unix(1_700_000_000, 0),
		Request:  flow.Request{Method: "GET", Target: "/", Authority: "shop.test"},
		Response: &flow.Response{Status: 200, Body: flow.NewBody(bytes.Repeat([]byte{byte(conn)}, size))},
	}
}

// A disk is a writer that a test can hold up and fail.
type disk struct {
	mu     sync.Mutex
	gate   chan struct{} // nil: open; otherwise each write takes a token
	fail   error         // of every flow from now on
	recs   []flow.Record
	sealed int
	closed bool
}

func (d *disk) Write(r flow.Record) error {
	if d.gate != nil {
		<-d.gate
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, isLoss := r.(*flow.Loss); d.fail != nil && !isLoss {
		return d.fail
	}
	d.recs = append(d.recs, r)
	return nil
}

func (d *disk) Flush() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.sealed = len(d.recs)
	return nil
}

func (d *disk) Close() error { d.closed = true; return d.Flush() }
func (d *disk) Size() int64  { return 0 }

func (d *disk) state() (records, sealed int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.recs), d.sealed
}

func (d *disk) losses() (ls []*flow.Loss) {
	for _, r := range d.recs {
		if l, ok := r.(*flow.Loss); ok {
			ls = append(ls, l)
		}
	}
	return ls
}

func (d *disk) flows(conn uint64) (n int) {
	for _, r := range d.recs {
		if f, ok := r.(*flow.Flow); ok && f.Conn == conn {
			n++
		}
	}
	return n
}

// start runs a recorder on the disk; end stops it and returns Run's error.
func start(t *testing.T, o Options, d *disk) (r *Recorder, end func() error) {
	t.Helper()
	r = newRecorder(o.withDefaults(), d)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	return r, func() error { cancel(); return <-done }
}

func TestFlowsAreSealedWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		r, end := start(t, Options{}, d)
		r.Conn(&flow.Conn{ID: 1})
		r.Flow(page(1, 10))
		synctest.Wait()
		if n, sealed := d.state(); n != 2 || sealed != 0 {
			t.Errorf("at once: %d records, %d sealed; want 2, 0", n, sealed)
		}
		time.Sleep(time.Second)
		synctest.Wait()
		if n, sealed := d.state(); sealed != n {
			t.Errorf("after a second: %d of %d sealed", sealed, n)
		}
		r.Flow(page(1, 10))
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if n, sealed := d.state(); n != 3 || sealed != 3 || !d.closed {
			t.Errorf("at the end: %d records, %d sealed, closed %v", n, sealed, d.closed)
		}
		if c := r.Counts(); c.Flows != 2 || c.Connections != 1 || c.Lost != 0 || c.Queued != 0 {
			t.Errorf("counts %+v", c)
		}
	})
}

func TestOverloadShedsWholeSessionsAndDeclaresThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		var log bytes.Buffer
		r, end := start(t, Options{QueueBytes: 100_000, Logger: slog.New(slog.NewTextHandler(&log, nil))}, d)
		// The disk stands still. Sessions 1 to 3 come in and take 3/4 of the
		// queue, session 4 is new then, and session 1 meets a full queue.
		for round := range 6 {
			for conn := range uint64(3) {
				_ = round
				r.Flow(page(conn+1, 3500))
			}
		}
		r.Flow(page(4, 3500))
		for range 20 {
			r.Flow(page(1, 3500))
		}
		if c := r.Counts(); c.LostSessions != 2 || c.Queued > 100_000 {
			t.Errorf("counts %+v: want two sessions shed and at most 100000 bytes queued", c)
		}
		before := r.Counts().Lost
		close(d.gate)
		synctest.Wait() // the queue is empty again
		r.Flow(page(1, 10))
		r.Flow(page(4, 10))
		r.Flow(page(2, 10))
		if got := r.Counts().Lost; got != before+2 {
			t.Errorf("shed sessions lost %d more flows, want 2", got-before)
		}
		time.Sleep(2 * time.Second)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		c := r.Counts()
		var declared, sessions uint64
		for _, l := range d.losses() {
			declared, sessions = declared+l.Flows, sessions+l.Sessions
			if l.Reason != flow.LossOverload || l.At.IsZero() {
				t.Errorf("loss %+v", l)
			}
		}
		if declared != c.Lost || sessions != 2 || c.Lost+c.Flows != 42 {
			t.Errorf("declared %d flows and %d sessions; counts %+v, 42 flows sent", declared, sessions, c)
		}
		if d.flows(4) != 0 || d.flows(2) != 7 || d.flows(3) != 6 {
			t.Errorf("flows of session 2, 3, 4: %d, %d, %d; want 7, 6, 0", d.flows(2), d.flows(3), d.flows(4))
		}
		if !strings.Contains(log.String(), "flows are missing") {
			t.Errorf("log: %s", log.String())
		}
	})
}

func TestUsersOfOneConnectionAreShedByThemselves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		r, end := start(t, Options{QueueBytes: 100_000}, d)
		visit := func(user string) {
			f := page(1, 3500) // all of them behind one proxy
			f.Request.Headers = flow.Headers{{Name: "Cookie", Value: "session=" + user}}
			r.Flow(f)
		}
		for range 20 {
			visit("ada")
		}
		visit("grace") // comes when the queue is crowded
		close(d.gate)
		synctest.Wait()
		visit("ada")
		visit("grace")
		if c := r.Counts(); c.Lost != 2 || c.LostSessions != 1 {
			t.Errorf("counts %+v; want the two flows of one user lost", c)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if got := d.flows(1); got != 21 {
			t.Errorf("%d flows of the connection recorded, want 21 of the other user", got)
		}
	})
}

func TestWhatIsNotWantedIsCountedAsIfItHadCome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{gate: make(chan struct{})}
		r, end := start(t, Options{QueueBytes: 100_000}, d)
		for range 40 {
			r.Flow(page(1, 3500))
		}
		lost := r.Counts().Lost
		if r.Wants(page(1, 0)) {
			t.Error("a session that is shed is wanted")
		}
		if !r.Wants(page(2, 0)) {
			t.Error("a new session is not wanted")
		}
		r.Pass(page(1, 0))
		if c := r.Counts(); c.Lost != lost+1 || c.LostSessions != 1 || c.LeftOut != 0 {
			t.Errorf("counts %+v, want %d flows of one session lost", c, lost+1)
		}
		r.Pause()
		if r.Wants(page(3, 0)) {
			t.Error("a flow is wanted while recording is paused")
		}
		r.Pass(page(3, 0))
		r.Resume()
		r.Pass(page(3, 0)) // it began while recording was paused
		if c := r.Counts(); c.Lost != lost+1 || c.LeftOut != 2 {
			t.Errorf("counts %+v, want two flows left out", c)
		}
		close(d.gate)
		if err := end(); err != nil {
			t.Fatal(err)
		}
		declared := map[string]uint64{}
		for _, l := range d.losses() {
			declared[l.Reason] += l.Flows
		}
		if declared[flow.LossOverload] != lost+1 || declared[flow.LossPaused] != 2 {
			t.Errorf("declared %v", declared)
		}
	})
}

func TestShedSessionIsOverAfterItsIdleTime(t *testing.T) {
	var s sessions
	now := time.Unix(0, 0)
	s.decide(1, fateShed, now)
	if got := s.fate(1, now.Add(sessionIdle)); got != fateShed {
		t.Errorf("at the end of the idle time: %v", got)
	}
	if got := s.fate(1, now.Add(2*sessionIdle+1)); got != fateUnknown {
		t.Errorf("behind it: %v", got)
	}
	for key := range uint64(maxSessions + 10) {
		s.decide(key, fateKept, now)
	}
	if len(s.byKey) != maxSessions || s.order.Len() != maxSessions || s.fate(5, now) != fateUnknown {
		t.Errorf("%d sessions remembered, want %d without the oldest", len(s.byKey), maxSessions)
	}
}

func TestFullDiskStopsRecordingButNotTraffic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		var log bytes.Buffer
		r, end := start(t, Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}, d)
		r.Flow(page(1, 10))
		synctest.Wait()
		d.mu.Lock()
		d.fail = &flowfile.WriteError{Path: "x", Flows: 1, Err: fmt.Errorf("write: %w", syscall.ENOSPC)}
		d.mu.Unlock()
		r.Flow(page(2, 10))
		synctest.Wait()
		if c := r.Counts(); c.Stopped != flow.LossDiskFull || c.Lost != 2 || c.Flows != 0 {
			t.Errorf("after the failure: %+v", c)
		}
		for range 5 {
			r.Flow(page(3, 10))
		}
		synctest.Wait()
		err := end()
		if !errors.Is(err, syscall.ENOSPC) {
			t.Errorf("Run: %v", err)
		}
		var declared uint64
		for _, l := range d.losses() {
			declared += l.Flows
			if l.Reason != flow.LossDiskFull {
				t.Errorf("loss %+v", l)
			}
		}
		if c := r.Counts(); declared != 7 || c.Lost != 7 || !d.closed {
			t.Errorf("declared %d, counts %+v, closed %v; want 7 lost", declared, c, d.closed)
		}
		if n := strings.Count(log.String(), "level=ERROR"); n != 1 || !strings.Contains(log.String(), "free space") {
			t.Errorf("log: %s", log.String())
		}
	})
}

func TestRecordingStopsAtItsSizeLimit(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	const limit = 200_000
	r, err := New(Options{Path: path, MaxDisk: limit})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run(context.Background()) }()
	const sent = 3000
	for i := range sent {
		f := page(uint64(i), 0)
		f.Request.Target = fmt.Sprintf("/%x", bytes.Repeat([]byte(fmt.Sprintf("%x", uint64(i)*0x9E3779B97F4A7C15)), 9))
		f.Response.Body = flow.NewBody(noise(uint64(i), 400))
		r.Flow(f)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatalf("Run: %v", err)
	}
	totals, err := flowfile.Verify(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	c := r.Counts()
	if totals.BytesFile > limit || totals.BytesFile < limit/2 {
		t.Errorf("the file has %d bytes, limit %d", totals.BytesFile, limit)
	}
	if totals.Flows+totals.Loss.Flows != sent || totals.Flows != c.Flows || totals.Loss.Flows != c.Lost || c.Stopped != flow.LossDiskLimit {
		t.Errorf("%d flows and %d declared lost of %d; counts %+v", totals.Flows, totals.Loss.Flows, sent, c)
	}
}

func noise(seed uint64, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*6364136223846793005 + 1442695040888963407
		b[i] = byte(seed >> 56)
	}
	return b
}

func TestEveryFlowIsWrittenOrDeclaredUnderPressure(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	r, err := New(Options{Path: path, QueueBytes: 256 << 10})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	var senders sync.WaitGroup
	const each = 500
	for s := range 8 {
		senders.Go(func() {
			for i := range each {
				f := page(uint64(s*1000+i/10+1), 0)
				f.Response.Body = flow.NewBody(noise(uint64(s*each+i), 2000))
				r.Flow(f)
			}
		})
	}
	senders.Wait()
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	totals, err := flowfile.Verify(path, func(err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if totals.Flows+totals.Loss.Flows != 8*each {
		t.Errorf("%d flows and %d declared lost, %d sent", totals.Flows, totals.Loss.Flows, 8*each)
	}
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	dir := t.TempDir()
	if _, err := New(Options{QueueBytes: 1, MaxDisk: 1}); err == nil || !strings.Contains(err.Error(), "Path") || !strings.Contains(err.Error(), "MaxDisk") || !strings.Contains(err.Error(), "QueueBytes") {
		t.Errorf("no path and a tiny queue: %v", err)
	}
	path := filepath.Join(dir, "a.flow.zst")
	r, err := New(Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{Path: path}); !errors.Is(err, flowfile.ErrLocked) || !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second recorder: %v", err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Run(context.Background()); err != nil {
		t.Errorf("Run after Close: %v", err)
	}
	f, err := flowfile.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if first, err := f.Next(); err != nil || first.(*flow.Info).Redaction != "none" {
		t.Errorf("an empty recording begins with %+v, %v", first, err)
	}
	if _, err := f.Next(); err != io.EOF {
		t.Errorf("an empty recording reads as %v", err)
	}
}

// A source counts how often its content was opened and closed.
type source struct{ opened, closed int }

func (s *source) open() (io.ReadCloser, error) {
	if s.opened++; s.opened > 1 {
		return nil, fs.ErrClosed
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(zeros{}, 2<<20), s}, nil
}

func (s *source) Close() error { s.closed++; return nil }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestLongBodiesAreWrittenWholeAndAlwaysClosed(t *testing.T) {
	for _, test := range []struct {
		name string
		o    Options
		kept bool
	}{
		{"recorded", Options{}, true},
		{"filtered out", Options{Filter: func(*flow.Flow) bool { return false }}, false},
		{"while paused", Options{Paused: true}, false},
		{"shed", Options{QueueBytes: 64 << 10}, false},
		{"longer than is kept", Options{MaxBody: 1 << 20}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.o.Path = filepath.Join(t.TempDir(), "a.flow.zst")
			r, err := New(test.o)
			if err != nil {
				t.Fatal(err)
			}
			var s source
			f := page(1, 100)
			f.Request.Body = flow.Body{Data: make([]byte, 100_000), Size: 2 << 20, Open: s.open}
			r.Flow(f)
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			whole := false
			for f, err := range flowfile.Flows(test.o.Path) {
				if err != nil {
					t.Fatal(err)
				}
				whole = f.Request.Body.Kept()
			}
			if whole != test.kept || s.opened == 0 || s.closed != 1 {
				t.Errorf("kept whole: %v, opened %d times, closed %d times; want %v, at least 1, 1", whole, s.opened, s.closed, test.kept)
			}
		})
	}
}

// A slow redactor holds up the flows of connection 2 until it may go on.
type slow struct{ gate chan struct{} }

func (s slow) Flow(f *flow.Flow) {
	if f.Conn == 2 {
		<-s.gate
	}
}

func (slow) Name() string { return "slow" }

func TestWhatIsWrittenIsSealedWhileAFlowIsInWork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		gate := make(chan struct{})
		r, end := start(t, Options{Redact: slow{gate}}, d)
		r.Flow(page(1, 10))
		r.Flow(page(2, 10))
		time.Sleep(time.Second)
		synctest.Wait()
		if n, sealed := d.state(); n != 1 || sealed != 1 {
			t.Errorf("%d flows written and %d sealed beside one in work; want 1, 1", n, sealed)
		}
		close(gate)
		if err := end(); err != nil || d.flows(2) != 1 {
			t.Errorf("Run: %v, %d flows of the slow connection; want 1", err, d.flows(2))
		}
	})
}

func TestTheEndHasADeadline(t *testing.T) {
	for name, stop := range map[string]func(r *Recorder, cancel func()){
		"of the context": func(_ *Recorder, cancel func()) { cancel() },
		"of Close":       func(r *Recorder, _ func()) { r.Close() },
		"of Stop":        func(r *Recorder, _ func()) { r.Stop(4 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := &disk{}
				gate := make(chan struct{})
				r := newRecorder(Options{Redact: slow{gate}}.withDefaults(), d)
				ctx, cancel := context.WithCancel(t.Context())
				done := make(chan error, 1)
				go func() { done <- r.Run(ctx) }()
				r.Flow(page(1, 10))
				r.Flow(page(2, 10))
				for range 5 {
					r.Flow(page(3, 10))
				}
				synctest.Wait()
				begun := time.Now()
				stop(r, cancel)
				err := <-done
				if took := time.Since(begun); err != nil || took != 4*time.Second {
					t.Errorf("ended after %v with %v, want 4s", took, err)
				}
				if ls := d.losses(); len(ls) != 1 || ls[0].Reason != flow.LossLate || ls[0].Flows != 6 {
					t.Errorf("declared %+v, want the flow in work and five behind it", ls)
				}
				if c := r.Counts(); c.Flows != 1 || c.Lost != 6 || c.Queued < 0 || !d.closed {
					t.Errorf("counts %+v, closed %v; want 1 flow, 6 lost", c, d.closed)
				}
				close(gate)
				synctest.Wait()
				if n, sealed := d.state(); n != 2 || sealed != n {
					t.Errorf("%d records, %d sealed: something was written behind the end", n, sealed)
				}
				cancel()
			})
		})
	}
}

// An endless content gives bytes until it is closed, slowly.
type endless struct{ closed chan struct{} }

func (e endless) open() (io.ReadCloser, error) {
	select {
	case <-e.closed:
		return nil, fs.ErrClosed
	default:
		return e, nil
	}
}

func (e endless) Read(p []byte) (int, error) {
	time.Sleep(10 * time.Millisecond)
	return len(p), nil
}

func (e endless) Close() error { close(e.closed); return nil }

func TestALongBodyDoesNotHoldUpTheEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.flow.zst")
	r, err := New(Options{Path: path, MaxBody: flowfile.MaxBody})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- r.Run(t.Context()) }()
	content := endless{make(chan struct{})}
	f := page(1, 100)
	f.Request.Body = flow.Body{Data: []byte("beginning"), Size: flowfile.MaxBody, Open: content.open}
	r.Flow(f)
	r.Stop(50 * time.Millisecond)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	<-content.closed
	for f, err := range flowfile.Flows(path) {
		if err != nil || string(f.Request.Body.Data) != "beginning" || !f.Request.Body.Truncated() || f.Request.Body.Open != nil {
			t.Errorf("%v, %d bytes of %d are kept", err, len(f.Request.Body.Data), f.Request.Body.Size)
		}
	}
}

// A blind redactor keeps out what it is given.
type blind struct{}

func (blind) Flow(f *flow.Flow) { f.Response.Body.Data = nil }
func (blind) Name() string      { return "blind" }

func TestBodiesThatAreKeptOutAreDeclared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := &disk{}
		r, end := start(t, Options{Redact: blind{}}, d)
		r.Flow(page(1, 1000))
		r.Flow(page(2, 0))
		r.Flow(page(3, 500))
		synctest.Wait()
		if err := end(); err != nil {
			t.Fatal(err)
		}
		if ls := d.losses(); len(ls) != 1 || ls[0].Reason != flow.LossOpaque || ls[0].Bytes != 1500 || ls[0].Flows != 0 {
			t.Errorf("declared %+v, want 1500 bytes", ls)
		}
	})
}
