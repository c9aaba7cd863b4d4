package stats

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"
)

// A Run is a run file read back. Intervals, Windows and Points are merged over
// all replayers and ordered by time; their Replayer is empty. They cover the
// window of the run: what ended after it is in the Summary.
type Run struct {
	Manifest Manifest

	// Intervals hold the totals of each second without endpoints. In runs beyond
	// two hours they are wider.
	Intervals []*Interval

	// Windows hold endpoints and errors of five seconds each, or more in long runs.
	Windows []*Interval

	// Points are the Intervals as a chart draws them.
	Points []Point

	// Summary is the one written at the end of the run. When the file has none,
	// because the run was cut short, it is computed from the intervals and
	// Recovered is set.
	Summary   *Summary
	Recovered bool

	// Damage is nil when the file was read to its end without fault. Otherwise it
	// says what could not be read; the rest of the Run is what could.
	Damage error
}

// ErrNotRun says that a file is no run file.
var ErrNotRun = errors.New("not a Starling run file")

// maxDamage is the number of damaged frames that are told one by one.
const maxDamage = 10

// ReadRun reads a run file, also one that is still being written, was cut off
// or is damaged: then the Run has what could be read, and Damage says what could
// not. The error is for files that cannot be opened or are no run file.
//
// Memory is bounded whatever the file holds: by endpoints, and by seconds as in
// a Timeline.
func ReadRun(path string) (*Run, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return nil, fmt.Errorf("read run file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("read run file %s: %w", path, ErrNotRun)
	}
	return readRun(path, file, info.Size())
}

// readRun is ReadRun of content that is open; path is for errors.
func readRun(path string, content io.ReaderAt, size int64) (*Run, error) {
	f, err := newFrames(content, size)
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	defer f.close()
	r := &runReader{path: path, timeline: NewTimeline()}
	r.timeline.windows = newSeries(windowWidth, true)
	if err := r.readAll(f); err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	return r.finish(), nil
}

// A runReader gathers the lines of a run file.
type runReader struct {
	path     string
	run      Run
	timeline *Timeline
	manifest bool
	frame    int
	lines    int // understood
	damage   []error
	damaged  int
}

func (r *runReader) readAll(f *frames) error {
	for ; ; r.frame++ {
		content, offset, err := f.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = r.readLines(content)
		}
		if errors.Is(err, errNewer) {
			return err
		}
		if err != nil {
			r.damaged++
			if len(r.damage) < maxDamage {
				r.damage = append(r.damage, &DamageError{r.path, offset, r.frame, err})
			}
		}
	}
	if r.lines == 0 {
		return ErrNotRun
	}
	return nil
}

var errNewer = fmt.Errorf("the file is of a later format than %d; use a newer Starling", FormatVersion)

func (r *runReader) readLines(content []byte) error {
	var problems error
	for len(content) > 0 {
		var one []byte
		one, content, _ = bytes.Cut(content, []byte{'\n'})
		if len(one) == 0 {
			continue
		}
		if err := r.readLine(one); err != nil {
			problems = err
		}
	}
	return problems
}

// readLine takes one line in. Lines of an unknown kind are skipped, so that a
// later format may add some.
func (r *runReader) readLine(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	switch {
	case l.Kind == kindManifest && l.Manifest != nil:
		if l.Format > FormatVersion {
			return errNewer
		}
		if r.manifest {
			return errors.New("second manifest")
		}
		r.run.Manifest, r.manifest = *l.Manifest, true
	case l.Kind == kindInterval && l.Interval != nil:
		if err := r.interval(l.Interval); err != nil {
			return err
		}
	case l.Kind == kindEndpoints && l.Window != nil:
		if err := r.window(l.Window); err != nil {
			return err
		}
	case l.Kind == kindSummary && l.Summary != nil:
		r.run.Summary = l.Summary
	default:
		return nil
	}
	r.lines++
	return nil
}

// maxOffset bounds the times in a run file: some three years.
const maxOffset = 1e8 * time.Second

func (r *runReader) interval(iv *Interval) error {
	if err := checkSpan(iv.Start, iv.End); err != nil {
		return err
	}
	if err := iv.Total.check(); err != nil {
		return err
	}
	iv.Endpoints = nil // these are in windows
	if r.timeline.Add(iv) && !iv.Drain {
		r.timeline.windows.add(iv)
	}
	return nil
}

func (r *runReader) window(w *window) error {
	if err := checkSpan(w.Start, w.End); err != nil {
		return err
	}
	for name, c := range w.Endpoints {
		if c == nil {
			return fmt.Errorf("endpoint %q has no cell", name)
		}
		if err := c.check(); err != nil {
			return err
		}
	}
	addCells(r.timeline.part(w.Drain).endpoints, w.Endpoints)
	if w.Drain {
		return nil
	}
	r.timeline.windows.add(&Interval{Start: w.Start, End: w.End, Endpoints: w.Endpoints})
	return nil
}

func checkSpan(start, end time.Duration) error {
	if start < 0 || end < start || end > maxOffset {
		return fmt.Errorf("the span %d to %d ns is not possible", start, end)
	}
	return nil
}

// check refuses a cell that contradicts itself.
func (c *Cell) check() error {
	if !c.Counts.Holds() {
		return errors.New("started is not ok + failed + timed_out + aborted + in_flight")
	}
	if len(c.Status) > 1000 {
		return errors.New("more than 1000 different status codes")
	}
	return nil
}

// finish turns what was gathered into a Run.
func (r *runReader) finish() *Run {
	run := &r.run
	t := r.timeline
	run.Intervals = t.seconds.intervals()
	run.Windows = t.windows.intervals()
	run.Points = t.Seconds(0)
	if r.damaged > len(r.damage) {
		r.damage = append(r.damage, fmt.Errorf("%s: %d more damaged frames", r.path, r.damaged-len(r.damage)))
	}
	if !r.manifest {
		r.damage = append(r.damage, fmt.Errorf("%s: the manifest is missing", r.path))
	}
	if run.Summary == nil {
		run.Recovered = true
		run.Summary = t.Summary()
		run.Summary.Partial = true
		run.Summary.Judge()
	}
	run.Damage = errors.Join(r.damage...)
	return run
}

// intervals returns the slots as intervals in order of time.
func (s *series) intervals() []*Interval {
	var list []*Interval
	var open int64
	for n, i := range s.indexes() {
		sl := s.slots[i]
		open += sl.cell.InFlight
		iv := &Interval{
			Seq: uint64(n), Start: time.Duration(i) * s.width, End: time.Duration(i+1) * s.width,
			Total: sl.cell, InFlight: open, Users: sl.usersSum(), Due: sl.due, Arrived: sl.arrived, Machine: sl.machine,
		}
		if s.detail {
			iv.Endpoints = sl.endpoints
			iv.Errors = groupList(sl.errors, ErrorGroup.compare)
		}
		list = append(list, iv)
	}
	return list
}
