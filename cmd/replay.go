package cmd

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/stats"
)

// What flags that several commands have are for.
const (
	dataUsage      = "CSV `FILE` with the rows of a data source of the model, as accounts.csv or accounts=FILE.csv; may be repeated"
	allowHostUsage = "send load to this `HOST` although it is the one that was recorded; may be repeated"
)

// replayOptions are the flags of replay.
type replayOptions struct {
	url        string
	target     string
	users      int
	sessions   int
	rate       string
	scale      string
	speed      string
	duration   time.Duration
	timeout    time.Duration
	seed       uint64
	data       []string
	thresholds []string
	allowHosts []string
	insecure   bool
	h2c        bool
	replayers  int
	nats       string
	output     string
	ui         string
	uiToken    string
	json       bool
}

func replayCommand(env environment) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay MODEL|FLOW --target URL",
		Short: "Replay users against a target, at any multiple",
		Long: `Replay a model's users, or a recording verbatim, against a target; or, with
--url, one request in a loop. Say how many users come by one of --users (so many
at all times), --rate (sessions a second; requests with --url) and --scale (the
recorded arrivals, so many times as many users). A model without any of them
plays at --scale 1x, a recording once as it was.

Requests go to the target alone. Response time counts from the scheduled
instant, service time from the instant of sending; both are reported. Ctrl-C
ends the run cleanly: what was counted is reported and the run file is whole.`,
		Example: `  starling replay shop.model --target http://127.0.0.1:9000 --scale 10x --duration 1m -o new.run.zst
  starling replay shop.model --target http://127.0.0.1:9000 --users 50 --duration 30s --threshold 'p99 < 300ms'
  starling replay shop.flow.zst --target http://127.0.0.1:9000 --speed 2x
  starling replay shop.model --target http://127.0.0.1:9000 --users 400 --replayers 4 --ui 127.0.0.1:7070
  starling replay --url http://127.0.0.1:9000/ --users 64 --duration 10s`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return replayRun(cmd.Context(), env, o, args)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.url, "url", "", "send GET requests for this `URL` in a loop")
	f.StringVar(&o.target, "target", "", "`URL` of the origin to send to, http://HOST:PORT")
	f.IntVar(&o.users, "users", 0, "`NUMBER` of users at all times")
	f.IntVar(&o.sessions, "sessions", 0, "`NUMBER` of sessions of each user, with --users (default: until --duration)")
	f.StringVar(&o.rate, "rate", "", "`RATE` of sessions, or of requests with --url, as 50/s or 600/m")
	f.StringVar(&o.scale, "scale", "", "`FACTOR` on the recorded users, as 3x")
	f.StringVar(&o.speed, "speed", "", "`FACTOR` on the recorded speed, as 2x")
	f.DurationVar(&o.duration, "duration", 0, "`LENGTH` of the run, as 1m30s (default: with --scale that of the recording, with --url 10s)")
	f.DurationVar(&o.timeout, "timeout", replay.DefaultTimeout, "`TIME` allowed for one answer")
	f.Uint64Var(&o.seed, "seed", 1, "`NUMBER` that seeds every random draw; the same seed gives the same sessions")
	f.StringArrayVar(&o.data, "data", nil, dataUsage)
	f.StringArrayVar(&o.thresholds, "threshold", nil, "`CONDITION` on the result, as 'p99 < 300ms' or 'failures < 1%'; may be repeated")
	f.StringArrayVar(&o.allowHosts, "allow-host", nil, allowHostUsage)
	f.BoolVar(&o.insecure, "insecure", false, "accept any certificate of the target")
	f.BoolVar(&o.h2c, "h2c", false, "speak HTTP/2 without TLS to an http:// target")
	f.IntVar(&o.replayers, "replayers", 0, "`NUMBER` of replayer processes: started here, or, with --nats, waited for (default: replay in this process)")
	f.StringVar(&o.nats, "nats", "", "`URL` of a NATS server with JetStream to meet the replayers on (default: one of our own)")
	f.StringVarP(&o.output, "output", "o", "", "run `FILE` to write, NAME.run.zst")
	f.StringVar(&o.ui, "ui", "", "serve the web UI on this `ADDRESS` as long as the run lasts, as 127.0.0.1:7070")
	f.StringVar(&o.uiToken, "ui-token", "", "`TOKEN` that the web UI asks for; made and printed when it listens beyond loopback")
	f.BoolVar(&o.json, "json", false, "print the report as JSON")
	return cmd
}

func replayRun(ctx context.Context, env environment, o replayOptions, args []string) error {
	in, err := o.input(env, args)
	if err != nil {
		return err
	}
	if err := in.guard(o.allowHosts); err != nil {
		return err
	}
	thresholds, err := parseThresholds(o.thresholds)
	if err != nil {
		return err
	}
	r := &runner{env: env, in: in, output: o.output, replayers: o.replayers, nats: o.nats, title: "replay", thresholds: thresholds}
	live := newLive()
	r.live = live
	if o.ui != "" {
		stop, url, err := serveUI(env, o.ui, o.uiToken, ".", live)
		if err != nil {
			return err
		}
		defer stop()
		env.say("live on %s", url)
	}
	summary, err := r.run(ctx)
	if summary == nil {
		return err
	}
	if perr := printSummary(env, summary, &r.manifest, o.json); perr != nil && err == nil {
		err = perr
	}
	if err != nil {
		return err
	}
	return verdict(summary)
}

