package cmd

import (
	"context"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/starling-load/starling/replay/stats"
)

// plainEvery is the time between two plain lines.
const plainEvery = 5 * time.Second

// A progress shows how far long work is: on a terminal by one line that changes,
// elsewhere by a plain line now and then.
type progress struct {
	title string
	total time.Duration // 0: unknown
	out   io.Writer
	text  atomic.Value // string

	pool *mpb.Progress // nil without a terminal
	bar  *mpb.Bar
	last time.Time
}

// newProgress starts a progress line on out.
func newProgress(out io.Writer, title string, total time.Duration) *progress {
	p := &progress{title: title, total: total, out: out, last: time.Now()}
	p.text.Store("")
	if !isTerminal(out) {
		return p
	}
	p.pool = mpb.New(mpb.WithOutput(out), mpb.WithWidth(24), mpb.WithRefreshRate(200*time.Millisecond))
	var style mpb.BarFillerBuilder = mpb.BarStyle().Lbound("").Rbound("").Filler("━").Tip("━").Padding("─")
	if total == 0 {
		style = mpb.NopStyle()
	}
	p.bar = p.pool.New(int64(max(total, 1)), style,
		mpb.PrependDecorators(decor.Name(title+" ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return " " + p.text.Load().(string) })),
	)
	return p
}

// update shows text, and how much of the total is over.
func (p *progress) update(elapsed time.Duration, text string) {
	p.text.Store(text)
	if p.bar != nil {
		p.bar.SetCurrent(int64(min(elapsed, max(p.total-1, 0))))
		return
	}
	if now := time.Now(); now.Sub(p.last) >= plainEvery {
		p.last = now
		fmt.Fprintf(p.out, "%s: %s\n", p.title, text)
	}
}

// end removes the line from a terminal.
func (p *progress) end() {
	if p.bar != nil {
		p.bar.Abort(true)
		p.pool.Wait()
	}
}

// secondText is a second of a run in one line.
func secondText(p stats.Point) string {
	text := fmt.Sprintf("%4.0fs  %s  %.0f req/s", (p.Start + p.Width).Seconds(), english.Plural(p.Users, "user", ""), p.Rate)
	if p.Rate == 0 {
		return text // nothing ended in this second
	}
	return text + fmt.Sprintf("  p50 %s  p95 %s  p99 %s  %.0f failed/s",
		micros(p.Response.P50), micros(p.Response.P95), micros(p.Response.P99), p.Failures)
}

// micros writes a time in microseconds for people.
func micros(us int64) string {
	d := time.Duration(us) * time.Microsecond
	switch {
	case d < time.Millisecond:
		return d.String()
	case d < time.Second:
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(10 * time.Millisecond).String()
}

// every waits for d and reports whether ctx is still on.
func every(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
