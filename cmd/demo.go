package cmd

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/fixtures/crowd"
	"github.com/starling-load/starling/fixtures/shop"
	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/folder"
	"github.com/starling-load/starling/model/learn"
	"github.com/starling-load/starling/model/session"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/compare"
	"github.com/starling-load/starling/replay/run"
	"github.com/starling-load/starling/replay/stats"
)

// What makes the demo's candidate a worse release.
const (
	demoSlower  = "GET /products/{id}: latency=+30%"
	demoChanged = "GET /api/products/{id}: field stock=string"
)

// demoAccountsTotal is how many accounts the shop has.
const demoAccountsTotal = 2000

// demoOptions are the flags of demo.
type demoOptions struct {
	dir      string
	ui       string
	keep     bool
	seed     uint64
	sessions int
	duration time.Duration
	pairs    int
	block    time.Duration
	json     bool
}

func demoCommand(env environment) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Record, learn, replay at 10x and compare on the built-in shop",
		Long: `Show the whole work on a small web shop that comes along: drive 40 people through
the recording proxy, learn who they are, replay ten times as many on two
replayer processes, and compare the shop with a release that is slower in one
place and changed in another. Takes about two minutes, talks to this machine
alone, and leaves its files in --dir.`,
		Example: "  starling demo\n  starling demo --keep     # and look at it in the browser afterwards",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := demo{env: env, demoOptions: o}
			return d.run(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.dir, "dir", "demo", "`FOLDER` for what the demo makes; an earlier demo there is replaced")
	f.StringVar(&o.ui, "ui", "127.0.0.1:7070", "`ADDRESS` of the web UI; a free port is taken where this one is in use")
	f.BoolVar(&o.keep, "keep", false, "keep the web UI up until Ctrl-C")
	f.Uint64Var(&o.seed, "seed", 1, "`NUMBER` that seeds the shop, its visitors and the replay")
	f.Var(newPositive(&o.sessions, 40), "sessions", "`NUMBER` of sessions to record")
	f.Var(newSpan(&o.duration, 20*time.Second), "duration", "`LENGTH` of the replay")
	f.Var(newPositive(&o.pairs, 6), "pairs", "`NUMBER` of pairs of blocks to compare")
	f.Var(newSpan(&o.block, 6*time.Second), "block", "`LENGTH` of a block")
	f.BoolVar(&o.json, "json", false, "print the results as one JSON object at the end: recorded, learned, replayed, refused, compared")
	cmd.AddCommand(demoShopCommand(env))
	return cmd
}

// A demo is one run of the whole work.
type demo struct {
	demoOptions
	env environment

	shopURL  string
	live     *liveView
	totals   flowfile.Totals
	learned  *learn.Report
	model    *model.Model
	replayed *stats.Summary
	refused  uint64
	report   *compare.Report
}

func (d *demo) path(name string) string { return filepath.Join(d.dir, name) }

// The files that a demo leaves behind.
const (
	demoRecording = "shop.flow.zst"
	demoModel     = "shop.model"
	demoAccounts  = "accounts.csv"
	demoKey       = "redaction.key"
	demoRun       = "replay.run.zst"
	demoReport    = "compare.json"
)

func (d *demo) run(ctx context.Context) error {
	if err := d.prepare(); err != nil {
		return err
	}
	stopUI, err := d.serveUI()
	if err != nil {
		return err
	}
	defer stopUI()
	steps := []struct {
		title string
		do    func(context.Context) error
	}{
		{fmt.Sprintf("Record %d people in the shop", d.sessions), d.record},
		{"Learn who they are", d.learn},
		{"Replay ten times as many on two replayers", d.replay},
		{"Compare with a worse release", d.compare},
	}
	candidate, cleanUp, err := startShop(ctx, d.env, d.seed)
	if err != nil {
		return err
	}
	defer cleanUp()
	d.shopURL = candidate
	for i, step := range steps {
		d.env.say("\n%d. %s", i+1, step.title)
		if err := step.do(ctx); err != nil {
			return err
		}
	}
	d.env.say("")
	if err := d.summarise(); err != nil {
		return err
	}
	if d.keep {
		d.env.say("\nThe web UI stays up; Ctrl-C ends it.")
		<-ctx.Done()
	}
	return nil
}

