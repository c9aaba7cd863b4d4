package runfile

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/starling-load/starling/replay/stats"
)

// ErrNotRun says that a file is no run file.
var ErrNotRun = errors.New("not a Starling run file")

// maxDamage is the number of damaged frames that are reported one by one.
const maxDamage = 10

// Read reads a run file. The file may still be written, be cut off, or be damaged: then
// the Run holds what could be read, and Damage says what could not. Read returns an
// error if the file cannot be opened or is no run file.
//
// Memory is bounded as that of a stats.Timeline, whatever the file holds.
func Read(path string) (*stats.Run, error) {
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
	return read(path, file, info.Size())
}

// read is Read of content that is open; path is for errors.
func read(path string, content io.ReaderAt, size int64) (*stats.Run, error) {
	f, err := newFrames(content, size)
	if err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	defer f.close()
	r := &reader{path: path, history: stats.NewHistory(spanWidth)}
	if err := r.readAll(f); err != nil {
		return nil, fmt.Errorf("read run file %s: %w", path, err)
	}
	return r.finish(), nil
}

// A reader gathers the lines of a run file.
type reader struct {
	path     string
	history  *stats.History
	manifest *stats.Manifest // nil: not read yet
	summary  *stats.Summary  // nil: not read yet
	frame    int
	lines    int // understood
	damage   []error
	damaged  int
}

func (r *reader) readAll(f *frames) error {
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

var errNewer = fmt.Errorf("the file is of a later format than %d; use a newer Starling", formatVersion)

func (r *reader) readLines(content []byte) error {
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

// readLine takes one line in. It skips lines of an unknown kind, so that a later
// format may add kinds.
func (r *reader) readLine(b []byte) error {
	var l line
	if err := json.Unmarshal(b, &l); err != nil {
		return err
	}
	switch {
	case l.Kind == kindManifest && l.Manifest != nil:
		if l.Format > formatVersion {
			return errNewer
		}
		if r.manifest != nil {
			return errors.New("second manifest")
		}
		r.manifest = l.Manifest
	case l.Kind == kindInterval && l.Interval != nil:
		if err := r.history.Add(l.Interval); err != nil {
			return err
		}
	case l.Kind == kindEndpoints && cmp.Or(l.Span, l.Window) != nil:
		w := cmp.Or(l.Span, l.Window)
		if err := r.history.AddEndpoints(&stats.Interval{Start: w.Start, End: w.End, Drain: w.Drain, Endpoints: w.Endpoints}); err != nil {
			return err
		}
	case l.Kind == kindSummary && l.Summary != nil:
		r.summary = l.Summary
	default:
		return nil
	}
	r.lines++
	return nil
}

// finish turns what was gathered into a Run.
func (r *reader) finish() *stats.Run {
	run := r.history.Run(r.manifest)
	if r.damaged > len(r.damage) {
		r.damage = append(r.damage, fmt.Errorf("%s: %d more damaged frames", r.path, r.damaged-len(r.damage)))
	}
	if r.manifest != nil {
		run.Manifest = *r.manifest
	} else {
		r.damage = append(r.damage, fmt.Errorf("%s: the manifest is missing", r.path))
	}
	if r.summary != nil {
		run.Summary = r.summary
		run.Summary.Complete()
	} else {
		run.Recovered = true
		run.Summary.Partial = true
		run.Summary.Judge()
	}
	run.Damage = errors.Join(r.damage...)
	return run
}
