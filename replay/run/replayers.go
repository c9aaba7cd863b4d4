package run

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/cluster"
	"github.com/starling-load/starling/replay/stats"
)

// coordinate plays on replayers.
func (r *Run) coordinate(ctx context.Context) error {
	job := r.in.job.share()
	job.Plan.Replayers = r.options.Replayers
	spec, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode the job: %w", err)
	}
	payload, err := r.in.payload()
	if err != nil {
		return err
	}
	defer payload.Close()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	local := launched{launch: r.options.Launch, failed: giveUp}
	err = cluster.Coordinate(ctx, cluster.Options{
		Replayers: r.options.Replayers, NATS: r.options.NATS, Spec: spec, Payload: payload,
		OnInterval: r.take, OnLost: r.lose, OnFound: r.find,
		OnReady: func(url string) error {
			if r.options.NATS != "" {
				r.options.OnWaiting(url)
				return nil
			}
			local.start(ctx, r.options.Replayers, url)
			return nil
		},
		Logger: r.options.Logger,
	})
	local.end()
	if cause := context.Cause(ctx); cause != nil && cause != ctx.Err() {
		return cause
	}
	return err
}

// launched are the replayers that this run has started.
type launched struct {
	launch func(ctx context.Context, url, name string) error
	failed func(error) // told why one could not play

	running sync.WaitGroup
	cancel  context.CancelFunc
}

// start launches n replayers that join url. They go on after the end of ctx, so that
// they can still report.
func (l *launched) start(ctx context.Context, n int, url string) {
	ctx, l.cancel = context.WithCancel(context.WithoutCancel(ctx))
	for i := range n {
		l.running.Go(func() {
			if err := l.launch(ctx, url, "local-"+strconv.Itoa(i+1)); err != nil && ctx.Err() == nil {
				l.failed(err)
			}
		})
	}
}

// end ends the replayers, which have nothing more to do, and waits for them.
func (l *launched) end() {
	if l.cancel != nil {
		l.cancel()
	}
	l.running.Wait()
}

// payload returns what replayers need beside the job.
func (in *input) payload() (io.ReadCloser, error) {
	switch {
	case in.model != nil:
		r, w := io.Pipe()
		go func() { w.CloseWithError(folder.Archive(w, in.model)) }()
		return r, nil
	case in.job.Recording != "":
		return in.bytes()
	}
	return io.NopCloser(strings.NewReader("")), nil
}

// bytes reads the flow file as it is.
func (in *input) bytes() (io.ReadCloser, error) {
	open := in.reading.Open
	if open == nil {
		open = func(path string) (flowfile.File, error) { return os.Open(path) }
	}
	file, err := open(in.job.Recording)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(file, 0, info.Size()), file}, nil
}

// JoinOptions say who joins whom.
type JoinOptions struct {
	URL     string                 // of the coordinator's NATS server, with its credentials
	Name    string                 // of this replayer in reports; unique in the run
	Reading flowfile.ReaderOptions // opens the recording that the coordinator sends
	Logger  *slog.Logger           // nil: nobody is told

	// Patience is how long to wait, without sending, for a coordinator that went
	// away during the run. 0 means two minutes.
	Patience time.Duration
}

// Join lends this process to a coordinator for one run. It waits for a coordinator,
// plays the share of the load that this assigns, and returns when the run is over.
func Join(ctx context.Context, o JoinOptions) error {
	return cluster.Join(ctx, cluster.JoinOptions{
		URL: o.URL, Name: o.Name, Logger: o.Logger, Patience: o.Patience,
		Play: func(ctx context.Context, a cluster.Assignment, onInterval func(*stats.Interval)) error {
			return playShare(ctx, o.Reading, a, onInterval)
		},
	})
}

// playShare plays what the coordinator has assigned.
func playShare(ctx context.Context, reading flowfile.ReaderOptions, a cluster.Assignment, onInterval func(*stats.Interval)) error {
	var j Job
	if err := json.Unmarshal(a.Spec, &j); err != nil {
		return fmt.Errorf("decode the job: %w", err)
	}
	dir, err := os.MkdirTemp("", "starling-replayer-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	in, err := receive(j, reading, a.Payload, dir)
	if err != nil {
		return err
	}
	local, err := in.load(ctx)
	if err != nil {
		return err
	}
	defer local.close()
	start, err := a.Ready(ctx)
	if err != nil {
		return err
	}
	o := j.engine(local)
	o.Segment, o.Replayer, o.Start, o.OnInterval = a.Segment, a.Replayer, start, onInterval
	running, err := replay.Start(ctx, o)
	if err != nil {
		return err
	}
	a.Sending(running)
	return running.Wait()
}

// receive reads what payload wrote. It keeps a recording in dir. It reports no notes
// and no damage: the coordinator has done that.
func receive(j Job, reading flowfile.ReaderOptions, payload io.Reader, dir string) (*input, error) {
	reading.Open = nil
	in := &input{job: j, reading: reading, note: func(string) {}, damage: func(error) {}}
	switch {
	case j.Model != "":
		var err error
		in.model, err = folder.ReadArchive(payload)
		return in, err
	case j.Recording != "":
		in.job.Recording = filepath.Join(dir, "recording.flow.zst")
		f, err := os.OpenFile(in.job.Recording, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, err
		}
		_, err = io.Copy(f, payload)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, err
		}
		return in, in.countOrigins(in.job.Recording)
	}
	return in, nil
}
