package run

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/client"
	"github.com/starling-load/starling/replay/stats"
)

// A Job says what to play, against what, and when. It is plain data: its JSON
// form is what travels to replayers.
type Job struct {
	Source

	// Plan says against which target, how many users, and how long. If users, rate
	// and scale are all 0, it is scale 1, or one user for a URL. A URL needs no
	// target: its own origin is the default. Its default duration is 10 s.
	Plan replay.Plan `json:"plan"`

	// StopTimeout is how long exchanges under way may go on after the end of the
	// run. 0 means 5 s.
	StopTimeout time.Duration `json:"stop_timeout,omitempty"`

	// Client sets how connections are made.
	Client client.Options `json:"client"`

	// AllowHosts are hosts that load may be sent to although they are the ones
	// that were recorded. Nothing else is sent to a recorded host.
	AllowHosts []string `json:"allow_hosts,omitempty"`

	// Labels are kept in the run file, as "release=1.4".
	Labels []string `json:"labels,omitempty"`

	// Thresholds are conditions on the result, as [stats.ParseThreshold] reads them.
	// "failures < 50%" is added, unless one of them judges the failures of the whole
	// run.
	Thresholds []string `json:"thresholds,omitempty"`
}

// A Source is what a job plays: exactly one of Model, Recording and URL.
type Source struct {
	Model     string `json:"model,omitempty"`     // path of a model folder
	Recording string `json:"recording,omitempty"` // path of a flow file, sent as it was recorded
	URL       string `json:"url,omitempty"`       // GET requests for it in a loop

	// Data names CSV files whose rows take the place of data sources of the
	// model: source → path.
	Data map[string]string `json:"data,omitempty"`
}

// FileSource returns the source that a path names: a model when it is a folder
// or ends in ".model", a recording otherwise.
func FileSource(path string) Source {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() || strings.HasSuffix(strings.TrimRight(path, "/"), ".model") {
		return Source{Model: path}
	}
	return Source{Recording: path}
}

// A JobError is a mistake in a job, or in how it is to be played: nothing was
// sent.
type JobError struct{ Err error }

func (e *JobError) Error() string { return e.Err.Error() }

// Unwrap returns what is wrong.
func (e *JobError) Unwrap() error { return e.Err }

func jobErrorf(format string, args ...any) error { return &JobError{fmt.Errorf(format, args...)} }

// name is the source for people. The query of a URL, which may hold a token, is
// left out.
func (s Source) name() string {
	bare, _, cut := strings.Cut(s.URL, "?")
	if cut {
		bare += "?…"
	}
	return s.Model + s.Recording + bare
}

// validate reports whether s is one source.
func (s Source) validate() error {
	given := 0
	for _, text := range []string{s.Model, s.Recording, s.URL} {
		if text != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return errors.New("a job needs a model, a recording or a URL to play")
	case given > 1:
		return errors.New("a job plays a model, a recording or a URL, not two of them")
	case len(s.Data) > 0 && s.Model == "":
		return fmt.Errorf("data files work with a model; %s is none", s.name())
	}
	return nil
}

// complete fills what the plan left open and checks the whole job.
func (j Job) complete() (Job, []stats.Threshold, error) {
	if err := j.Source.validate(); err != nil {
		return j, nil, &JobError{err}
	}
	p := &j.Plan
	if j.URL != "" {
		if _, err := replay.ParseOrigin(j.URL); err != nil {
			return j, nil, &JobError{err}
		}
		if p.Target == "" {
			p.Target, _ = replay.ParseOrigin(j.URL)
		}
		if p.Duration == 0 {
			p.Duration = 10 * time.Second
		}
	}
	if err := completeTarget(p); err != nil {
		return j, nil, &JobError{err}
	}
	if p.Users == 0 && p.Rate == 0 && p.Scale == 0 {
		if j.URL != "" {
			p.Users = 1
		} else {
			p.Scale = 1
		}
	}
	_, err := client.New(j.Client)
	errs := []error{p.Validate(), err}
	var thresholds []stats.Threshold
	for _, text := range j.Thresholds {
		t, err := stats.ParseThreshold(text)
		thresholds, errs = append(thresholds, t), append(errs, err)
	}
	if err := errors.Join(errs...); err != nil {
		return j, nil, &JobError{err}
	}
	return j, stats.WithDefault(thresholds), nil
}

// completeTarget writes the target of p as its origin.
func completeTarget(p *replay.Plan) error {
	origin, err := replay.ParseOrigin(p.Target)
	if err != nil {
		return err
	}
	if u, err := url.Parse(p.Target); err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return fmt.Errorf("write the target as %s, without a path: the requests have their own", origin)
	}
	p.Target = origin
	return nil
}

// share is the job as replayers need it. It leaves out the paths of this machine, and
// what only the coordinator needs.
func (j Job) share() Job {
	if j.Model != "" {
		j.Model = filepath.Base(j.Model)
	}
	if j.Recording != "" {
		j.Recording = filepath.Base(j.Recording)
	}
	j.Data, j.AllowHosts, j.Labels, j.Thresholds = nil, nil, nil, nil
	return j
}

// schedule describes the plan for people.
func (j Job) schedule() string {
	p := j.Plan
	var parts []string
	switch {
	case p.Users > 0 && p.Sessions > 0:
		parts = append(parts, english.Plural(p.Users, "user", ""), english.Plural(p.Sessions, "session", "")+" each")
	case p.Users > 0:
		parts = append(parts, english.Plural(p.Users, "user", ""))
	case p.Rate > 0 && j.URL != "":
		parts = append(parts, fmt.Sprintf("%g requests/s", p.Rate))
	case p.Rate > 0:
		parts = append(parts, fmt.Sprintf("%g sessions/s", p.Rate))
	case p.Scale == 1 && p.Duration == 0:
		parts = append(parts, "as recorded")
	case p.Scale == 1:
		parts = append(parts, "as many users as recorded")
	default:
		parts = append(parts, fmt.Sprintf("%g times the recorded users", p.Scale))
	}
	if p.Speed != 0 && p.Speed != 1 {
		parts = append(parts, fmt.Sprintf("at %gx speed", p.Speed))
	}
	if p.Duration > 0 {
		parts = append(parts, fmt.Sprintf("for %s", p.Duration))
	}
	return strings.Join(parts, ", ")
}
