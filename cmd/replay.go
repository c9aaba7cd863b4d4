package cmd

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay/faithful"
	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/replay/stats"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	job        jobFlags
	url        string
	target     string
	sessions   int
	duration   time.Duration
	thresholds []string
	replayers  int
	nats       string
	output     string
	ui         string
	uiToken    string
	plan       bool
	dryRun     bool
	json       bool

	requireFaithful bool
}

func replayCommand(env environment) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay MODEL|FLOW --target URL",
		Short: "Replay users against a target, at any multiple",
		Long: `Replay a model's users, or those of a recording, against a target; or, with --url,
one request in a loop. Say how many users come by one of --users (so many at all
times), --rate (sessions a second; requests with --url) and --scale (the recorded
arrivals, so many times as many users). Without any of them it is --scale 1x: each
recorded session once, at its recorded start.

A recording is learned from first: its sessions are played with what the target
issues now (session tokens, ids), and with the accounts of --data. The model is
kept beside it, NAME.learned.model, and used again as long as recording and
options stay the same. --verbatim sends the recording as it was instead.

With --users and --rate the recorded sessions are played in rounds, each in a new
order, so that the mix is that of the recording at every moment, not that of its
hour of the day: that follows --scale. --paths walk draws sessions from the graphs
of the model instead.

Users of --users come one by one at the start, within the mean length of a recorded
session (or a tenth of --duration), so that logins do not come in a wave, and
users do not go on in step; --spawn-rate sets another pace. Sessions arrive at
--rate from the first second on; as many users as that rate brings are there after
the length of a session. --scale begins as the recording does, with the users that
were there: those who had logged in before it are let in first, as other sessions of
it do. Robots, monitors and health checks are no users: --scale plays them once, as
recorded, whatever the multiple, --users and --rate do not.

Requests go to the target, and to the origins of --map; those of other recorded
origins are left out and named. Response time counts from the scheduled instant,
service time from the instant of sending; both are reported. Ctrl-C ends the run
cleanly: what was counted is reported and the run file is whole.

A run in which half of the requests or more fail ends with exit code 3, unless
--threshold sets another limit on failures. --require-faithful does so for a run
in which users did not do what they did in the recording: see "faithful" in the
report, with the three worst reasons.`,
		Example: `  starling replay shop.model --target http://127.0.0.1:9000 --scale 10x --duration 1m -o new.run.zst
  starling replay shop.model --target http://127.0.0.1:9000 --users 50 --duration 30s --threshold 'p99 < 300ms'
  starling replay shop.flow.zst --target http://127.0.0.1:9000 --speed 2x
  starling replay shop.model --target http://127.0.0.1:9000 --users 400 --replayers 4 --ui 127.0.0.1:7070
  starling replay shop.flow.zst --target http://10.0.0.5:9000 --host shop.test --map https://id.test=http://10.0.0.6:9000
  starling replay --url http://127.0.0.1:9000/ --users 64 --duration 10s`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return replayRun(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "send GET requests for this `URL` in a loop")
	f.StringVar(&o.target, "target", "", "`URL` of the origin to send to, http://HOST:PORT")
	o.job.addLoad(f)
	f.Var(newPositive(&o.sessions, 0), "sessions", "`NUMBER` of sessions of each user, with --users (default: until --duration)")
	f.Var(newSpan(&o.duration, 0), "duration", "`LENGTH` of the run, as 1m30s (default: with --scale that of the recording, with --url 10s)")
	f.StringArrayVar(&o.thresholds, "threshold", nil, "`CONDITION` on the result, as 'p99 < 300ms' or 'failures < 1%'; may be repeated (default: 'failures < 50%')")
	f.BoolVar(&o.requireFaithful, "require-faithful", false, "end with exit code 3 unless users did what they did in the recording")
	o.job.addDestination(f)
	f.Var(newPositive(&o.replayers, 0), "replayers", "`NUMBER` of replayer processes: started here, or, with --nats, waited for (default: replay in this process)")
	f.StringVar(&o.nats, "nats", "", "`URL` of a NATS server with JetStream to meet the replayers on (default: one of our own)")
	f.StringVarP(&o.output, "output", "o", "", "run `FILE` to write, NAME.run.zst")
	f.StringVar(&o.ui, "ui", "", "serve the web UI on this `ADDRESS` as long as the run lasts, as 127.0.0.1:7070")
	f.StringVar(&o.uiToken, "ui-token", "", "`TOKEN` that the web UI asks for; made and printed when it listens beyond loopback")
	f.BoolVar(&o.plan, "plan", false, "print what the run would do, and connect to nobody")
	f.BoolVar(&o.dryRun, "dry-run", false, "print the requests that the run would send, if answers took no time, and connect to nobody")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func replayRun(ctx context.Context, env environment, o replayOptions, args []string) error {
	job, err := o.read(args)
	if err != nil {
		return err
	}
	options, err := o.job.options(env)
	if err != nil {
		return err
	}
	options.Output, options.Replayers, options.NATS = o.output, o.replayers, o.nats
	r, end, err := openRun(ctx, env, job, options)
	if err != nil {
		return err
	}
	if o.requireFaithful && job.Recording == "" && r.Manifest().Recorded == nil {
		return usagef("--require-faithful: what is played has no recording to be faithful to")
	}
	if o.plan || o.dryRun {
		return printPlan(ctx, env, r, o.dryRun, o.json)
	}
	if o.ui != "" {
		live := newLive()
		live.show(r)
		stop, url, err := serveUI(env, o.ui, o.uiToken, ".", live)
		if err != nil {
			return err
		}
		defer stop()
		env.say("live on %s", url)
	}
	summary, err := r.Play(ctx)
	end()
	if summary == nil {
		return err
	}
	manifest := r.Manifest()
	if perr := printSummary(env, summary, &manifest, o.json); perr != nil && err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	return verdict(summary, o.requireFaithful)
}

