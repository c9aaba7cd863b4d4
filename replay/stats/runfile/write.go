package runfile

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/starling-load/starling/replay/stats"
)

// formatVersion is the version that a Writer writes, see FORMAT.md.
const formatVersion = 2

const (
	spanWidth   = 5 * time.Second
	spanPerLine = 100 // endpoints
)

// The kinds of lines in a run file.
const (
	kindManifest  = "manifest"
	kindInterval  = "interval"
	kindEndpoints = "endpoints"
	kindSummary   = "summary"
)

// A line is one line of a run file.
type line struct {
	Kind     string          `json:"kind"`
	Format   int             `json:"format,omitempty"`
	Manifest *stats.Manifest `json:"manifest,omitempty"`
	Interval *stats.Interval `json:"interval,omitempty"`
	Span     *span           `json:"span,omitempty"`
	Window   *span           `json:"window,omitempty"` // what format 1 has in the place of Span
	Summary  *stats.Summary  `json:"summary,omitempty"`
}

// A span is a few seconds of endpoints, of all replayers.
type span struct {
	Start     time.Duration          `json:"start_ns"`
	End       time.Duration          `json:"end_ns"`
	Drain     bool                   `json:"drain,omitempty"` // what ended after the window of the run
	Endpoints map[string]*stats.Cell `json:"endpoints"`
}

// A Writer writes a run file while the run goes on. After each call the file ends with
// a whole zstd frame, so it can be read at any time and after a crash. At most the
// endpoints of the last ten seconds and the summary are missing then. A Writer is used
// by one goroutine at a time.
type Writer struct {
	path    string
	file    *os.File
	encoder *zstd.Encoder
	spans   map[part]map[string]*stats.Cell // not written yet
	latest  time.Duration
	buf     []byte
}

// A part is a span of endpoints: its Start / spanWidth, and whether it holds
// what ended after the window of the run.
type part struct {
	index int
	drain bool
}

// Create makes the file, of mode 0600, and writes the manifest. A file that is there already
// is left alone: the error is then fs.ErrExist.
func Create(path string, m *stats.Manifest) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
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
	w := &Writer{path: path, file: file, encoder: encoder, spans: map[part]map[string]*stats.Cell{}}
	if err := w.write(&line{Kind: kindManifest, Format: formatVersion, Manifest: m}); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return w, nil
}

// Interval appends the totals of iv and keeps its endpoints until their span of five
// seconds is over. iv is only read. Give each interval once: those that the Add of a
// stats.Timeline reports as new.
func (w *Writer) Interval(iv *stats.Interval) error {
	totals := *iv
	totals.Endpoints = nil
	err := w.write(&line{Kind: kindInterval, Interval: &totals})
	i := part{int((iv.Start/2 + iv.End/2) / spanWidth), iv.Drain}
	if w.spans[i] == nil {
		w.spans[i] = map[string]*stats.Cell{}
	}
	stats.MergeEndpoints(w.spans[i], iv.Endpoints)
	w.latest = max(w.latest, iv.End)
	return errors.Join(err, w.flush(w.latest-spanWidth))
}

// Close writes what is left and the summary, and closes the file. With s nil
// the file has no summary, as after a crash.
func (w *Writer) Close(s *stats.Summary) error {
	err := w.flush(1<<63 - 1)
	if s != nil && err == nil {
		err = w.write(&line{Kind: kindSummary, Summary: s})
	}
	if err == nil {
		err = w.wrap(w.file.Sync())
	}
	return errors.Join(err, w.wrap(w.file.Close()))
}

// flush writes the spans that end at or before t.
func (w *Writer) flush(t time.Duration) error {
	for _, i := range slices.SortedFunc(maps.Keys(w.spans), part.compare) {
		start := time.Duration(i.index) * spanWidth
		if start+spanWidth > t {
			break
		}
		all := w.spans[i]
		delete(w.spans, i)
		for names := range slices.Chunk(slices.Sorted(maps.Keys(all)), spanPerLine) {
			cells := make(map[string]*stats.Cell, len(names))
			for _, name := range names {
				cells[name] = all[name]
			}
			l := &line{Kind: kindEndpoints, Span: &span{start, start + spanWidth, i.drain, cells}}
			if err := w.write(l); err != nil {
				return err
			}
		}
	}
	return nil
}

// compare orders by time, the window of the run first.
func (p part) compare(o part) int {
	switch {
	case p.index != o.index:
		return cmp.Compare(p.index, o.index)
	case p.drain == o.drain:
		return 0
	case o.drain:
		return -1
	}
	return 1
}

// write appends one line as a zstd frame of its own.
func (w *Writer) write(l *line) error {
	b, err := json.Marshal(l)
	if err != nil {
		return w.wrap(err)
	}
	w.buf = w.encoder.EncodeAll(append(b, '\n'), w.buf[:0])
	_, err = w.file.Write(w.buf)
	return w.wrap(err)
}

func (w *Writer) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("write run file %s: %w", w.path, err)
}