// prepare makes the folder and removes what an earlier demo left there.
func (d *demo) prepare() error {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of the demo: %w", err)
	}
	for _, name := range []string{demoRecording, demoModel, demoAccounts, demoKey, demoRun, demoReport} {
		if err := os.RemoveAll(d.path(name)); err != nil {
			return fmt.Errorf("remove what an earlier demo left: %w", err)
		}
	}
	return d.writeAccounts()
}

// writeAccounts writes the accounts of the shop. The recorded people use the first
// ones, the replayed people as many as they need.
func (d *demo) writeAccounts() error {
	f, err := os.OpenFile(d.path(demoAccounts), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("write the accounts: %w", err)
	}
	w := csv.NewWriter(f)
	w.Write([]string{"user", "password"})
	for _, a := range shop.Accounts(d.seed, demoAccountsTotal) {
		w.Write([]string{a.User, a.Password})
	}
	w.Flush()
	return errors.Join(w.Error(), f.Close())
}

func (d *demo) serveUI() (stop func(), err error) {
	d.live = newLive()
	stop, url, err := serveUI(d.env, d.ui, "", d.dir, d.live)
	if errors.Is(err, syscall.EADDRINUSE) {
		stop, url, err = serveUI(d.env, "127.0.0.1:0", "", d.dir, d.live)
	}
	if err != nil {
		return nil, err
	}
	d.env.say("The web UI shows the runs live: %s", url)
	return stop, nil
}

// record sends the crowd through the recording proxy.
func (d *demo) record(ctx context.Context) error {
	recording, stop := context.WithCancel(ctx)
	defer stop()
	r, err := openRecorder(d.env, recordOptions{listen: "127.0.0.1:0", keepHost: true, recorderOptions: recorderOptions{output: d.path(demoRecording), maxBody: defaultMaxBody, processes: true, redactKey: d.path(demoKey)}})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- r.run(recording, "") }()
	visitors, err := d.visit(ctx, r.listener.Addr().String())
	stop()
	if err := errors.Join(err, <-done); err != nil {
		return err
	}
	if d.totals, err = flowfile.Stat(d.path(demoRecording)); err != nil {
		return err
	}
	d.env.say("%d visitors sent %d requests and made %d orders; %d flows are in %s",
		d.sessions, visitors.Requests, len(visitors.Orders), d.totals.Flows, d.path(demoRecording))
	return nil
}

// visit sends people to the shop by way of a proxy.
func (d *demo) visit(ctx context.Context, proxyAddress string) (*crowd.Report, error) {
	base, err := url.Parse(d.shopURL)
	if err != nil {
		return nil, err
	}
	o := crowd.Options{Base: base, Proxy: &url.URL{Scheme: "http", Host: proxyAddress}, Sessions: d.sessions, Seed: d.seed}
	for _, a := range shop.Accounts(d.seed, d.sessions) {
		o.Accounts = append(o.Accounts, crowd.Account(a))
	}
	visitors, err := crowd.Run(ctx, o)
	if err != nil {
		return nil, err
	}
	return visitors, errors.Join(visitors.Errors...)
}

func (d *demo) learn(context.Context) error {
	accounts, err := run.ReadData("accounts", d.path(demoAccounts))
	if err != nil {
		return err
	}
	conns := &session.Conns{}
	recording := readable(d.env, conns, d.path(demoRecording))
	recorded, _, err := asRecorded([]model.Source{accounts}, d.path(demoKey), recording)
	if err != nil {
		return err
	}
	d.model, d.learned, err = learn.Read(recording, session.Options{Conns: conns}, learn.Options{Data: recorded, Supplied: []model.Source{accounts}})
	if err != nil {
		return err
	}
	if err := folder.Write(d.path(demoModel), d.model); err != nil {
		return err
	}
	return d.show(d.learned.Text)
}

// job plays the demo's model by a plan.
func (d *demo) job(p replay.Plan) run.Job {
	p.Seed = d.seed
	return run.Job{Source: run.Source{Model: d.path(demoModel)}, Plan: p}
}

