package cmd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/starling-load/starling/replay/run"
)

// printPlan prints what a run would do, and with requests what it would send.
func printPlan(ctx context.Context, env environment, r *run.Run, requests, asJSON bool) error {
	plan, err := r.Outline(ctx)
	if err != nil {
		return err
	}
	switch {
	case requests:
		err = printRequests(ctx, env, plan, asJSON)
	case asJSON:
		err = writeJSON(env.stdout, plan)
	default:
		err = printOutline(env, plan)
	}
	return errors.Join(err, plan.Close())
}

// printOutline prints a plan for people.
func printOutline(env environment, plan *run.Outline) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	m := plan.Manifest
	fmt.Fprintf(w, "plays\t%s\nschedule\t%s\n", m.Source, m.Schedule)
	for i, o := range plan.Origins {
		title := "sends to"
		if i > 0 {
			title = ""
		}
		text := o.Live
		if o.Host != "" {
			text += ", as " + o.Host
		}
		if o.Recorded != "" {
			text += ", what was recorded of " + o.Recorded
		}
		fmt.Fprintf(w, "%s\t%s\n", title, text)
	}
	sessions := int(plan.Sessions)
	last := plan.Last.Round(time.Millisecond)
	switch {
	case plan.Endless:
		fmt.Fprintf(w, "users\t%d, each with one session after the other%s\n", sessions, within(last))
	case m.Users > 0:
		fmt.Fprintf(w, "users\t%d%s\n", sessions, within(last))
	default:
		fmt.Fprintf(w, "sessions\t%d, the last begins after %s\n", sessions, last)
	}
	if m.Recorded != nil {
		for _, s := range m.Recorded.Supplies {
			fmt.Fprintf(w, "data\t%s\n", s)
		}
		for _, v := range m.Recorded.Varieties {
			fmt.Fprintf(w, "variety\t%s\n", v)
		}
	}
	for _, t := range plan.Thresholds {
		fmt.Fprintf(w, "threshold\t%s\n", t)
	}
	return w.Flush()
}

// within says that users do not come at once.
func within(last time.Duration) string {
	if last == 0 {
		return ""
	}
	return fmt.Sprintf("; the last comes after %s", last)
}

// printRequests prints the requests of a plan, one a line.
func printRequests(ctx context.Context, env environment, plan *run.Outline, asJSON bool) error {
	lines := json.NewEncoder(env.stdout)
	unknown := 0
	for p := range plan.Requests() {
		var err error
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case asJSON:
			err = lines.Encode(p)
		case p.Missing != "":
			_, err = fmt.Fprintf(env.stdout, "%9.3fs  session %d  %s  (needs %s from the target)\n", p.At.Seconds(), p.Session, p.Endpoint, p.Missing)
		case p.Bytes > 0:
			_, err = fmt.Fprintf(env.stdout, "%9.3fs  session %d  %s %s  (%s)\n", p.At.Seconds(), p.Session, p.Method, p.URL, humanize.IBytes(uint64(p.Bytes)))
		default:
			_, err = fmt.Fprintf(env.stdout, "%9.3fs  session %d  %s %s\n", p.At.Seconds(), p.Session, p.Method, p.URL)
		}
		if err != nil {
			return fmt.Errorf("print the requests: %w", err)
		}
		if p.Missing != "" {
			unknown++
		}
	}
	if unknown > 0 {
		env.say("note: %s values that only the target can give", english.Plural(unknown, "request needs", "requests need"))
	}
	return nil
}
