package cmd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/fidelity"
	"github.com/starling-load/starling/model/fidelity/page"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/likeness"
)

// fidelityOptions are the flags of model fidelity.
type fidelityOptions struct {
	recordings []string
	replayed   []string
	run        string
	hosts      []string
	paths      string
	seed       uint64
	require    float64
	html       string
	overwrite  bool
	json       bool
}

func modelFidelityCommand(env environment) *cobra.Command {
	var o fidelityOptions
	cmd := &cobra.Command{
		Use:   "fidelity NAME.model",
		Short: "Measure how far what a model does is from a recording",
		Long: `Measure how far the traffic of a model is from a recording: which requests
there are, in which order, how long sessions and think times are, how bursty
it is, how many users are there at once, how much is sent, what is asked for,
and whether a classifier tells the sessions apart.

Two halves of one recording differ too, by chance. So each figure is the ratio
of the distance from the recording to the distance of two halves of it: 1 is
as much like the recording as the recording is like itself. The headline goes
from 0 to 100; what differs most is named, with what to do about it.

Without more, the model plays its sessions dry: without a network, against the
recorded answers, which take as long as they took. So this measures the model,
on the recording that it was learned from or on a newer one. --replayed
measures a replay instead, by a recording of it ("starling record" between
replay and target). --run adds what only the run knows: how late requests were
sent.

The recording is that beside the model, NAME.flow.zst, unless --recording
names another.`,
		Example: `  starling model fidelity shop.model --recording shop.flow.zst
  starling model fidelity shop.model --paths walk --html fidelity.html
  starling model fidelity shop.model --recording this-week.flow.zst --require 90
  starling model fidelity shop.model --replayed replay.flow.zst --run a.run.zst`,
		Args: oneArg("the model folder"),
		RunE: func(cmd *cobra.Command, args []string) error { return modelFidelity(cmd.Context(), env, args[0], o) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&o.recordings, "recording", nil, "recording `FILE` to measure against, NAME.flow.zst; may be repeated (default: that beside the model)")
	f.StringArrayVar(&o.replayed, "replayed", nil, "recording `FILE` of a replay, which is measured instead of the model; may be repeated")
	f.StringVar(&o.run, "run", "", "run `FILE` of the replay, NAME.run.zst: how late requests were sent")
	f.StringVar(&o.paths, "paths", "", "`PATHS` of the users: recorded (the recorded sessions) or walk (along the graphs) (default: recorded, if the model holds some)")
	f.StringArrayVar(&o.hosts, "host", nil, "`HOST` whose requests count in the recording, as with model learn; may be repeated (default: those of the model)")
	f.Uint64Var(&o.seed, "seed", 1, "`NUMBER` that seeds every random draw")
	f.Float64Var(&o.require, "require", 0, "end with exit code 3 if the fidelity is less than this `NUMBER`, 0 to 100")
	f.StringVar(&o.html, "html", "", "also write the report as a page with all distributions to `FILE`")
	f.BoolVar(&o.overwrite, "overwrite", false, "replace the page if it exists")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func modelFidelity(ctx context.Context, env environment, path string, o fidelityOptions) error {
	if err := o.complete(path); err != nil {
		return err
	}
	m, err := folder.Read(path)
	if err != nil {
		return err
	}
	p := newProgress(env.stderr, "fidelity", 0)
	r, err := o.measure(ctx, env, m, p)
	p.end()
	if err != nil {
		return err
	}
	if o.html != "" {
		if err := writePage(o.html, o.overwrite, filepath.Base(path), baseNames(append(o.recordings, o.replayed...)), r); err != nil {
			return err
		}
	}
	if o.json {
		err = writeJSON(env.stdout, r)
	} else {
		err = r.Text(env.stdout)
	}
	if err == nil && r.Fidelity < o.require {
		return verdictError{exitThreshold, fmt.Sprintf("fidelity %.1f, required %g", r.Fidelity, o.require)}
	}
	return err
}

// complete checks the flags and fills in the recording.
func (o *fidelityOptions) complete(path string) error {
	switch replay.Paths(o.paths) {
	case "", replay.RecordedPaths, replay.WalkPaths:
	default:
		return usagef("--paths %q: give %s or %s", o.paths, replay.RecordedPaths, replay.WalkPaths)
	}
	if o.paths != "" && len(o.replayed) > 0 {
		return usagef("--paths says how the model is played, which it is not with --replayed")
	}
	if !(o.require >= 0 && o.require <= 100) {
		return usagef("--require %v: give a number from 0 to 100", o.require)
	}
	if _, err := os.Lstat(o.html); o.html != "" && err == nil && !o.overwrite {
		return pageExists(o.html)
	}
	if len(o.recordings) > 0 {
		return nil
	}
	name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimRight(path, "/"), ".model"), ".learned") + ".flow.zst"
	if _, err := os.Stat(name); err != nil {
		return usagef("name the recording to measure against: --recording NAME.flow.zst")
	}
	o.recordings = []string{name}
	return nil
}

// baseNames are the names of files without their folders.
func baseNames(paths []string) string {
	var list []string
	for _, p := range paths {
		list = append(list, filepath.Base(p))
	}
	return strings.Join(list, ", ")
}

func pageExists(path string) error {
	return fmt.Errorf("write page %s: %w; choose another name or add --overwrite", path, fs.ErrExist)
}

func writePage(path string, overwrite bool, model, recorded string, r *fidelity.Report) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !overwrite {
		flags |= os.O_EXCL
	}
	f, err := os.OpenFile(path, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return pageExists(path)
	} else if err != nil {
		return err
	}
	err = page.Write(f, model, recorded, r)
	return errors.Join(err, f.Close())
}

// measure reads the recording, and compares it with what the model or its replay does.
func (o *fidelityOptions) measure(ctx context.Context, env environment, m *model.Model, p *progress) (*fidelity.Report, error) {
	began := time.Now()
	say := func(format string, args ...any) { p.update(time.Since(began), fmt.Sprintf(format, args...)) }
	reading, err := env.reading()
	if err != nil {
		return nil, err
	}
	rec, err := likeness.Read(ctx, m, o.recordings, likeness.Options{
		Flows: func(conns *session.Conns, paths ...string) iter.Seq2[*flow.Flow, error] {
			return readable(env, conns, paths...)
		},
		Shelf: reading, Hosts: o.hosts, Say: say,
	})
	if err != nil {
		return nil, err
	}
	defer rec.Close()
	var other *fidelity.Traffic
	var notes []string
	if len(o.replayed) > 0 {
		other, err = rec.Replayed(ctx, o.replayed)
	} else {
		other, notes, err = rec.Play(ctx, replay.Paths(o.paths), o.seed)
	}
	if err != nil {
		return nil, err
	}
	if o.run != "" {
		run, err := readRun(env, o.run)
		if err != nil {
			return nil, err
		}
		late := run.Summary.Lateness
		other.Schedule = &fidelity.Schedule{P99: time.Duration(late.P99) * time.Microsecond, P999: time.Duration(late.P999) * time.Microsecond}
	}
	var stopped error
	r, err := fidelity.Compare(rec.Traffic(), other, fidelity.Options{Seed: o.seed, Progress: func(done, all int) bool {
		say("halving %d of %d", done, all)
		stopped = ctx.Err()
		return stopped == nil
	}})
	if stopped != nil {
		return nil, stopped
	}
	if err != nil {
		return nil, err
	}
	r.Notes = append(r.Notes, notes...)
	return r, nil
}
