package run

import (
	"context"
	"errors"
	"log/slog"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay/stats"
)

// Options say where a job is played, where its results go, and who is told. The
// zero value plays in this process and keeps no file.
type Options struct {
	// Version of the program, for the run file.
	Version string

	// Reading opens recordings.
	Reading flowfile.ReaderOptions

	// Output is the run file to write. "": none.
	Output string

	// Replayers is how many processes share the load. 0: this one plays.
	Replayers int

	// NATS is the URL of a NATS server with JetStream, where the run waits for its
	// replayers. "": Launch starts them, and this process runs the server.
	NATS string

	// Launch runs one replayer that joins the coordinator at url under a name. It
	// calls [Join], in a process of its own or in this one, and returns at the end
	// of that or of ctx. An error means that the replayer could not play, and ends
	// the run. The url holds a token.
	Launch func(ctx context.Context, url, name string) error

	// Learn makes the model by which a recording is played. It returns the path under
	// which it is kept, which names it in reports. nil: the recording is sent as it was.
	Learn func(ctx context.Context, r Recording) (m *model.Model, path string, err error)

	// OnNote is told what a person should know of the job before it is played.
	OnNote func(text string)

	// OnDamage is told of each part of a recording that cannot be read. Reading goes
	// on after that part.
	OnDamage func(error)

	// OnBegin is told of the run just before it sends load or waits for
	// replayers.
	OnBegin func(stats.Manifest)

	// OnWaiting is told the URL at which the run waits for replayers, when NATS is
	// set. The url may hold a token.
	OnWaiting func(url string)

	// OnInterval is told what each replayer did in each second, one at a time,
	// when it has been counted. It only reads the interval.
	OnInterval func(*stats.Interval)

	// OnLost is told of a replayer that fell silent: its share of the load is
	// missing from there on.
	OnLost func(name string)

	// OnFound is told of a replayer that was lost and is heard again.
	OnFound func(name string)

	// Logger hears of what affects the result. nil: nobody does.
	Logger *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.OnNote == nil {
		o.OnNote = func(string) {}
	}
	if o.OnDamage == nil {
		o.OnDamage = func(error) {}
	}
	if o.OnBegin == nil {
		o.OnBegin = func(stats.Manifest) {}
	}
	if o.OnWaiting == nil {
		o.OnWaiting = func(string) {}
	}
	if o.OnInterval == nil {
		o.OnInterval = func(*stats.Interval) {}
	}
	if o.OnFound == nil {
		o.OnFound = func(string) {}
	}
	if o.OnLost == nil {
		o.OnLost = func(string) {}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.Replayers < 0:
		return jobErrorf("%d replayers: give a number of processes, or 0 to replay in this one", o.Replayers)
	case o.Replayers > 0 && o.NATS == "" && o.Launch == nil:
		return errors.New("run.Options needs Launch to start replayers, or NATS to wait for them")
	}
	return nil
}
