package convert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// maxEntry is the greatest length in bytes of one entry of any format, the same
// as that of a record of a flow file.
const maxEntry = 64 << 20

// ImportOptions steer Import. The zero value works.
type ImportOptions struct {
	// LogFormat tells how the lines of an access log are written: "common",
	// "combined", "json", or a format string of Apache or nginx. Empty: found
	// out from the first lines.
	LogFormat string

	// SessionGap is the pause after which the same address and agent of an
	// access log begin a new session. 0: 30 minutes.
	SessionGap time.Duration

	// Environment is a Postman environment (JSON) whose values come before
	// those of the collection. Nil: none.
	Environment []byte

	// Origin ("https://shop.test") is the scheme and host of requests in
	// formats that do not tell them. Empty: http, and no host.
	Origin string

	// Start is the time of the first entry that has none; the next one is a
	// second later. Zero: 1970.
	Start time.Time

	// Files is where files are looked for that a curl command or a collection
	// refers to. Nil: entries that refer to files are refused.
	Files fs.FS

	scheme, host string
}

func (o ImportOptions) withDefaults() ImportOptions {
	if o.SessionGap == 0 {
		o.SessionGap = 30 * time.Minute
	}
	if o.Start.IsZero() {
		o.Start = time.Unix(0, 0).UTC()
	}
	o.scheme = "http"
	return o
}

// Validate says what Import would refuse about the options.
func (o ImportOptions) Validate() error { return o.validate() }

func (o *ImportOptions) validate() error {
	if o.SessionGap < 0 {
		return fmt.Errorf("SessionGap is %s; it is 0 or more", o.SessionGap)
	}
	if o.LogFormat != "" {
		if _, err := logFormatOf(o.LogFormat, nil); err != nil {
			return err
		}
	}
	if o.Origin == "" {
		return nil
	}
	u, err := url.Parse(o.Origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return fmt.Errorf("the origin %q is not of the form https://HOST; write scheme and host alone", o.Origin)
	}
	o.scheme, o.host = u.Scheme, u.Host
	return nil
}

// An EntryError says that one entry of the input was left out, or that there is
// a doubt about it. Reading goes on behind it.
type EntryError struct {
	// Place names the entry as its format counts: "entry 12", "line 40",
	// "request at byte 1024".
	Place string
	Err   error
}

// Error names the entry and what is wrong with it.
func (e *EntryError) Error() string { return e.Place + ": " + e.Err.Error() }

// Unwrap returns what is wrong.
func (e *EntryError) Unwrap() error { return e.Err }

// What an EntryError can be beside a broken entry.
var (
	// ErrOther says that an entry is sound and holds no HTTP exchange.
	ErrOther = errors.New("left out")

	// ErrKept says that the entry was read although something about it is
	// doubtful.
	ErrKept = errors.New("kept")
)

// ErrUnknown says that the format of an input could not be told.
var ErrUnknown = errors.New("the format was not recognised; name it, one of " + strings.Join(importFormats, ", "))

// errTooLong says that an entry is longer than maxEntry.
var errTooLong = fmt.Errorf("longer than %d MiB", maxEntry>>20)

var (
	importFormats = []string{"har", "gor", "mitm", "log", "curl", "postman", "text"}
	exportFormats = []string{"har", "gor", "curl"}
)

// Formats returns the names of the formats that can be read and written.
func Formats() (in, out []string) {
	return append(in, importFormats...), append(out, exportFormats...)
}

// Import reads r, which is in the named format ("": found out from its
// beginning), and yields its connections and flows, in the order of the input
// but for access logs, which are sorted. IDs of connections begin at 1; a Conn
// comes before the flows that name it. The text form alone has records of other
// kinds, and the IDs that stand in it. Records are the caller's.
//
// An *EntryError does not end the iteration. Any other error does; what came
// before it is sound.
func Import(ctx context.Context, format string, r io.Reader, o ImportOptions) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		o := o.withDefaults()
		if err := o.validate(); err != nil {
			yield(nil, fmt.Errorf("import: %w", err))
			return
		}
		br, err := open(r)
		if err == nil && format == "" {
			format, err = detect(br)
		}
		if err != nil {
			yield(nil, fmt.Errorf("import: %w", err))
			return
		}
		s := &sink{ctx: ctx, yield: yield, next: o.Start}
		if err := importers(format)(br, o, s); err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("import %s: %w", format, err))
		}
	}
}

// An importer reads one format. Errors that it returns end the import.
type importer func(*bufio.Reader, ImportOptions, *sink) error

func importers(format string) importer {
	switch format {
	case "har":
		return importHAR
	case "gor":
		return importGor
	case "mitm":
		return importMitm
	case "log":
		return importLog
	case "curl":
		return importCurl
	case "postman":
		return importPostman
	case "text":
		return importText
	}
	return func(*bufio.Reader, ImportOptions, *sink) error {
		return fmt.Errorf("%q is not a format that can be imported; choose one of %s", format, strings.Join(importFormats, ", "))
	}
}

// errStop says that the consumer wants no more.
var errStop = errors.New("stop")

// A sink hands an importer's records over, and keeps the numbers of
// connections and the time of entries that have none.
type sink struct {
	ctx   context.Context
	yield func(flow.Record, error) bool
	conns uint64
	next  time.Time
}

// put yields a record. Its error ends the import.
func (s *sink) put(r flow.Record) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.yield(r, nil) {
		return errStop
	}
	return nil
}

// skip yields an EntryError.
func (s *sink) skip(place string, err error) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if !s.yield(nil, &EntryError{Place: place, Err: err}) {
		return errStop
	}
	return nil
}

// conn numbers a connection, yields it and returns its ID.
func (s *sink) conn(c *flow.Conn) (uint64, error) {
	s.conns++
	c.ID = s.conns
	return c.ID, s.put(c)
}

// tick returns the time of an entry that has none: a second after the one
// before.
func (s *sink) tick() time.Time {
	t := s.next
	s.next = t.Add(time.Second)
	return t
}

// An Exporter writes flows in the format of another tool. It keeps nothing of a
// record but a bounded number of connections. It is not safe for concurrent use.
type Exporter interface {
	// Write adds a flow; a connection is remembered for its flows, everything
	// else is passed over.
	Write(flow.Record) error

	// Close completes the output. It does not close the writer beneath.
	Close() error
}

// ExportOptions steer NewExporter. The zero value works.
type ExportOptions struct {
	// Version of the program, for formats that name their writer.
	Version string
}

// NewExporter returns an Exporter that writes to w, which should be buffered.
func NewExporter(format string, w io.Writer, o ExportOptions) (Exporter, error) {
	switch format {
	case "har":
		return newHARExporter(w, o), nil
	case "gor":
		return newGorExporter(w), nil
	case "curl":
		return newCurlExporter(w), nil
	}
	return nil, fmt.Errorf("%q is not a format that can be exported; choose one of %s", format, strings.Join(exportFormats, ", "))
}

// maxConns bounds the tables of connections that importers and exporters keep.
const maxConns = 1 << 16

// A connTable remembers what belongs to a key, and forgets everything when it
// is full: connections of long ago are not met again.
type connTable[K comparable, V any] map[K]V

func (t connTable[K, V]) set(k K, v V) {
	if len(t) >= maxConns {
		clear(t)
	}
	t[k] = v
}
