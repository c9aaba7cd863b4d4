package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/modelled"
	"github.com/starling-load/starling/replay/verbatim"
)

// An input is a job with what it plays, opened and checked.
type input struct {
	job      Job
	reading  flowfile.ReaderOptions
	note     func(string)
	damage   func(error)
	model    *model.Model // of a job that plays one
	recorded []string     // origins that were recorded, those with the most requests first
	servers  []string     // host:port that the recorder passed requests on to
	shares   []float64    // of the requests, by recorded; empty: not known
	redacted bool         // passwords and tokens of the recording are pseudonyms
}

// openInput reads the model of a completed job, or looks into its recording, and
// refuses to send load to where that was recorded.
func openInput(ctx context.Context, j Job, o Options) (*input, error) {
	in := &input{job: j, reading: o.Reading, note: o.OnNote, damage: o.OnDamage}
	switch {
	case j.Model != "":
		m, err := folder.Read(j.Model)
		if err != nil {
			return nil, err
		}
		if err := replaceData(m, j.Data); err != nil {
			return nil, err
		}
		in.model = m
		in.recorded, in.shares = origins(m)
		in.servers = m.Recorded.Servers
	case j.Recording != "":
		if err := in.lookInto(j.Recording, o.Learn == nil); err != nil {
			return nil, err
		}
	}
	if err := in.check(); err != nil || o.Learn == nil || j.Recording == "" {
		return in, err
	}
	return in, in.learn(ctx, o)
}

// A Recording is what Options.Learn learns from.
type Recording struct {
	Path     string
	Origins  []replay.Origin // whose requests are sent somewhere, the main one first
	Redacted bool            // passwords and tokens are pseudonyms
}

// OriginOf names the further origin that f went to, and "" for the main one. sent is
// false if the request is sent nowhere.
func (r Recording) OriginOf(f *flow.Flow) (further string, sent bool) {
	switch i := replay.FindOrigin(r.Origins, verbatim.OriginOf(f)); i {
	case -1:
		return "", false
	case 0:
		return "", true
	default:
		return r.Origins[i].Recorded, true
	}
}

// learn makes the input one of a model of its recording.
func (in *input) learn(ctx context.Context, o Options) error {
	path := in.job.Recording
	if len(in.recorded) == 0 {
		return in.empty()
	}
	m, kept, err := o.Learn(ctx, Recording{path, in.job.Plan.Origins(in.main()), in.redacted})
	if err != nil {
		return err
	}
	in.model, in.job.Source = m, Source{Model: kept}
	return nil
}

// origins lists the origins that the requests of a model went to, the main one first,
// and their shares of the recorded requests. A model written by hand has no shares.
func origins(m *model.Model) (urls []string, shares []float64) {
	counts, total := map[string]int{}, 0
	for _, e := range m.Endpoints {
		for _, v := range e.Variants {
			counts[e.Origin] += v.Recorded
			total += v.Recorded
		}
	}
	for i, o := range m.Origins {
		urls = append(urls, o.URL)
		n := counts[o.Name]
		if i == 0 && o.Name != "" {
			n += counts[""]
		}
		if total > 0 {
			shares = append(shares, float64(n)/float64(total))
		}
	}
	return urls, shares
}

// check refuses to send load to an origin that was recorded, see
// [replay.Guard], and to map one that was not.
func (in *input) check() error {
	for _, to := range in.job.Plan.Origins("") {
		for _, origin := range slices.Concat(in.recorded, in.servers) {
			if err := replay.Guard(to.Live, origin, in.job.AllowHosts); err != nil {
				return &JobError{err}
			}
		}
		if to.Recorded != "" && len(in.recorded) > 0 && !slices.ContainsFunc(in.recorded, sameHost(to.Recorded)) {
			return jobErrorf("%s was not recorded; the recorded origins are %s", to.Recorded, strings.Join(in.recorded, ", "))
		}
	}
	return nil
}

// main is the origin of the recording whose requests go to the target. Among those
// that the plan does not map, it is the one with the most requests.
func (in *input) main() string {
	for _, origin := range in.recorded {
		if !slices.ContainsFunc(in.job.Plan.Map, func(o replay.Origin) bool { return hostOf(o.Recorded) == hostOf(origin) }) {
			return origin
		}
	}
	return ""
}

// sameHost returns a function that reports whether an origin has the same host and
// port.
func sameHost(origin string) func(string) bool {
	return func(other string) bool { return hostOf(other) == hostOf(origin) }
}

// lookInto finds out which origins the requests of a recording went to. It says what of
// them the target will refuse if they are sent verbatim.
func (in *input) lookInto(path string, verbatim bool) error {
	if err := in.countOrigins(path); err != nil {
		return err
	}
	totals, err := in.reading.Stat(path)
	if err != nil && !errors.As(err, new(*flowfile.CorruptError)) {
		return err
	}
	redacted := func(info flow.Info) bool { return info.Redaction != "" && info.Redaction != "none" }
	in.redacted = slices.ContainsFunc(totals.Infos, redacted)
	if in.redacted && verbatim {
		in.note(fmt.Sprintf("passwords and tokens of %s are pseudonyms, which the target will refuse; "+
			"record without redaction to send what was sent, or learn from it with a data file", path))
	}
	return nil
}

