package learn

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/model/correlate"
	"github.com/starling-load/starling/model/outcome"
	"github.com/starling-load/starling/record/flow"
)

const (
	// chained is a pause that is too short for a user: a script goes on.
	chained = 100 * time.Millisecond

	// hesitant is the longest pause after which a slow script may go on.
	hesitant = time.Second

	// fewPauses is the number of pauses of users from which on it is said how quick users are.
	fewPauses = 8

	// lasting is how long a request may take at most to have loads beside it. What
	// takes longer waits for news, such as a long poll.
	lasting = 10 * time.Second
)

// heads tells, for each exchange of a session, whether a step of the user begins with
// it: a page that was opened, a form that was sent, a call of a program. The others load
// beside the step before them. They are
//
//   - assets, such as styles and images,
//   - what began while a request of the step was under way,
//   - what a script of the page asked for sooner after an answer than users do,
//   - what a program sent because its credentials were refused,
//   - and the request that a preflight (OPTIONS) had asked leave for.
func (l *learner) heads(steps []step) []bool {
	heads := make([]bool, len(steps))
	var busy, loading time.Time // when the last request of the step is over: of calls and pages, of all
	var end time.Time           // the same of the session
	asked := false              // for leave
	for i := range steps {
		x := &steps[i]
		gap := x.start.Sub(end)
		switch {
		case i == 0:
			heads[i] = true
		case l.assets[x.endpoint] || x.start.Before(busy):
		case x.start.Before(loading) && x.is&navigation == 0:
		case asked && gap < chained, x.is&renewal != 0:
		case x.is&scripted != 0 && x.is&get != 0 && gap < l.quickest:
		default:
			heads[i] = true
			busy, loading = time.Time{}, time.Time{}
		}
		asked = x.is&preflight != 0
		if x.is&stream == 0 && x.done < lasting {
			loading = later(loading, x.over())
			if !l.assets[x.endpoint] {
				busy = later(busy, x.over())
			}
		}
		end = later(end, x.over())
	}
	return heads
}

// findQuickest finds out how quick users are at least: twice as quick as nine of ten are
// who open a page or change something.
func (l *learner) findQuickest() {
	var pauses []time.Duration
	for i := range l.sessions {
		var end time.Time
		for k := range l.sessions[i].steps {
			x := &l.sessions[i].steps[k]
			own := x.is&opened != 0 || l.uses[x.endpoint].writes
			if gap := x.start.Sub(end); k > 0 && own && gap >= chained {
				pauses = append(pauses, gap)
			}
			end = later(end, x.over())
		}
	}
	if l.quickest = chained; len(pauses) >= fewPauses {
		slices.Sort(pauses)
		l.quickest = min(max(chained, pauses[len(pauses)/10]/2), hesitant)
	}
}

// renewals returns the exchanges that a program sent because its credentials were refused.
func renewals(exchanges []correlate.Exchange) map[int]bool {
	if !slices.ContainsFunc(exchanges, func(x correlate.Exchange) bool { return x.Flow.Response.Status == http.StatusUnauthorized }) {
		return nil
	}
	steps := make([]outcome.Step, len(exchanges))
	for i, x := range exchanges {
		steps[i] = outcome.Step{Flow: x.Flow, Endpoint: x.Endpoint}
	}
	return outcome.Renewals(steps)
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// isNavigation reports whether the user may have opened another page while the one before
// it was still loading: by its own word, or because it sent a form or got a page.
func isNavigation(f *flow.Flow) bool {
	if mode := f.Request.Headers.Value("Sec-Fetch-Mode"); mode != "" {
		return mode == "navigate"
	}
	return f.Request.Method != "GET" || content.New(f.Response).Media() == "text/html"
}

// isOpened reports whether the user opened a page with the request, in the window and not
// in a part of another page.
func isOpened(f *flow.Flow) bool {
	h := f.Request.Headers
	if mode := h.Value("Sec-Fetch-Mode"); mode != "" {
		to := h.Value("Sec-Fetch-Dest")
		return mode == "navigate" && (to == "" || to == "document")
	}
	return content.New(f.Response).Media() == "text/html" && !isScripted(f)
}

// isScripted reports whether a script of a page sent the request, and not the navigation
// of a browser or a program of its own (Fetch Metadata, and what libraries send).
func isScripted(f *flow.Flow) bool {
	h := f.Request.Headers
	if mode := h.Value("Sec-Fetch-Mode"); mode != "" {
		return mode != "navigate"
	}
	return strings.EqualFold(h.Value("X-Requested-With"), "XMLHttpRequest")
}

// isPreflight reports whether the browser asked leave for another request (Fetch
// Standard, CORS-preflight fetch).
func isPreflight(f *flow.Flow) bool {
	return f.Request.Method == "OPTIONS" && f.Request.Headers.Has("Access-Control-Request-Method")
}

// A visit is a step as a recorded session made it: its exchanges from Head on, up to
// the next visit.
type visit struct {
	step  string // the endpoint that it is named after
	first int    // index of its first exchange
	next  int    // index of the first exchange of the next visit
	think time.Duration
}

// pause is a recorded pause as a model can hold it: at most model.MaxThink. What is
// longer is counted.
func (l *learner) pause(d time.Duration) time.Duration {
	if d > model.MaxThink {
		l.report.shortened++
		return model.MaxThink
	}
	return d
}

// visits returns the steps of a session, without their names.
func (l *learner) visits(steps []step) []visit {
	var list []visit
	var end time.Time // when everything asked for so far had been answered
	for i, head := range l.heads(steps) {
		x := &steps[i]
		if head {
			v := visit{first: i}
			if len(list) > 0 {
				list[len(list)-1].next = i
				v.think = l.pause(max(0, x.start.Sub(end)))
			}
			list = append(list, v)
		}
		done := x.start
		if x.is&stream == 0 {
			done = x.over()
		}
		end = later(end, done)
	}
	if len(list) > 0 {
		list[len(list)-1].next = len(steps)
	}
	return list
}
