package record

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// Options say where, what and how much to record. Only Path is needed.
type Options struct {
	// Path of the flow file. It must not exist.
	Path string

	// Source names what records, for flow.Info: "proxy", "capture".
	Source string

	// Filter chooses flows; those that it refuses are counted and left out. Nil
	// records all. It is called by many goroutines at once.
	Filter func(*flow.Flow) bool

	// Sample chooses a share of the users.
	Sample Sample

	// Redact changes each flow before it is written. Nil writes what was sent,
	// and the recording says so.
	Redact Redactor

	// Encrypt seals each block before it is written; see flowfile.WriterOptions.
	Encrypt func(plain []byte) ([]byte, error)

	// Process tells which program of this machine opened a connection, as a number; see
	// flow.Conn. It is called once for each connection that is written, by one goroutine.
	// Nil: nobody knows.
	Process func(*flow.Conn) uint64

	// Rotate cuts the recording into parts.
	Rotate Rotation

	// Paused begins without recording; see Recorder.Pause.
	Paused bool

	// MaxDisk is the greatest length on disk in bytes, of all parts together. 0 is no
	// limit; otherwise at least 64 KiB. When it is reached, recording stops and the
	// file says so.
	MaxDisk int64

	// QueueBytes bounds the memory of flows that wait for the disk. 0 is 64 MiB;
	// at least 64 KiB.
	QueueBytes int64

	// MaxBody cuts recorded bodies, in bytes; see flowfile.WriterOptions.
	MaxBody int64

	// SealEvery is the longest time until a flow is on disk, except where the machine
	// stands still or one flow alone takes longer. What would take longer because of too
	// many flows is shed. 0 is one second.
	SealEvery time.Duration

	// StopWithin is how long the end of Run may take once it was asked for. What is not on
	// disk by then is declared lost (flow.LossLate). 0 is four seconds.
	StopWithin time.Duration

	// Session names the session of a flow, for shedding. Nil: flow.Flow.Session, so
	// that a connection of many users loses some of them and keeps the others. 0 means
	// that the session is unknown: the flow stands alone. It is called by many
	// goroutines at once.
	Session func(*flow.Flow) uint64

	// Logger is told of the beginning of losses and of failures. Nil: nobody.
	Logger *slog.Logger
}

// An OptionsError says which Options cannot work.
type OptionsError struct{ Err error }

func (e OptionsError) Error() string { return "record: " + e.Err.Error() }

// Unwrap returns the problems, joined.
func (e OptionsError) Unwrap() error { return e.Err }

// A Redactor removes secrets from flows. It is called by one goroutine at a time.
type Redactor interface {
	Flow(*flow.Flow)
	Name() string // of its rules, for flow.Info
}

func (o Options) withDefaults() Options {
	if o.QueueBytes == 0 {
		o.QueueBytes = 64 << 20
	}
	if o.SealEvery == 0 {
		o.SealEvery = time.Second
	}
	if o.StopWithin == 0 {
		o.StopWithin = 4 * time.Second
	}
	if o.Session == nil {
		o.Session = (*flow.Flow).Session
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

func (o Options) validate() error {
	var errs []error
	if o.Path == "" {
		errs = append(errs, errors.New("no Path is given"))
	}
	if o.QueueBytes < 64<<10 {
		errs = append(errs, fmt.Errorf("QueueBytes is %d; the least is %d", o.QueueBytes, 64<<10))
	}
	if o.MaxDisk != 0 && o.MaxDisk < leastPart {
		errs = append(errs, fmt.Errorf("MaxDisk is %d; the least is %d", o.MaxDisk, leastPart))
	}
	if o.MaxBody < 0 || o.MaxBody > flowfile.MaxBody {
		errs = append(errs, fmt.Errorf("MaxBody is %d; it goes from 0 to %d", o.MaxBody, flowfile.MaxBody))
	}
	if o.Rotate.Bytes != 0 && o.Rotate.Bytes < leastPart {
		errs = append(errs, fmt.Errorf("Rotate.Bytes is %d; the least is %d", o.Rotate.Bytes, leastPart))
	}
	if o.Rotate.Every < 0 || o.Rotate.Keep < 0 {
		errs = append(errs, errors.New("Rotate.Every and Rotate.Keep cannot be negative"))
	}
	if o.Rotate.Keep > 0 && !o.Rotate.on() {
		errs = append(errs, errors.New("Rotate.Keep counts parts; set Rotate.Bytes or Rotate.Every as well"))
	}
	if err := o.Sample.validate(); err != nil {
		errs = append(errs, err)
	}
	if o.SealEvery < 0 || o.StopWithin < 0 {
		errs = append(errs, fmt.Errorf("SealEvery is %v and StopWithin is %v; they must be positive", o.SealEvery, o.StopWithin))
	}
	return errors.Join(errs...)
}