// countOrigins counts the requests of a recording by origin.
func (in *input) countOrigins(path string) error {
	reading := in.reading
	reading.ReuseBodies = true
	counts, servers, total := map[string]int{}, map[string]bool{}, 0
	reading.Conn = func(c *flow.Conn) { servers[c.Server] = true }
	for f, err := range reading.Flows(path) {
		switch {
		case errors.As(err, new(*flowfile.CorruptError)):
			continue // it is reported when the recording is loaded
		case err != nil:
			return err
		}
		counts[verbatim.OriginOf(f)]++
		total++
	}
	in.servers = slices.Sorted(maps.Keys(servers))
	in.recorded = slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	for _, origin := range in.recorded {
		in.shares = append(in.shares, float64(counts[origin])/float64(total))
	}
	return nil
}

// A work is an input made ready to play in this process.
type work struct {
	source    replay.Source
	arrivals  load.Arrivals
	recording *recording         // that the source reads; may be nil
	supplies  []faithful.Supply  // rows of data that users need
	varieties []faithful.Variety // what they ask for too little of
	recorded  *faithful.Recorded // what a recording holds to compare with; nil: nothing is known, or a model is played
}

// close ends the use of the source.
func (w *work) close() error {
	if w.recording == nil {
		return nil
	}
	return w.recording.close()
}

// engine returns what the engine needs to play the job.
func (j Job) engine(w *work) replay.Options {
	return replay.Options{Plan: j.Plan, Source: w.source, Arrivals: w.arrivals, Client: j.Client, StopTimeout: j.StopTimeout}
}

// load makes the input ready to play.
func (in *input) load(ctx context.Context) (*work, error) {
	var w work
	var starts replay.Starts
	var err error
	plan := in.job.Plan
	switch {
	case in.model != nil:
		starts = modelled.Starts(in.model)
		plan = steady(plan, in.model.SessionLength())
		in.tellUnmapped(plan.Origins(in.model.MainOrigin()))
		in.tellNotes()
		w.source, err = modelled.New(in.model, plan)
	case in.job.Recording != "":
		if w.recording, w.source, err = in.repeat(ctx); err == nil {
			starts, w.recorded = w.recording.starts(), w.recording.recorded
			plan = steady(plan, w.recording.length)
		}
	default:
		w.source, err = replay.Single(in.job.URL, plan)
	}
	if err == nil {
		w.arrivals, err = plan.Arrivals(starts)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	if in.model != nil {
		w.supplies = modelled.Supplies(in.model, w.source, w.arrivals.At, w.arriving(plan.Duration))
		w.varieties = modelled.Varieties(in.model, w.sessions(plan, in.model.SessionLength()))
		in.tellShared(w.supplies)
	}
	return &w, nil
}

// steady spreads the users of a plan over their sessions, of a mean length, unless it says
// how they come.
func steady(p replay.Plan, length time.Duration) replay.Plan {
	if p.Users > 0 && p.Spread == 0 {
		p.Spread = load.Ramp(time.Duration(float64(length)/cmp.Or(p.Speed, 1)), p.Duration)
	}
	return p
}

// tellNotes says what was recorded and is not in the model, so that nobody takes a run
// of the model for the whole recording.
func (in *input) tellNotes() {
	const most = 5
	if len(in.model.Sessions) > 0 && in.job.Plan.Paths != replay.WalkPaths && strings.Contains(in.model.Overrides, "\n  behaviors:") {
		in.note("odds and think times of the overrides are those of walks, --paths walk; recorded sessions are changed by edits")
	}
	var apart []string
	for i := range in.model.Behaviors {
		if b := &in.model.Behaviors[i]; !b.OfUsers() {
			apart = append(apart, fmt.Sprintf("%s (%s)", b.Name, english.Plural(b.Sessions, "session", "")))
		}
	}
	if scale := in.job.Plan.Scale; len(apart) > 0 && scale != 1 {
		how := map[bool]string{true: "not played", false: "played once, as recorded"}[scale == 0]
		in.note("no users, and " + how + ": " + strings.Join(apart, ", ") + "; --scale plays them once at any multiple")
	}
	notes := in.model.Notes
	for _, text := range notes[:min(most, len(notes))] {
		in.note("the model: " + text)
	}
	if more := len(notes) - most; more > 0 {
		in.note(english.Plural(more, "more note", "") + " in the model")
	}
}

// empty returns the error of a recording without a flow that can be read.
func (in *input) empty() error {
	for _, err := range in.reading.Flows(in.job.Recording) {
		if err != nil {
			return fmt.Errorf("%w; nothing of %s can be read", err, in.job.Recording)
		}
	}
	return fmt.Errorf("%s holds no flow; record some traffic first", in.job.Recording)
}

// repeat makes a source of the recording, which is open until close.
func (in *input) repeat(ctx context.Context) (r *recording, src replay.Source, err error) {
	if len(in.recorded) == 0 {
		return nil, nil, in.empty()
	}
	origins := in.job.Plan.Origins(in.main())
	in.tellUnmapped(origins)
	if r, err = in.openRecording(ctx, origins); err != nil {
		return nil, nil, err
	}
	starts := r.starts()
	if len(starts.At) == 0 {
		return r, nil, errors.New("the recording holds no request that can be replayed")
	}
	play, err := in.job.Plan.Recorded(starts)
	if err == nil {
		src, err = verbatim.New(r, origins, func(i uint64) int {
			recorded, _ := play(i)
			return recorded
		}, in.job.Plan.Speed)
	}
	return r, src, err
}