// replay plays ten times the recorded users on two replayers.
func (d *demo) replay(ctx context.Context) error {
	before, err := refusals(ctx, d.shopURL)
	if err != nil {
		return err
	}
	options, err := d.env.runOptions()
	if err != nil {
		return err
	}
	options.Output, options.Replayers = d.path(demoRun), 2
	r, end, err := openRun(ctx, d.env, d.job(replay.Plan{Target: d.shopURL, Scale: 10, Duration: d.duration}), options)
	if err != nil {
		return err
	}
	d.live.show(r)
	d.replayed, err = r.Play(ctx)
	end()
	if err != nil {
		return err
	}
	manifest := r.Manifest()
	if err := d.show(func(w io.Writer) error { return d.replayed.Text(w, &manifest) }); err != nil {
		return err
	}
	after, err := refusals(ctx, d.shopURL)
	d.refused = after - before
	return err
}

// compare plays to the shop and to its worse release.
func (d *demo) compare(ctx context.Context) error {
	worse, stop, err := startShop(ctx, d.env, d.seed, demoSlower, demoChanged)
	if err != nil {
		return err
	}
	defer stop()
	d.env.say("The candidate has two faults: %s; %s", demoSlower, demoChanged)
	options, err := d.env.runOptions()
	if err != nil {
		return err
	}
	d.report, err = compareTargets(ctx, d.env, run.Comparison{
		Job: d.job(replay.Plan{Scale: 8, Speed: 3}), Baseline: d.shopURL, Candidate: worse,
		Pairs: d.pairs, Block: d.block, Judge: compare.Options{FalseRate: 0.001},
	}, options)
	if err != nil {
		return err
	}
	data, err := json.MarshalIndent(d.report, "", "  ")
	if err == nil {
		err = os.WriteFile(d.path(demoReport), data, 0o644)
	}
	if err != nil {
		return fmt.Errorf("write the comparison: %w", err)
	}
	return d.show(d.report.Text)
}

// show prints what a step found, unless all of it is printed as JSON at the end.
func (d *demo) show(text func(io.Writer) error) error {
	if d.json {
		return nil
	}
	return text(d.env.stdout)
}

// summarise prints the demo's results on one page.
func (d *demo) summarise() error {
	s := d.replayed
	if d.json {
		return writeJSON(d.env.stdout, struct {
			Recorded flowfile.Totals `json:"recorded"`
			Learned  *learn.Report   `json:"learned"`
			Replayed *stats.Summary  `json:"replayed"`
			Refused  uint64          `json:"refused"` // tokens
			Compared *compare.Report `json:"compared"`
		}{d.totals, d.learned, s, d.refused, d.report})
	}
	w := tabwriter.NewWriter(d.env.stdout, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%s\t%s\n", name, fmt.Sprintf(format, args...))
	}
	var types []string
	for _, b := range d.model.Behaviors {
		types = append(types, fmt.Sprintf("%s %.0f %%", b.Name, 100*b.Weight))
	}
	fmt.Fprintln(w, "SUMMARY")
	row("flows recorded", "%d", d.totals.Flows)
	row("sessions", "%d", d.model.Recorded.Sessions)
	row("user types", "%d (%s)", len(types), strings.Join(types, ", "))
	row("requests replayed", "%d in %.0f s, up to %d users", s.Requests, s.Duration, s.UsersMax)
	row("outcome match", "%.2f %%", 100*s.OutcomeMatch)
	row("session match", "%.2f %%", 100*s.SessionMatch)
	row("tokens refused", "%d", d.refused)
	row("response time", "p50 %s  p95 %s  p99 %s", micros(s.Response.P50), micros(s.Response.P95), micros(s.Response.P99))
	row("service time", "p50 %s  p95 %s  p99 %s", micros(s.Service.P50), micros(s.Service.P95), micros(s.Service.P99))
	row("lateness", "p99 %s", micros(s.Lateness.P99))
	row("run", "%s", strings.Join(append([]string{s.Validity.Verdict}, s.Validity.Reasons...), "; "))
	row("verdict", "%s: %s", d.report.Verdict, strings.Join(d.report.Changes, "; "))
	row("files", "%s", d.dir)
	return w.Flush()
}
