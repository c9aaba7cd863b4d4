package convert

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// MaxEntry is the greatest length of one entry of any format, in bytes. A record of a
// flow file has the same limit.
const MaxEntry = 64 << 20

// Options are what every format may need. The zero value works.
type Options struct {
	// Origin ("https://shop.test") is the scheme and host of requests in formats that
	// name none. Empty: http, and no host.
	Origin string

	// Start is the time of the first entry without a time of its own. Each further one
	// is a second later. Zero: 1970.
	Start time.Time
}

// Validate reports the options that Import would refuse.
func (o Options) Validate() error {
	_, _, err := o.origin()
	return err
}

// origin splits Origin into scheme and host.
func (o Options) origin() (scheme, host string, err error) {
	if o.Origin == "" {
		return "http", "", nil
	}
	u, err := url.Parse(o.Origin)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || strings.Trim(u.Path, "/") != "" {
		return "", "", fmt.Errorf("the origin %q is not of the form https://HOST; write scheme and host alone", o.Origin)
	}
	return u.Scheme, u.Host, nil
}

// An EntryError says that one entry of the input was left out, or that something about
// it is doubtful. Reading goes on behind it.
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

// The errors of an EntryError whose entry is not broken.
var (
	// ErrOther says that an entry is sound but holds no HTTP exchange.
	ErrOther = errors.New("left out")

	// ErrKept says that the entry was kept although something about it is doubtful.
	ErrKept = errors.New("kept")
)

// ErrTooLong says that an entry is longer than MaxEntry.
var ErrTooLong = fmt.Errorf("longer than %d MiB", MaxEntry>>20)

// A Format is a form in which other tools keep traffic.
type Format struct {
	Name string // "har"
	In   Importer
	Out  Exporter // nil: flows cannot be written in it
}

// An Importer reads one format.
type Importer interface {
	// Recognize says how certain it is that an input which begins with head has the
	// format. head is the first 64 KiB, or all of a shorter input.
	Recognize(head []byte) Certainty

	// Import gives the connections and flows of r to the sink. It skips entries that it
	// cannot read. An error ends the import.
	Import(r *bufio.Reader, s *Sink) error
}

// An Exporter writes one format. The output goes to w, which should be buffered.
type Exporter interface {
	Export(w io.Writer) Writer
}

// A Writer writes flows in the format of another tool. All that it keeps of the records
// is a bounded number of connections. It is not safe for concurrent use.
type Writer interface {
	// Write adds a flow. It remembers a connection for the flows that name it. It
	// ignores all other records.
	Write(flow.Record) error

	// Close completes the output. It does not close the writer beneath.
	Close() error
}

// Import reads r, which is in the format, and yields its connections and flows. They
// come in the order of the input; access logs alone are sorted by time. IDs of
// connections begin at 1, and a Conn comes before the flows that name it. The text form
// alone has records of other kinds, and keeps the IDs that stand in it. The caller owns
// the records. Gzipped input is unzipped.
//
// An *EntryError does not end the iteration. Any other error does; what came
// before it is sound.
func Import(ctx context.Context, format Format, r io.Reader, o Options) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		scheme, host, err := o.origin()
		if err != nil {
			yield(nil, fmt.Errorf("import: %w", err))
			return
		}
		br, err := open(r)
		if err != nil {
			yield(nil, fmt.Errorf("import: %w", err))
			return
		}
		s := &Sink{ctx: ctx, yield: yield, next: o.Start, Scheme: scheme, Host: host}
		if s.next.IsZero() {
			s.next = time.Unix(0, 0).UTC()
		}
		if err := format.In.Import(br, s); err != nil && !errors.Is(err, errStop) {
			yield(nil, fmt.Errorf("import %s: %w", format.Name, err))
		}
	}
}
