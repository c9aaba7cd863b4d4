package flowfile

import (
	"errors"
	"io"
	"iter"
	"maps"
	"slices"

	"github.com/starling-load/starling/record/flow"
)

// Stat returns the totals that a flow file states. Where it states none, Stat reads
// the file and counts; the error is then a *CorruptError, and the totals are valid
// beside it. Whether stated totals are true is a question for Verify.
func Stat(path string) (Totals, error) { return ReaderOptions{}.Stat(path) }

// Stat is the function Stat with options. With a Filter it counts the flows that
// match, and no other records.
func (o ReaderOptions) Stat(path string) (Totals, error) {
	o.ReuseBodies = true
	r, err := OpenWith(path, o)
	if err != nil {
		return Totals{}, err
	}
	if t, ok := r.Totals(); ok && len(r.queue) == 0 && o.Filter == nil {
		return t, r.Close()
	}
	var first error
	t, err := scan(r, func(err error) {
		if first == nil {
			first = err
		}
	})
	if err != nil {
		return Totals{}, errors.Join(err, r.Close())
	}
	return t, errors.Join(first, r.Close())
}

// Verify reads the whole file and returns the totals of what could be read. It calls
// report for everything that is wrong, in the order found. It returns an error only if
// the file is missing, no flow file, or cannot be read at all.
func Verify(path string, report func(error)) (Totals, error) {
	return ReaderOptions{}.Verify(path, report)
}

// Verify is the function Verify with options. A Filter has no effect.
func (o ReaderOptions) Verify(path string, report func(error)) (Totals, error) {
	o.Filter, o.ReuseBodies, o.check = nil, true, true
	r, err := OpenWith(path, o)
	if err != nil {
		return Totals{}, err
	}
	broken := false
	t, err := scan(r, func(err error) { broken = true; report(err) })
	if err != nil {
		return Totals{}, errors.Join(err, r.Close())
	}
	if stated, ok := r.Totals(); ok && !broken && !equalTotals(t, stated) {
		report(&CorruptError{Path: path, Offset: r.end.totals, Block: -1,
			Err: errors.New("the totals are not those of the records")})
	}
	return t, r.Close()
}

// scan counts what can be read and reports the damage on the way.
func scan(r *Reader, report func(error)) (Totals, error) {
	var t tally
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return t.sum(r.size), nil
		}
		if errors.As(err, new(*CorruptError)) {
			report(err)
			continue
		}
		if err != nil {
			return Totals{}, err
		}
		n := noteOf(rec)
		t.add(&n)
	}
}

func equalTotals(a, b Totals) bool {
	if !a.Start.Equal(b.Start) || !a.End.Equal(b.End) ||
		!maps.Equal(a.Status, b.Status) || !maps.Equal(a.Protocols, b.Protocols) || !slices.Equal(a.Infos, b.Infos) {
		return false
	}
	sums := func(t Totals) [18]uint64 {
		return [...]uint64{t.Flows, t.Requests, t.Responses, t.Complete, t.Partial, t.Messages, t.Connections,
			t.SessionsHint, uint64(t.BytesRaw), uint64(t.BytesLong), t.Loss.PacketsDropped, t.Loss.Gaps, t.Loss.BytesMissing,
			t.Loss.UnparsedBytes, t.Loss.Flows, t.Loss.Sessions, t.Loss.Messages, t.LeftOut}
	}
	return sums(a) == sums(b)
}

// Flows goes over the flows of several files, one file after the other. Damage is an
// error between flows (a *CorruptError), and a file that cannot be opened is one
// error. The caller decides whether to go on. Flows are valid for ever; see Reader.Next
// about their bodies. Numbers are those within each file.
func Flows(paths ...string) iter.Seq2[*flow.Flow, error] { return ReaderOptions{}.Flows(paths...) }

// Flows is the function Flows with options.
func (o ReaderOptions) Flows(paths ...string) iter.Seq2[*flow.Flow, error] {
	return func(yield func(*flow.Flow, error) bool) {
		for _, path := range paths {
			if !o.flowsOf(path, yield) {
				return
			}
		}
	}
}

// flowsOf is false if the consumer has had enough.
func (o ReaderOptions) flowsOf(path string, yield func(*flow.Flow, error) bool) bool {
	r, err := OpenWith(path, o)
	if err != nil {
		return yield(nil, err)
	}
	defer r.Close()
	return r.flows(yield)
}

// flows is false if the consumer has had enough.
func (r *Reader) flows(yield func(*flow.Flow, error) bool) bool {
	for {
		rec, err := r.Next()
		if err == io.EOF {
			return true
		}
		f, ok := rec.(*flow.Flow)
		if c, is := rec.(*flow.Conn); is && err == nil && r.o.Conn != nil {
			r.o.Conn(c)
		}
		if err == nil && !ok {
			continue
		}
		if !yield(f, err) {
			return false
		}
	}
}
