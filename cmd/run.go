package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/cluster"
	"github.com/starling-load/starling/replay/stats"
)

// A runner makes one run: it plays an input here or on replayers, and feeds
// what comes of it to the run file, the terminal and the live view.
type runner struct {
	env       environment
	in        *input
	output    string // run file; "": none
	replayers int    // 0: play in this process
	nats      string // NATS server to meet replayers on; "": our own, replayers started here
	title     string
	quiet     bool      // no notes, no progress
	live      *liveView // may be nil

	thresholds []stats.Threshold

	manifest stats.Manifest
	timeline *stats.Timeline
	file     *stats.RunWriter
	fileErr  error
	bar      *progress
}

// run makes the run. The summary is nil only when nothing was played. After
// the end of ctx it returns the summary of what was played, marked partial,
// with the error of ctx.
func (r *runner) run(ctx context.Context) (*stats.Summary, error) {
	r.manifest = r.describe()
	r.timeline = stats.NewTimeline()
	local, err := r.in.load(ctx)
	if err != nil {
		return nil, err
	}
	if !r.quiet {
		for _, note := range local.notes {
			r.env.say("note: %s", note)
		}
	}
	// Replayers elsewhere may reach what this machine does not.
	if r.nats == "" {
		if err := checkTarget(ctx, r.manifest.Target); err != nil {
			return nil, err
		}
	}
	if r.output != "" {
		if r.file, err = stats.CreateRun(r.output, &r.manifest); err != nil {
			return nil, err
		}
	}
	if r.live != nil {
		ctx = r.live.begin(ctx, r.manifest, r.timeline, r.thresholds)
	}
	r.startProgress()
	playErr := r.play(ctx, local)
	if r.bar != nil {
		r.bar.end()
	}
	summary := r.timeline.Summary(r.thresholds...)
	summary.Partial = playErr != nil
	summary.Judge()
	err = errors.Join(playErr, r.finish(summary))
	if r.live != nil {
		r.live.end(summary)
	}
	if summary.Started == 0 && playErr != nil && !errors.Is(playErr, context.Canceled) {
		return nil, playErr
	}
	return summary, err
}

// describe makes the manifest.
func (r *runner) describe() stats.Manifest {
	p := r.in.job.Plan
	host, _ := os.Hostname()
	return stats.Manifest{
		Version: version(), Seed: p.Seed, Source: r.in.name, ModelHash: r.in.hash, Target: p.Target,
		Schedule: scheduleText(r.in.job), Users: p.Users, Rate: p.Rate, Scale: p.Scale, Speed: p.Speed, Duration: p.Duration,
		Start: time.Now(),
		Host:  stats.Host{Name: host, OS: runtime.GOOS, Arch: runtime.GOARCH, Cores: runtime.NumCPU(), Go: runtime.Version()},
	}
}

// play sends the load and returns when the plan is over.
func (r *runner) play(ctx context.Context, local *loaded) error {
	if r.replayers > 0 {
		return r.coordinate(ctx)
	}
	return replay.Run(ctx, replay.Options{
		Plan: r.in.job.Plan, Source: local.source, Arrivals: local.arrivals, Client: r.in.job.Client,
		OnInterval: r.take,
	})
}

// coordinate plays on replayers.
func (r *runner) coordinate(ctx context.Context) error {
	spec, err := json.Marshal(r.in.job)
	if err != nil {
		return fmt.Errorf("encode the job: %w", err)
	}
	payload, err := r.in.payload()
	if err != nil {
		return err
	}
	defer payload.Close()
	var local localReplayers
	defer local.stop()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	err = cluster.Coordinate(ctx, cluster.Options{
		Replayers: r.replayers, NATS: r.nats, Spec: spec, Payload: payload,
		OnInterval: r.take,
		OnLost: func(name string) {
			r.timeline.Lose(name)
			if r.live != nil {
				r.live.lose(name)
			}
			r.env.say("replayer %s fell silent: its share of the load is missing from here on", name)
		},
		OnReady: func(url string) error {
			if r.nats != "" {
				r.env.say("waiting for %d replayers: starling replayer --join %s", r.replayers, withoutCredentials(url))
				return nil
			}
			return local.start(r.env, r.replayers, url, func() { giveUp(errReplayer) })
		},
		Logger: r.env.logger(),
	})
	if context.Cause(ctx) == errReplayer {
		return errReplayer
	}
	return err
}

// errReplayer ends a run of which a local replayer gave up.
var errReplayer = errors.New("a replayer could not play; its own message says why")

// take receives each interval of each replayer, one at a time.
func (r *runner) take(iv *stats.Interval) {
	if !r.timeline.Add(iv) {
		return
	}
	if r.file != nil && r.fileErr == nil {
		r.fileErr = r.file.Interval(iv)
	}
	if r.live != nil {
		r.live.take(iv)
	}
	if r.bar != nil {
		r.bar.update(iv.End, liveText(r.timeline, r.replayers))
	}
}

func (r *runner) startProgress() {
	if r.quiet {
		return
	}
	r.env.say("%s: %s against %s", r.title, r.manifest.Schedule, r.manifest.Target)
	r.bar = newProgress(r.env.stderr, r.title, r.manifest.Duration)
}

// liveText is the last second in one line; with several replayers the one
// before it, which all have reported.
func liveText(t *stats.Timeline, replayers int) string {
	points := t.Seconds(max(0, t.Duration()-5*time.Second))
	if replayers > 1 && len(points) > 0 {
		points = points[:len(points)-1]
	}
	if len(points) == 0 {
		return ""
	}
	p := points[len(points)-1]
	text := fmt.Sprintf("%4.0fs  %s  %.0f req/s", (p.Start + p.Width).Seconds(), counted(p.Users, "user"), p.Rate)
	if p.Rate == 0 {
		return text // nothing ended in this second
	}
	return text + fmt.Sprintf("  p50 %s  p95 %s  p99 %s  %.0f failed/s",
		micros(p.Response.P50), micros(p.Response.P95), micros(p.Response.P99), p.Failures)
}

// micros writes a time in microseconds for people.
func micros(us int64) string {
	d := time.Duration(us) * time.Microsecond
	switch {
	case d < time.Millisecond:
		return d.String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// finish closes the run file with its summary.
func (r *runner) finish(s *stats.Summary) error {
	if r.file == nil {
		return nil
	}
	return errors.Join(r.fileErr, r.file.Close(s))
}
