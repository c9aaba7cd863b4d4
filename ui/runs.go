package ui

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/replay/stats"
	"github.com/starling-load/starling/replay/stats/runfile"
)

// runSuffix is how the name of a run file ends.
const runSuffix = ".run.zst"

// runs is a folder of run files. What a list shows of a file is kept until the
// file changes.
type runs struct {
	dir string

	mu   sync.Mutex // guards rows; held while files are read, so that each is read once
	rows map[string]runRow
}

func newRuns(dir string) *runs { return &runs{dir: dir, rows: map[string]runRow{}} }

// runRow is one run file in a list.
type runRow struct {
	Name     string       `json:"name"`
	Size     int64        `json:"size_bytes"`
	Modified time.Time    `json:"modified"`
	Complete bool         `json:"complete"`
	Problem  string       `json:"problem"` // for people; "": none
	Run      *runInfo     `json:"run"`
	Summary  *runHeadline `json:"summary"`
}

type runHeadline struct {
	Requests     uint64      `json:"requests"`
	Failures     uint64      `json:"failures"`
	Duration     float64     `json:"duration_s"`
	Rate         float64     `json:"rps"`
	UsersMax     int         `json:"users_max"`
	OutcomeMatch float64     `json:"outcome_match"`
	SessionMatch stats.Ratio `json:"session_match"`
	P50          int64       `json:"p50_us"`
	P95          int64       `json:"p95_us"`
	P99          int64       `json:"p99_us"`
	Verdict      string      `json:"verdict"`
	Faithful     string      `json:"faithful"` // verdict; "": there is no recording to compare with
}

// pastRun is a whole run on the wire.
type pastRun struct {
	Name      string         `json:"name"`
	Complete  bool           `json:"complete"`
	Problem   string         `json:"problem"`
	Run       runInfo        `json:"run"`
	Step      float64        `json:"step_s"`
	Points    []point        `json:"points"`
	Summary   *stats.Summary `json:"summary"`
	Replayers []replayer     `json:"replayers"`
}

// checkName refuses every name that is not that of a run file right in the folder.
func checkName(name string) error {
	switch {
	case name == "":
		return &statusError{http.StatusBadRequest, "the name of a run is missing"}
	case !strings.HasSuffix(name, runSuffix) || name == runSuffix || strings.HasPrefix(name, "."),
		strings.ContainsAny(name, "/\\\x00:"), !filepath.IsLocal(name), filepath.Base(name) != name:
		return &statusError{http.StatusBadRequest, "a run is named by its file, such as peak" + runSuffix + ", without a folder"}
	}
	return nil
}

// stat returns the file of a run. Links are not followed: they could lead out
// of the folder.
func (d *runs) stat(name string) (fs.FileInfo, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	info, err := os.Lstat(filepath.Join(d.dir, name))
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode().IsRegular() {
		return nil, &statusError{http.StatusNotFound, fmt.Sprintf("there is no run file %s in the folder", name)}
	}
	return info, err
}

// read returns a run and what is wrong with it, for people.
func (d *runs) read(name string) (*stats.Run, error) {
	if _, err := d.stat(name); err != nil {
		return nil, err
	}
	run, err := runfile.Read(filepath.Join(d.dir, name))
	if errors.Is(err, runfile.ErrNotRun) {
		return nil, &statusError{http.StatusUnprocessableEntity, name + " is not a run file of Starling"}
	}
	if err != nil {
		return nil, &statusError{http.StatusUnprocessableEntity, fmt.Sprintf("%s cannot be read: %v", name, d.plain(err))}
	}
	return run, nil
}

// plain returns the text of err without the path of the folder, which must not reach
// the web.
func (d *runs) plain(err error) string {
	return strings.ReplaceAll(err.Error(), filepath.Clean(d.dir)+string(filepath.Separator), "")
}

// problem says what the reader should know about how a run ended.
func (d *runs) problem(run *stats.Run) string {
	switch {
	case run.Damage != nil:
		first, _, more := strings.Cut(d.plain(run.Damage), "\n")
		if more {
			first += ", and more"
		}
		return "Parts of the file cannot be read: " + first
	case run.Recovered:
		return "The run has no end yet: it goes on, or it was cut short. These are its results so far."
	case run.Summary.Partial:
		return "The run was stopped before its planned end."
	}
	return ""
}

// row returns what a list shows of one file.
func (d *runs) row(name string) (runRow, error) {
	info, err := d.stat(name)
	if err != nil {
		return runRow{}, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if old, ok := d.rows[name]; ok && old.Size == info.Size() && old.Modified.Equal(info.ModTime()) {
		return old, nil
	}
	row := runRow{Name: name, Size: info.Size(), Modified: info.ModTime()}
	run, err := d.read(name)
	var known *statusError
	switch {
	case err == nil:
		row.fill(run, d.problem(run))
	case errors.As(err, &known):
		row.Problem = known.text
	default:
		return runRow{}, err
	}
	d.rows[name] = row
	return row, nil
}

func (r *runRow) fill(run *stats.Run, problem string) {
	i, s := newRunInfo(&run.Manifest), run.Summary
	r.Run, r.Problem = &i, problem
	r.Complete = !run.Recovered && run.Damage == nil && !s.Partial
	r.Summary = &runHeadline{
		Requests: s.Requests, Failures: s.Failures, Duration: s.Duration, Rate: s.Rate, UsersMax: s.UsersMax,
		OutcomeMatch: s.OutcomeMatch, SessionMatch: s.SessionMatch, P50: s.Response.P50, P95: s.Response.P95, P99: s.Response.P99,
		Verdict: s.Validity.Verdict,
	}
	if s.Faithful != nil {
		r.Summary.Faithful = s.Faithful.Verdict
	}
}

// started is what lists are ordered by.
func (r *runRow) started() time.Time {
	if r.Run != nil && !r.Run.Started.IsZero() {
		return r.Run.Started
	}
	return r.Modified
}

func (s *server) listRuns(w http.ResponseWriter, r *http.Request) {
	entries, err := os.ReadDir(s.Dir)
	if err != nil {
		s.fail(w, r, fmt.Errorf("list runs: %w", err))
		return
	}
	rows := []runRow{}
	for _, e := range entries {
		if r.Context().Err() != nil {
			return
		}
		row, err := s.runs.row(e.Name())
		var known *statusError
		if errors.As(err, &known) || errors.Is(err, fs.ErrNotExist) {
			continue // not a run file, or gone meanwhile
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		rows = append(rows, row)
	}
	s.runs.keep(rows)
	slices.SortFunc(rows, func(a, b runRow) int {
		return cmp.Or(b.started().Compare(a.started()), cmp.Compare(a.Name, b.Name))
	})
	s.reply(w, r, map[string]any{"dir": filepath.Base(s.Dir), "runs": rows})
}

// keep forgets the files that are gone.
func (d *runs) keep(rows []runRow) {
	d.mu.Lock()
	defer d.mu.Unlock()
	clear(d.rows)
	for _, r := range rows {
		d.rows[r.Name] = r
	}
}

func (s *server) showRun(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	run, err := s.runs.read(name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	points, step := newPoints(run.Points, maxPoints)
	s.reply(w, r, pastRun{
		Name: name, Complete: !run.Recovered && run.Damage == nil && !run.Summary.Partial, Problem: s.runs.problem(run),
		Run: newRunInfo(&run.Manifest), Step: step.Seconds(), Points: points,
		Summary: whole(run.Summary), Replayers: pastReplayers(run.Summary),
	})
}
