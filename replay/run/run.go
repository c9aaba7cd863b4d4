package run

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// A Run is one execution of a job and its handle. Its methods may be called from
// any goroutine, before, while and after it plays.
type Run struct {
	options    Options
	in         *input
	thresholds []stats.Threshold
	timeline   *stats.Timeline
	file       *runfile.Writer // nil: none; only Play uses it
	fileErr    error

	mu       sync.Mutex // guards what follows
	state    State
	playing  bool // Play has been called
	manifest stats.Manifest
	started  time.Time      // when the first second began
	summary  *stats.Summary // of a run that is done
	latest   map[string]*stats.Interval
	lost     map[string]bool
	stop     chan struct{} // closed by Stop
	changed  chan struct{} // closed at the next change
}

// New reads and checks a job and returns a run that has not begun. Mistakes in
// the job are a [*JobError]. It sends nothing.
func New(ctx context.Context, j Job, o Options) (*Run, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	j, thresholds, err := j.complete()
	if err != nil {
		return nil, err
	}
	if most := replay.MaxUsers * max(o.Replayers, 1); j.Plan.Users > most {
		need := (j.Plan.Users + replay.MaxUsers - 1) / replay.MaxUsers
		return nil, jobErrorf("%d users: one process plays at most %d; use %d replayers", j.Plan.Users, replay.MaxUsers, need)
	}
	in, err := openInput(ctx, j, o)
	if err != nil {
		return nil, err
	}
	return newRun(in, thresholds, o), ctx.Err()
}

func newRun(in *input, thresholds []stats.Threshold, o Options) *Run {
	return &Run{
		options: o, in: in, thresholds: thresholds, timeline: stats.NewTimeline(),
		state: Waiting, manifest: describe(in, o.Version),
		latest: make(map[string]*stats.Interval), lost: make(map[string]bool),
		stop: make(chan struct{}), changed: make(chan struct{}),
	}
}

// describe makes the manifest of a run.
func describe(in *input, version string) stats.Manifest {
	p := in.job.Plan
	host, _ := os.Hostname()
	m := stats.Manifest{
		Version: version, Seed: p.Seed, Source: in.job.name(), Target: p.Target,
		Schedule: in.job.schedule(), Users: p.Users, Rate: p.Rate, Scale: p.Scale, Speed: p.Speed, Duration: p.Duration,
		Labels: in.job.Labels, Start: time.Now(),
		Host: stats.Host{Name: host, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()},
	}
	if in.model != nil {
		m.ModelHash, m.Recorded = folder.Hash(in.model), modelled.Recorded(in.model, p)
		for i := range in.model.Endpoints {
			if e := &in.model.Endpoints[i]; e.Asset {
				m.Assets = append(m.Assets, e.Name)
			}
		}
		for _, u := range in.model.Unresolved {
			m.Unresolved = append(m.Unresolved, stats.Unresolved(u))
		}
	}
	return m
}

// Manifest says what the run is.
func (r *Run) Manifest() stats.Manifest {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.manifest
}

// know returns the manifest, completed with what the run is compared with.
func (r *Run) know(w *work) stats.Manifest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w.recorded != nil {
		r.manifest.Recorded = w.recorded
	}
	if len(w.supplies)+len(w.varieties) > 0 && r.manifest.Recorded != nil {
		known := *r.manifest.Recorded
		known.Supplies, known.Varieties = w.supplies, w.varieties
		r.manifest.Recorded = &known
	}
	r.timeline.Of(&r.manifest)
	return r.manifest
}

// Play makes the run and returns when it is over. It can be called once. The summary
// is nil only when nothing was played. After Stop, or after the end of ctx, the summary
// covers what was played and is marked partial; the error is then context.Canceled or
// that of ctx.
func (r *Run) Play(ctx context.Context) (*stats.Summary, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if !r.begin() {
		return nil, errors.New("this run has been played; make a new one")
	}
	watching := make(chan struct{})
	go func() {
		defer close(watching)
		select {
		case <-r.stop:
			cancel()
		case <-ctx.Done():
		}
	}()
	summary, err := r.play(ctx)
	cancel()
	<-watching
	r.end(summary)
	return summary, err
}

// play loads the job, sends its load and judges the result.
func (r *Run) play(ctx context.Context) (*stats.Summary, error) {
	local, err := r.in.load(ctx)
	if err != nil {
		return nil, err
	}
	defer local.close()
	// With NATS, replayers elsewhere may reach what this machine cannot.
	if r.options.NATS == "" {
		if err := r.in.job.reach(ctx); err != nil {
			return nil, err
		}
	}
	manifest := r.know(local)
	if r.options.Output != "" {
		if r.file, err = runfile.Create(r.options.Output, &manifest); err != nil {
			return nil, err
		}
	}
	r.options.OnBegin(manifest)
	playErr := r.send(ctx, local)
	summary := r.timeline.Summary(r.thresholds...)
	summary.Partial = playErr != nil
	summary.Judge()
	if err := errors.Join(playErr, r.closeFile(summary)); err != nil {
		if summary.Started == 0 && playErr != nil && !errors.Is(playErr, context.Canceled) {
			return nil, playErr
		}
		return summary, err
	}
	return summary, nil
}

// send sends the load and returns when the plan is over.
func (r *Run) send(ctx context.Context, local *work) error {
	if r.options.Replayers > 0 {
		return r.coordinate(ctx)
	}
	o := r.in.job.engine(local)
	o.OnInterval = r.take
	return replay.Run(ctx, o)
}

// take counts an interval of a replayer. It is called for one at a time.
func (r *Run) take(iv *stats.Interval) {
	if !r.timeline.Add(iv) {
		return
	}
	if r.file != nil && r.fileErr == nil {
		r.fileErr = r.file.Interval(iv)
	}
	r.note(iv)
	r.options.OnInterval(iv)
}

// lose marks a replayer as silent.
func (r *Run) lose(name string) {
	r.timeline.Lose(name)
	r.mu.Lock()
	r.lost[name] = true
	r.notify()
	r.mu.Unlock()
	r.options.OnLost(name)
}

// find takes back lose: the replayer is heard again.
func (r *Run) find(name string) {
	r.timeline.Found(name)
	r.mu.Lock()
	delete(r.lost, name)
	r.notify()
	r.mu.Unlock()
	r.options.OnFound(name)
}

// closeFile writes the summary to the run file and closes it.
func (r *Run) closeFile(s *stats.Summary) error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.fileErr, r.file.Close(s))
}
