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

// MaxEntry is the greatest length in bytes of one entry of any format, the same
// as that of a record of a flow file.
const MaxEntry = 64 << 20

// Options are what every format may need. The zero value works.
type Options struct {
	// Origin ("https://shop.test") is the scheme and host of requests in
	// formats that do not tell them. Empty: http, and no host.
	Origin string

	// Start is the time of the first entry that has none; the next one is a
	// second later. Zero: 1970.
	Start time.Time
}

// Validate says what Import would refuse about the options.
func (o Options) Validate() error {
	_, _, err := o.origin()
	return err
}

// origin takes Origin apart.
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

// ErrTooLong says that an entry is longer than MaxEntry.
var ErrTooLong = fmt.Errorf("longer than %d MiB", MaxEntry>>20)

// A Format is one that other tools keep traffic in.
type Format struct {
	Name string // "har"
	In   Importer
	Out  Exporter // nil: flows cannot be written in it
}

// An Importer reads one format.
type Importer interface {
	// Recognize tells how much an input that begins with head looks like the
	// format. head is the first 64 KiB, or all of a shorter input.
	Recognize(head []byte) Certainty

	// Import gives the sink the connections and flows of r. It passes over
	// entries that it cannot read; an error ends the import.
	Import(r *bufio.Reader, s *Sink) error
}

// An Exporter writes one format. The output goes to w, which should be buffered.
type Exporter interface {
	Export(w io.Writer) Writer
}

// A Writer writes flows in the format of another tool. It keeps nothing of a
// record but a bounded number of connections. It is not safe for concurrent use.
type Writer interface {
	// Write adds a flow; a connection is remembered for its flows, everything
	// else is passed over.
	Write(flow.Record) error

	// Close completes the output. It does not close the writer beneath.
	Close() error
}

// Import reads r, which is in the format, and yields its connections and flows,
// in the order of the input but for access logs, which are sorted. IDs of
// connections begin at 1; a Conn comes before the flows that name it. The text
// form alone has records of other kinds, and the IDs that stand in it. Records
// are the caller's. Input that is gzipped is opened.
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
