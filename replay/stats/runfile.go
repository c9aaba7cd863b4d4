package stats

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"
)

// FormatVersion is the version of the run file that a RunWriter writes, see
// FORMAT.md.
const FormatVersion = 1

const (
	windowWidth   = 5 * time.Second
	windowPerLine = 100 // endpoints
)

// The kinds of lines in a run file.
const (
	kindManifest  = "manifest"
	kindInterval  = "interval"
	kindEndpoints = "endpoints"
	kindSummary   = "summary"
)

// An line is one line of a run file.
type line struct {
	Kind     string    `json:"kind"`
	Format   int       `json:"format,omitempty"`
	Manifest *Manifest `json:"manifest,omitempty"`
	Interval *Interval `json:"interval,omitempty"`
	Window   *window   `json:"window,omitempty"`
	Summary  *Summary  `json:"summary,omitempty"`
}

// A window is a few seconds of endpoints, of all replayers.
type window struct {
	Start     time.Duration    `json:"start_ns"`
	End       time.Duration    `json:"end_ns"`
	Endpoints map[string]*Cell `json:"endpoints"`
}

// A RunWriter writes a run file while the run goes on. Each call leaves whole
// zstd frames behind, so the file can be read at any time and after a crash; what
// is missing then is at most the endpoints of the last ten seconds and the
// summary. It is used by one goroutine at a time.
type RunWriter struct {
	path    string
	file    *os.File
	encoder *zstd.Encoder
	windows map[int]map[string]*Cell // by Start / windowWidth, not written yet
	latest  time.Duration
	buf     []byte
}

// CreateRun makes the file and writes the manifest. A file that is there already
// is left alone: the error is then fs.ErrExist.
func CreateRun(path string, m *Manifest) (*RunWriter, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create run file %s: %w; choose another name or remove it", path, fs.ErrExist)
	}
	if err != nil {
		return nil, fmt.Errorf("create run file: %w", err)
	}
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("create run file %s: %w", path, err), file.Close())
	}
	w := &RunWriter{path: path, file: file, encoder: encoder, windows: map[int]map[string]*Cell{}}
	if err := w.write(&line{Kind: kindManifest, Format: FormatVersion, Manifest: m}); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// Interval appends the totals of iv and keeps its endpoints until their window
// of five seconds is over. iv is only read. Give each interval once: what a
// Timeline's Add reports as new.
func (w *RunWriter) Interval(iv *Interval) error {
	totals := *iv
	totals.Endpoints = nil
	err := w.write(&line{Kind: kindInterval, Interval: &totals})
	i := int((iv.Start/2 + iv.End/2) / windowWidth)
	if w.windows[i] == nil {
		w.windows[i] = map[string]*Cell{}
	}
	addCells(w.windows[i], iv.Endpoints)
	w.latest = max(w.latest, iv.End)
	return errors.Join(err, w.flush(w.latest-windowWidth))
}

// Close writes what is left and the summary, and closes the file. With s nil
// the file has no summary, as after a crash.
func (w *RunWriter) Close(s *Summary) error {
	err := w.flush(1<<63 - 1)
	if s != nil && err == nil {
		err = w.write(&line{Kind: kindSummary, Summary: s})
	}
	if err == nil {
		err = w.wrap(w.file.Sync())
	}
	return errors.Join(err, w.wrap(w.file.Close()))
}

// flush writes the windows that end at or before t.
func (w *RunWriter) flush(t time.Duration) error {
	for _, i := range slices.Sorted(maps.Keys(w.windows)) {
		start := time.Duration(i) * windowWidth
		if start+windowWidth > t {
			break
		}
		cells := w.windows[i]
		delete(w.windows, i)
		for names := range slices.Chunk(slices.Sorted(maps.Keys(cells)), windowPerLine) {
			part := make(map[string]*Cell, len(names))
			for _, name := range names {
				part[name] = cells[name]
			}
			l := &line{Kind: kindEndpoints, Window: &window{start, start + windowWidth, part}}
			if err := w.write(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// write appends one line as a zstd frame of its own.
func (w *RunWriter) write(l *line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return w.wrap(err)
	}
	w.buf = w.encoder.EncodeAll(append(b, '\n'), w.buf[:0])
	_, err = w.file.Write(w.buf)
	return w.wrap(err)
}

func (w *RunWriter) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write run file %s: %w", w.path, err)
}