// openRun makes a run that tells how far it is. end takes its progress line away.
func openRun(ctx context.Context, env environment, job run.Job, o run.Options) (r *run.Run, end func(), err error) {
	var bar *progress
	o.OnWaiting = func(url string) {
		env.say("waiting for %s: starling replayer --join %s", english.Plural(o.Replayers, "replayer", ""), withoutCredentials(url))
	}
	o.OnBegin = func(m stats.Manifest) {
		env.say("replay: %s against %s", m.Schedule, m.Target)
		bar = newProgress(env.stderr, "replay", m.Duration)
	}
	o.OnInterval = func(iv *stats.Interval) {
		if p, ok := r.Newest(); ok {
			bar.update(iv.End, secondText(p))
		}
	}
	r, err = run.New(ctx, job, o)
	return r, func() {
		if bar != nil {
			bar.end()
		}
	}, err
}

// runOptions are those of every run that a command makes.
func (e environment) runOptions() (run.Options, error) {
	reading, err := e.reading()
	return run.Options{
		Version: version(), Reading: reading, Launch: e.launchReplayer, Logger: e.logger(),
		OnNote:   func(text string) { e.say("note: %s", text) },
		OnDamage: func(err error) { e.say("warning: %s; going on with the rest", err) },
		OnLost: func(name string) {
			e.say("replayer %s fell silent: its share of the load is missing from here on", name)
		},
		OnFound: func(name string) { e.say("replayer %s is heard again", name) },
	}, err
}

// read returns the job that the flags describe.
func (o *replayOptions) read(args []string) (run.Job, error) {
	var src run.Source
	switch {
	case o.url != "" && len(args) > 0:
		return run.Job{}, usagef("give a model, a recording or --url, not two of them")
	case o.url != "":
		src.URL = o.url
	case len(args) == 0:
		return run.Job{}, usagef("name a model folder or a flow file, or give --url; see starling replay --help")
	case o.target == "":
		return run.Job{}, usagef("say where to send it: --target http://HOST:PORT")
	default:
		src = run.FileSource(args[0])
	}
	job, err := o.job.job(src)
	job.Thresholds = o.thresholds
	job.Plan.Target, job.Plan.Sessions, job.Plan.Duration = o.target, o.sessions, o.duration
	return job, err
}

// verdict turns a finished run into the command's error. With requireFaithful a run
// that was not like the recording is one.
func verdict(s *stats.Summary, requireFaithful bool) error {
	if s.Validity.Verdict == stats.Invalid {
		return verdictError{exitInvalid, "invalid run: " + strings.Join(s.Validity.Reasons, "; ")}
	}
	for _, t := range s.Thresholds {
		if !t.OK {
			return verdictError{exitThreshold, fmt.Sprintf("threshold %s not met", t.Threshold)}
		}
	}
	if !requireFaithful {
		return nil
	}
	switch {
	case s.Faithful == nil:
		return usagef("--require-faithful: what was played has no recording to be faithful to")
	case s.Faithful.Verdict != faithful.Faithful:
		return verdictError{exitThreshold, "not faithful: " + strings.Join(s.Faithful.Reasons, "; ")}
	}
	return nil
}
