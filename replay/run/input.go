package run

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
)

// An input is a job with what it plays, opened and checked.
type input struct {
	job      Job
	reading  flowfile.ReaderOptions
	note     func(string)
	damage   func(error)
	model    *model.Model // of a job that plays one
	recorded []string     // origins that were recorded
}

// openInput reads the model of a completed job, or looks into its recording, and
// refuses to send load to where that was recorded.
func openInput(j Job, o Options) (*input, error) {
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
		in.model, in.recorded = m, []string{m.Recorded.Origin}
	case j.Recording != "":
		if err := in.lookInto(j.Recording); err != nil {
			return nil, err
		}
	}
	return in, in.guard(j.Plan.Target)
}

// guard refuses a target that was recorded, see [replay.Guard].
func (in *input) guard(target string) error {
	for _, origin := range in.recorded {
		if err := replay.Guard(target, origin, in.job.AllowHosts); err != nil {
			return &JobError{err}
		}
	}
	return nil
}

// lookInto finds out whom the requests of a recording went to, and says when
// they cannot be sent as they were.
func (in *input) lookInto(path string) error {
	reading := in.reading
	reading.ReuseBodies = true
	for f, err := range reading.Flows(path) {
		switch {
		case errors.As(err, new(*flowfile.CorruptError)):
			continue // loading tells of it
		case err != nil:
			return err
		}
		if origin := f.Scheme + "://" + f.Request.Authority; !slices.Contains(in.recorded, origin) {
			in.recorded = append(in.recorded, origin)
		}
	}
	totals, err := in.reading.Stat(path)
	if err != nil && !errors.As(err, new(*flowfile.CorruptError)) {
		return err
	}
	redacted := func(info flow.Info) bool { return info.Redaction != "" && info.Redaction != "none" }
	if slices.ContainsFunc(totals.Infos, redacted) {
		in.note(fmt.Sprintf("passwords and tokens of %s are pseudonyms, which the target will refuse; "+
			"record without redaction to send what was sent, or learn a model with a data file", path))
	}
	return nil
}

// A work is an input made ready to play in this process.
type work struct {
	source   replay.Source
	arrivals load.Arrivals
}

// load makes the input ready to play.
func (in *input) load(ctx context.Context) (*work, error) {
	var (
		w      work
		starts []time.Duration
		span   time.Duration
		err    error
	)
	plan := in.job.Plan
	switch {
	case in.model != nil:
		starts, span = in.model.Recorded.Starts, in.model.Recorded.Duration
		w.source, err = replay.Modelled(in.model, plan)
	case in.job.Recording != "":
		w.source, starts, span, err = in.repeat(ctx)
	default:
		w.source, err = replay.Single(in.job.URL, plan)
	}
	if err != nil {
		return nil, err
	}
	w.arrivals, err = plan.Arrivals(starts, span)
	return &w, err
}

// repeat makes a source of the recording. starts and span are those of its
// sessions.
func (in *input) repeat(ctx context.Context) (src replay.Source, starts []time.Duration, span time.Duration, err error) {
	sessions, err := in.sessions(ctx)
	if err != nil {
		return nil, nil, 0, err
	}
	starts, span = replay.Offsets(sessions)
	src, notes, err := replay.Verbatim(sessions)
	for _, text := range notes {
		in.note(text)
	}
	return src, starts, span, err
}

// sessions reads the recording as sessions in order of their start.
func (in *input) sessions(ctx context.Context) ([][]*flow.Flow, error) {
	path := in.job.Recording
	var report session.Report
	split, err := session.Split(in.readable(path), session.Options{Report: &report})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if others := report.Others(); others != "" {
		in.note(fmt.Sprintf("other hosts than %s are left out: %s", strings.Join(report.Hosts, ", "), others))
	}
	sessions := make([][]*flow.Flow, 0, len(split))
	for _, s := range split {
		if len(s.Flows) > 0 {
			sessions = append(sessions, s.Flows)
		}
	}
	if len(sessions) == 0 {
		return nil, fmt.Errorf("%s holds no flow; record some traffic first", path)
	}
	slices.SortStableFunc(sessions, func(a, b []*flow.Flow) int { return cmp.Compare(a[0].Start.UnixNano(), b[0].Start.UnixNano()) })
	return sessions, ctx.Err()
}

// readable goes over the flows of a recording. Damage is told and skipped.
func (in *input) readable(path string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		for f, err := range in.reading.Flows(path) {
			if errors.As(err, new(*flowfile.CorruptError)) {
				in.damage(err)
				continue
			}
			if !yield(f, err) {
				return
			}
		}
	}
}
