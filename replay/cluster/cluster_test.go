package cluster

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/starling-load/starling/replay/stats"
)

// A rig is a run with replayers in this process.
type rig struct {
	mu        sync.Mutex
	intervals map[string]int
	lost      []string
}

// coordinate runs n replayers that play, and returns the coordinator's error. Who asks for
// work after the end waits for another run, so replayers leave then.
func (r *rig) coordinate(t *testing.T, ctx context.Context, n int, play func(name string, ctx context.Context, a Assignment, on func(*stats.Interval)) error) error {
	t.Helper()
	r.intervals = make(map[string]int)
	var replayers sync.WaitGroup
	joined, leave := context.WithCancel(ctx)
	defer leave()
	err := Coordinate(ctx, Options{
		Replayers: n, Spec: []byte(`{"what":"test"}`), Payload: strings.NewReader("the payload"),
		OnInterval: func(iv *stats.Interval) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.intervals[iv.Replayer]++
		},
		OnLost: func(name string) {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.lost = append(r.lost, name)
		},
		OnFound: nobody(t),
		OnReady: func(url string) error {
			for i := range n {
				name := string(rune('a' + i))
				replayers.Go(func() {
					Join(joined, JoinOptions{URL: url, Name: name, Play: func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
						return play(name, ctx, a, on)
					}})
				})
			}
			return nil
		},
	})
	leave()
	replayers.Wait()
	return err
}

// nobody is an OnFound that must not be called.
func nobody(t *testing.T) func(string) {
	return func(name string) { t.Errorf("%s was found", name) }
}

func interval(a Assignment, seq uint64, n int) *stats.Interval {
	c := stats.NewCollector(a.Replayer, 0)
	var iv *stats.Interval
	for range seq + 1 {
		for range n {
			c.Started("GET /")
			c.Record(&stats.Result{Endpoint: "GET /", Done: time.Millisecond})
		}
		iv = c.Tick(time.Duration(seq+1)*time.Second, stats.Machine{})
	}
	return iv
}

func TestEveryReplayerPlaysItsSegmentFromOneStart(t *testing.T) {
	var r rig
	var mu sync.Mutex
	starts := map[int]time.Time{}
	err := r.coordinate(t, t.Context(), 3, func(_ string, ctx context.Context, a Assignment, on func(*stats.Interval)) error {
		payload, err := io.ReadAll(a.Payload)
		if err != nil || string(payload) != "the payload" || string(a.Spec) != `{"what":"test"}` || a.Segment.Count != 3 {
			t.Errorf("got payload %q, spec %s, segment %+v, error %v", payload, a.Spec, a.Segment, err)
		}
		start, err := a.Ready(ctx)
		if err != nil {
			return err
		}
		mu.Lock()
		starts[a.Segment.Index] = start
		mu.Unlock()
		for seq := range uint64(4) {
			on(interval(a, seq, 10))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b", "c"} {
		if r.intervals[name] != 4 {
			t.Errorf("got %d intervals of %s, want 4", r.intervals[name], name)
		}
	}
	if len(starts) != 3 {
		t.Errorf("got %d segments played, want 3", len(starts))
	}
	for i, at := range starts {
		if d := at.Sub(starts[0]).Abs(); d > 100*time.Millisecond {
			t.Errorf("segment %d starts %v from segment 0 on one machine", i, d)
		}
	}
	if len(r.lost) > 0 {
		t.Errorf("lost %v", r.lost)
	}
}

func TestAReplayerThatDiesIsLost(t *testing.T) {
	var r rig
	dead := make(chan struct{})
	err := r.coordinateWithDeath(t, dead)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.lost) != 1 || r.lost[0] != "b" {
		t.Errorf("lost %v, want b", r.lost)
	}
	if r.intervals["a"] != 2 || r.intervals["b"] != 1 {
		t.Errorf("got intervals %v, want 2 of a and what b had sent: 1", r.intervals)
	}
}

// coordinateWithDeath plays on two replayers, of which b loses its connection
// after its first interval and never comes back.
func (r *rig) coordinateWithDeath(t *testing.T, dead chan struct{}) error {
	r.intervals = make(map[string]int)
	var replayers sync.WaitGroup
	defer replayers.Wait()
	return Coordinate(t.Context(), Options{
		Replayers: 2,
		OnInterval: func(iv *stats.Interval) {
			r.intervals[iv.Replayer]++
			if iv.Replayer == "b" {
				close(dead)
			}
		},
		OnLost: func(name string) { r.lost = append(r.lost, name) }, OnFound: nobody(t),
		OnReady: func(url string) error {
			dying, die := context.WithCancel(t.Context())
			replayers.Go(func() {
				Join(t.Context(), JoinOptions{URL: url, Name: "a", Play: func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
					if _, err := a.Ready(ctx); err != nil {
						return err
					}
					on(interval(a, 0, 1))
					select {
					case <-dead:
					case <-time.After(time.Minute):
						return errors.New("no interval of b came")
					}
					die()
					// Long enough that the other's silence shows.
					if err := sleep(ctx, silenceLimit+2*time.Second); err != nil {
						return err
					}
					on(interval(a, 1, 1))
					return nil
				}})
			})
			replayers.Go(func() { joinAndDie(dying, url) })
			return nil
		},
	})
}

