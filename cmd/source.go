package cmd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/load"
)

// The kinds of a job.
const (
	modelJob = "model"
	flowJob  = "flow"
	urlJob   = "url"
)

// A job is what replayers play. It travels as JSON, beside the bytes of the
// model or recording.
type job struct {
	Plan   replay.Plan    `json:"plan"`
	Kind   string         `json:"kind"`
	URL    string         `json:"url,omitempty"`
	Client client.Options `json:"client"`
}

// An input is a job with what it plays, read and checked.
type input struct {
	job      job
	env      environment
	name     string       // for people
	hash     string       // of the model
	model    *model.Model // with modelJob
	path     string       // with flowJob
	recorded []string     // origins that were recorded
}

// A loaded is an input made ready to play in this process.
type loaded struct {
	source   replay.Source
	arrivals load.Arrivals
	notes    []string
}

// isModel reports whether path is a model folder rather than a flow file.
func isModel(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir() || strings.HasSuffix(strings.TrimRight(path, "/"), ".model")
}

// openInput reads a model folder or looks into a flow file. data names CSV files
// that take the place of the model's data sources, as dataFile reads it.
func openInput(env environment, path string, data []string) (*input, error) {
	in := &input{env: env, name: path}
	if !isModel(path) {
		if len(data) > 0 {
			return nil, usagef("--data works with a model; %s is a recording", path)
		}
		in.job.Kind, in.path = flowJob, path
		var err error
		if in.recorded, err = recordedOrigins(env, path); err != nil {
			return nil, err
		}
		return in, tellRedaction(env, path)
	}
	m, err := folder.Read(path)
	if err != nil {
		return nil, err
	}
	for _, spec := range data {
		if err := replaceData(m, spec); err != nil {
			return nil, err
		}
	}
	in.job.Kind, in.model, in.hash, in.recorded = modelJob, m, folder.Hash(m), []string{m.Recorded.Origin}
	return in, nil
}

// tellRedaction says that a recording cannot be sent as it was.
func tellRedaction(env environment, path string) error {
	o, err := env.reading()
	if err != nil {
		return err
	}
	totals, err := o.Stat(path)
	if err != nil && !errors.As(err, new(*flowfile.CorruptError)) {
		return err
	}
	for _, info := range totals.Infos {
		if info.Redaction != "" && info.Redaction != "none" {
			env.say("note: passwords and tokens of %s are pseudonyms, which the target will refuse; record with --redact none to send what was sent, or learn a model with --data", path)
			break
		}
	}
	return nil
}

// recordedOrigins lists whom the requests of a recording went to. What is
// damaged is left out: loading tells of it.
func recordedOrigins(env environment, path string) ([]string, error) {
	o, err := env.reading()
	if err != nil {
		return nil, err
	}
	o.ReuseBodies = true
	var origins []string
	for f, err := range o.Flows(path) {
		var corrupt *flowfile.CorruptError
		switch {
		case errors.As(err, &corrupt):
			continue
		case err != nil:
			return nil, err
		}
		if origin := f.Scheme + "://" + f.Request.Authority; !slices.Contains(origins, origin) {
			origins = append(origins, origin)
		}
	}
	return origins, nil
}

// guard refuses to send the input to where it was recorded, see replay.Guard.
func (in *input) guard(allowed []string) error {
	for _, origin := range in.recorded {
		if err := replay.Guard(in.job.Plan.Target, origin, allowed); err != nil {
			return usageError{err}
		}
	}
	return nil
}

// dataFile reads a --data flag: NAME=FILE, or FILE alone, whose name without its
// ending is then that of the data source.
func dataFile(spec string) (name, file string) {
	if name, file, named := strings.Cut(spec, "="); named {
		return name, file
	}
	return strings.TrimSuffix(filepath.Base(spec), filepath.Ext(spec)), spec
}

// replaceData puts the rows of a CSV file in the place of a model's source.
func replaceData(m *model.Model, spec string) error {
	name, file := dataFile(spec)
	for i := range m.Data {
		if m.Data[i].Name != name {
			continue
		}
		src, err := readCSV(name, file)
		if err != nil {
			return err
		}
		for _, column := range m.Data[i].Columns {
			if !slices.Contains(src.Columns, column) {
				return fmt.Errorf("%s has no column %q, which the model needs; its header is %s", file, column, strings.Join(src.Columns, ","))
			}
		}
		m.Data[i] = src
		return nil
	}
	var have []string
	for _, src := range m.Data {
		have = append(have, src.Name)
	}
	if len(have) == 0 {
		return usagef("--data %s: the model has no data sources; learn it with --data", spec)
	}
	return usagef("--data %s: the model has no data source %q; it has %s", spec, name, strings.Join(have, ", "))
}

func readCSV(name, file string) (model.Source, error) {
	f, err := os.Open(file)
	if err != nil {
		return model.Source{}, err
	}
	defer f.Close()
	src, err := folder.ReadSource(name, f)
	if err != nil {
		return model.Source{}, fmt.Errorf("read %s: %w", file, err)
	}
	if len(src.Rows) == 0 {
		return model.Source{}, fmt.Errorf("%s has no rows below its header; add some", file)
	}
	return src, nil
}

// payload returns what replayers need beside the job.
func (in *input) payload() (io.ReadCloser, error) {
	switch in.job.Kind {
	case modelJob:
		r, w := io.Pipe()
		go func() { w.CloseWithError(folder.Archive(w, in.model)) }()
		return r, nil
	case flowJob:
		return os.Open(in.path)
	}
	return io.NopCloser(strings.NewReader("")), nil
}

// receive is the inverse of payload in a replayer: it keeps the payload in dir
// as long as needed to load it.
func receive(env environment, j job, payload io.Reader, dir string) (*input, error) {
	in := &input{env: env, job: j}
	switch j.Kind {
	case modelJob:
		var err error
		in.model, err = folder.ReadArchive(payload)
		return in, err
	case flowJob:
		in.path = filepath.Join(dir, "recording.flow.zst")
		f, err := os.OpenFile(in.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(f, payload)
		return in, errors.Join(err, f.Close())
	}
	return in, nil
}

// load makes the input ready to play.
func (in *input) load(ctx context.Context) (*loaded, error) {
	var (
		out    loaded
		starts []time.Duration
		span   time.Duration
		err    error
	)
	switch in.job.Kind {
	case modelJob:
		starts, span = in.model.Recorded.Starts, in.model.Recorded.Duration
		out.source, err = replay.Modelled(in.model, in.job.Plan)
	case flowJob:
		var sessions [][]*flow.Flow
		if sessions, err = recordedSessions(ctx, in.env, in.path); err != nil {
			return nil, err
		}
		starts, span = replay.Offsets(sessions)
		out.source, out.notes, err = replay.Verbatim(sessions)
	case urlJob:
		out.source, err = replay.Single(in.job.URL, in.job.Plan)
	default:
		err = fmt.Errorf("cannot play a %q", in.job.Kind)
	}
	if err != nil {
		return nil, err
	}
	out.arrivals, err = in.job.Plan.Arrivals(starts, span)
	return &out, err
}

// recordedSessions reads a recording as sessions in order of start.
func recordedSessions(ctx context.Context, env environment, path string) ([][]*flow.Flow, error) {
	var report session.Report
	split, err := session.Split(readable(env, path), session.Options{Report: &report})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if others := report.Others(); others != "" {
		env.say("note: other hosts than %s are left out: %s", strings.Join(report.Hosts, ", "), others)
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