// input reads what is to be played and makes the plan.
func (o *replayOptions) input(env environment, args []string) (*input, error) {
	var in *input
	switch {
	case o.url != "" && len(args) > 0:
		return nil, usagef("give a model, a recording or --url, not two of them")
	case o.url != "":
		origin, err := replay.Origin(o.url)
		if err != nil {
			return nil, usageError{err}
		}
		if o.target == "" {
			o.target = origin
		}
		in = &input{env: env, name: withoutQuery(o.url), job: job{Kind: urlJob, URL: o.url}}
	case len(args) == 0:
		return nil, usagef("name a model folder or a flow file, or give --url; see starling replay --help")
	default:
		if o.target == "" {
			return nil, usagef("say where to send it: --target http://HOST:PORT")
		}
		var err error
		if in, err = openInput(env, args[0], o.data); err != nil {
			return nil, err
		}
	}
	if o.replayers < 0 {
		return nil, usagef("--replayers %d: give a number of processes, or 0 to replay in this one", o.replayers)
	}
	plan, err := o.plan(in.job.Kind)
	if err != nil {
		return nil, usageError{err}
	}
	in.job.Plan = plan
	in.job.Client.Insecure, in.job.Client.H2C = o.insecure, o.h2c
	return in, nil
}

func (o *replayOptions) plan(kind string) (replay.Plan, error) {
	origin, err := replay.Origin(o.target)
	if err != nil {
		return replay.Plan{}, err
	}
	if u, err := url.Parse(o.target); err != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return replay.Plan{}, fmt.Errorf("write the target as %s, without a path: the requests have their own", origin)
	}
	p := replay.Plan{
		Seed: o.seed, Target: origin, Users: o.users, Sessions: o.sessions,
		Duration: o.duration, Timeout: o.timeout,
	}
	if o.rate != "" {
		if p.Rate, err = load.ParseRate(o.rate); err != nil {
			return p, err
		}
	}
	if o.scale != "" {
		if p.Scale, err = load.ParseFactor(o.scale); err != nil {
			return p, err
		}
	}
	if o.speed != "" {
		if p.Speed, err = load.ParseFactor(o.speed); err != nil {
			return p, err
		}
	}
	if p.Users == 0 && p.Rate == 0 && p.Scale == 0 {
		if kind == urlJob {
			p.Users = 1
		} else {
			p.Scale = 1
		}
	}
	if p.Duration == 0 && kind == urlJob {
		p.Duration = 10 * time.Second
	}
	return p, p.Validate()
}

func parseThresholds(texts []string) ([]stats.Threshold, error) {
	var out []stats.Threshold
	for _, text := range texts {
		t, err := stats.ParseThreshold(text)
		if err != nil {
			return nil, usageError{err}
		}
		out = append(out, t)
	}
	return out, nil
}

// verdict turns a finished run into the command's error.
func verdict(s *stats.Summary) error {
	if s.Validity.Verdict == stats.Invalid {
		return verdictError{exitInvalid, "invalid run: " + strings.Join(s.Validity.Reasons, "; ")}
	}
	for _, t := range s.Thresholds {
		if !t.OK {
			return verdictError{exitThreshold, fmt.Sprintf("threshold %s not met", t.Threshold)}
		}
	}
	return nil
}

// scheduleText describes the plan of a job for people.
func scheduleText(j job) string {
	p := j.Plan
	var parts []string
	switch {
	case p.Users > 0 && p.Sessions > 0:
		parts = append(parts, fmt.Sprintf("%s, %s each", counted(p.Users, "user"), counted(p.Sessions, "session")))
	case p.Users > 0:
		parts = append(parts, counted(p.Users, "user"))
	case p.Rate > 0 && j.Kind == urlJob:
		parts = append(parts, fmt.Sprintf("%g requests/s", p.Rate))
	case p.Rate > 0:
		parts = append(parts, fmt.Sprintf("%g sessions/s", p.Rate))
	case p.Scale == 1 && p.Duration == 0:
		parts = append(parts, "as recorded")
	case p.Scale == 1:
		parts = append(parts, "as many users as recorded")
	default:
		parts = append(parts, fmt.Sprintf("%g times the recorded users", p.Scale))
	}
	if p.Speed != 0 && p.Speed != 1 {
		parts = append(parts, fmt.Sprintf("at %gx speed", p.Speed))
	}
	if p.Duration > 0 {
		parts = append(parts, fmt.Sprintf("for %s", p.Duration))
	}
	return strings.Join(parts, ", ")
}