// joinAndDie is a replayer whose process is killed: its connection ends
// without a word.
func joinAndDie(dying context.Context, url string) {
	nc, err := connect(url, "b")
	if err != nil {
		return
	}
	r := &replayer{nc: nc, name: "b", JoinOptions: JoinOptions{Logger: slog.New(slog.DiscardHandler), Patience: time.Minute}}
	if r.run, err = r.ask(dying); err != nil {
		return
	}
	r.Play = func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
		if _, err := a.Ready(ctx); err != nil {
			return err
		}
		on(interval(a, 0, 1))
		if err := r.outbox.empty(ctx); err != nil {
			return err
		}
		<-ctx.Done()
		nc.Close()
		return nil
	}
	r.serve(dying)
}

func TestStopReachesTheReplayers(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var r rig
	// The replayers' own context is another one: only the order to stop ends them.
	err := func() error {
		r.intervals = make(map[string]int)
		var replayers sync.WaitGroup
		defer replayers.Wait()
		return Coordinate(ctx, Options{
			Replayers: 1, OnLost: func(name string) { r.lost = append(r.lost, name) }, OnFound: nobody(t),
			OnInterval: func(iv *stats.Interval) { r.intervals[iv.Replayer]++ },
			OnReady: func(url string) error {
				replayers.Go(func() {
					err := Join(t.Context(), JoinOptions{URL: url, Name: "a", Play: func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
						if _, err := a.Ready(ctx); err != nil {
							return err
						}
						cancel()
						<-ctx.Done()
						on(interval(a, 0, 1))
						return ctx.Err()
					}})
					if err != nil {
						t.Errorf("the replayer ended with %v", err)
					}
				})
				return nil
			},
		})
	}()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if r.intervals["a"] != 1 || len(r.lost) > 0 {
		t.Errorf("got intervals %v, lost %v; want the last one of a and nobody lost", r.intervals, r.lost)
	}
}

func TestAReplayerThatIsInterruptedIsLost(t *testing.T) {
	interrupted, interrupt := context.WithCancel(t.Context())
	var r rig
	r.intervals = make(map[string]int)
	var replayers sync.WaitGroup
	err := Coordinate(t.Context(), Options{
		Replayers: 2, OnLost: func(name string) { r.lost = append(r.lost, name) }, OnFound: nobody(t),
		OnInterval: func(iv *stats.Interval) { r.intervals[iv.Replayer]++ },
		OnReady: func(url string) error {
			join := func(ctx context.Context, name string, play func(context.Context, Assignment, func(*stats.Interval)) error) {
				replayers.Go(func() {
					Join(ctx, JoinOptions{URL: url, Name: name, Play: func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
						if _, err := a.Ready(ctx); err != nil {
							return err
						}
						return play(ctx, a, on)
					}})
				})
			}
			join(interrupted, "a", func(ctx context.Context, a Assignment, on func(*stats.Interval)) error {
				interrupt()
				<-ctx.Done()
				on(interval(a, 0, 1))
				return ctx.Err()
			})
			join(t.Context(), "b", func(_ context.Context, a Assignment, on func(*stats.Interval)) error {
				on(interval(a, 0, 1))
				return nil
			})
			return nil
		},
	})
	replayers.Wait()
	if err != nil {
		t.Errorf("got %v, want no error: the other replayer came to its end", err)
	}
	if r.intervals["a"] != 1 || r.intervals["b"] != 1 || len(r.lost) != 1 || r.lost[0] != "a" {
		t.Errorf("got intervals %v, lost %q; want one of each, and a lost", r.intervals, r.lost)
	}
}

func TestAReplayerThatCannotPlayEndsTheRun(t *testing.T) {
	var r rig
	err := r.coordinate(t, t.Context(), 2, func(name string, ctx context.Context, a Assignment, on func(*stats.Interval)) error {
		if name == "b" {
			return errors.New("no room for the model")
		}
		_, err := a.Ready(ctx)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "no room for the model") {
		t.Errorf("got %v, want the replayer's reason", err)
	}
}

func TestIntervalsSurviveTheWire(t *testing.T) {
	a := Assignment{Replayer: "a"}
	iv := interval(a, 2, 5)
	data, err := encodeInterval(iv)
	if err != nil {
		t.Fatal(err)
	}
	got, err := decodeInterval(data)
	if err != nil {
		t.Fatal(err)
	}
	if got.Seq != iv.Seq || got.Total.OK != 5 || got.Total.Response.Quantile(0.5) != iv.Total.Response.Quantile(0.5) {
		t.Errorf("got %+v, want %+v", got, iv)
	}
	if _, err := decodeInterval([]byte("garbage")); err == nil {
		t.Error("garbage was decoded")
	}
}
