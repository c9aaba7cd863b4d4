package outcome

import (
	"hash/fnv"
	"io"
	"net/http"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// maxOpen is the number of accepted requests without credentials that are remembered.
const maxOpen = 1 << 20

// refusal reports whether a status says that it is the request's fault.
func refusal(status int) bool {
	return status/100 == 4 && !passing(status)
}

// findFlaky marks refused requests of a run of which the same one, with the same
// credentials, was accepted, with nothing written in between: before or after a refusal
// of the user (401), before that of a right (403), and before and after any other: a thing
// may come or go by itself, but not go and come back.
func (r *run) findFlaky() {
	type span struct{ first, last int }
	accepted := map[[2]string]span{} // by credentials
	for i, s := range r.seen {
		if s.status >= 400 {
			continue
		}
		who := credentialsOf(r.steps[i].Flow)
		at, had := accepted[who]
		if !had {
			at.first = i
		}
		accepted[who] = span{at.first, i}
	}
	for i, s := range r.seen {
		if !refusal(s.status) {
			continue
		}
		at, had := accepted[credentialsOf(r.steps[i].Flow)]
		before, after := had && at.first < i, had && at.last > i
		switch s.status {
		case http.StatusUnauthorized:
			s.flaky = before || after
		case http.StatusForbidden:
			s.flaky = before
		default:
			s.flaky = before && after
		}
	}
}

// credentialsOf is what a request says of who the user is.
func credentialsOf(f *flow.Flow) [2]string {
	return [2]string{f.Request.Headers.Value("Authorization"), f.Request.Headers.Value("Cookie")}
}

// findContradictions looks at what tells refused requests from others, beyond the runs of
// the session. A token that is refused (401) and accepted later was good. A request that
// only reads and says nothing about the user is the same, whoever sends it.
func (o *observer) findContradictions(session *Session, of []*seen) {
	accepted := map[string]bool{} // tokens, from the end on
	for k := len(of) - 1; k >= 0; k-- {
		step, s := &session.Steps[k], of[k]
		token := step.Flow.Request.Headers.Value("Authorization")
		switch {
		case s.status < 400 && token != "":
			accepted[token] = true
		case s.status == http.StatusUnauthorized && strings.HasPrefix(token, "Bearer ") && accepted[token]:
			s.flaky = true
		}
		if credentials(step) || !readOnly(step.Flow.Request.Method) {
			continue
		}
		h := fnv.New64a()
		_, _ = io.WriteString(h, step.Endpoint+"\x00"+step.Flow.Request.Method+"\x00"+step.Flow.Request.Target)
		switch {
		case s.status < 400 && len(o.open) < maxOpen:
			o.open[h.Sum64()] = true
		case s.status == http.StatusUnauthorized || s.status == http.StatusForbidden:
			o.closed[s] = h.Sum64()
		}
	}
}
