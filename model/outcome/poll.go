package outcome

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/starling-load/starling/model"
	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record/flow"
)

// Evidence of a poll whose answers differ in one value only.
const (
	clearRun = 3  // requests of one loop that suffice
	fewRun   = 2  // requests of a loop that suffice if several loops end with the same value
	maxState = 24 // bytes of a value that names a state
	maxPaths = 100

	maxRepeated = 64 << 10 // bytes of a body that is compared
)

// A run is what a session asked of one address, again and again, with nothing else
// written in between.
type run struct {
	endpoint string
	steps    []*Step // until the session is over
	seen     []*seen
	ends     []model.Fact // see endings
}

// findPolls returns the number of the poll that each answer belongs to.
//
//   - The service puts a request off (429, 503), and the user sends it again.
//   - It fails (500, 502, …), and the user sends it again.
//   - It asks who the user is (401), a program gets a new token, and sends it again.
//   - A request is repeated until it gets another kind of answer, with which the loop
//     ends: another status, another place that it leads to.
//   - A request is repeated until one value of a JSON answer, a word or a boolean, is
//     what it was not before. Then the loop ends.
func (o *observer) findPolls() map[*seen]int {
	polls := map[*seen]int{}
	next := make([]int, len(o.of))
	mark := func(of []*seen) {
		i := of[0].session
		next[i]++
		for _, s := range of {
			polls[s] = next[i]
		}
	}
	for _, name := range o.endpoints {
		furnish(o.byEndpoint[name])
	}
	for _, of := range o.renewals {
		for _, pair := range of {
			pair[0].putOff = true
			mark(pair[:])
		}
	}
	var states []*run
	for i := range o.runs {
		for _, r := range o.runs[i] {
			switch {
			case slices.ContainsFunc(r.seen, func(s *seen) bool { return polls[s] > 0 }):
			case r.putOffs(mark):
			case r.failures(mark):
			case r.changesKind():
				mark(r.seen)
			case r.alike():
				states = append(states, r)
			}
		}
	}
	for _, r := range findStates(states) {
		mark(r.seen)
	}
	return polls
}

// runsOf returns the runs of a session, in the order of their first request.
func runsOf(session *Session, of []*seen) []*run {
	var runs []*run
	open := map[string]*run{}
	written := map[string]int{} // writes before the last request of the run
	writes := 0
	for k := range session.Steps {
		step := &session.Steps[k]
		r := &step.Flow.Request
		if len(r.Body.Data) > maxRepeated {
			writes++
			continue
		}
		id := step.Endpoint + "\x00" + r.Method + "\x00" + r.Target + "\x00" + string(r.Body.Data)
		if !readOnly(r.Method) {
			writes++
			written[id]++ // a request that writes does not come between those like it
		}
		if open[id] == nil || written[id] != writes {
			open[id] = &run{endpoint: step.Endpoint}
			runs = append(runs, open[id])
		}
		written[id] = writes
		open[id].steps = append(open[id].steps, step)
		open[id].seen = append(open[id].seen, of[k])
	}
	runs = slices.DeleteFunc(runs, func(r *run) bool { return len(r.seen) < 2 })
	for _, r := range runs {
		r.findFlaky()
		if r.comparable() {
			r.ends = r.endings()
		}
		r.steps = nil
	}
	return slices.Clip(runs)
}

// putOffs marks each request that was put off, with the one that was not.
func (r *run) putOffs(mark func([]*seen)) (found bool) {
	first := -1
	for i, s := range r.seen {
		switch {
		case s.status == 429 || s.status == 503:
			if first < 0 {
				first = i
			}
			continue
		case first >= 0 && s.status < 400:
			mark(r.seen[first : i+1])
			for _, before := range r.seen[first:i] {
				before.putOff = true
			}
			found = true
		}
		first = -1
	}
	return found
}

// failures marks each request that failed, with the one like it that did not.
func (r *run) failures(mark func([]*seen)) (found bool) {
	for i := 0; i+1 < len(r.seen); i++ {
		first := i
		for i+1 < len(r.seen) && passing(r.seen[i].status) {
			i++
		}
		if i > first && r.seen[i].status < 400 {
			mark(r.seen[first : i+1])
			found = true
		}
	}
	return found
}

// changesKind reports whether only the last answer is good and of its kind.
func (r *run) changesKind() bool {
	last := r.seen[len(r.seen)-1]
	if last.status >= 400 || strings.Contains(last.key, "\x00error:") || strings.Contains(last.key, "\x00"+content.LoginFeature) {
		return false
	}
	return !slices.ContainsFunc(r.seen[:len(r.seen)-1], func(s *seen) bool {
		return s.key == last.key || !r.waits(s.status)
	}) && last.status != 304
}

// waits reports whether an answer with a status can be that of a thing that will come. A
// refused user or a redirection to elsewhere changes by what the user does, unless it
// came again and again.
func (r *run) waits(status int) bool {
	switch status {
	case 404, 409, 423, 425:
		return true
	case 304:
		return false
	}
	return status/100 == 2 || status/100 == 3 && len(r.seen) >= clearRun
}

// comparable reports whether all answers are good, and JSON that is known.
func (r *run) comparable() bool {
	return !slices.ContainsFunc(r.seen, func(s *seen) bool { return s.status/100 != 2 || s.unjudged || !strings.Contains(s.media, "json") })
}

// alike reports whether the answers are comparable and of one kind.
func (r *run) alike() bool {
	return r.comparable() && !slices.ContainsFunc(r.seen, func(s *seen) bool { return s.key != r.seen[0].key })
}

// findStates returns the runs that end when a value changes, and gives their last answer
// that value.
func findStates(runs []*run) []*run {
	loops := map[string]int{} // by endpoint and fact
	for _, r := range runs {
		for _, f := range r.ends {
			loops[r.endpoint+"\x00"+f.Selector+"\x00"+f.Value]++
		}
	}
	var polls []*run
	for _, r := range runs {
		support := func(f model.Fact) int { return loops[r.endpoint+"\x00"+f.Selector+"\x00"+f.Value] }
		slices.SortStableFunc(r.ends, func(a, b model.Fact) int { return support(b) - support(a) })
		if len(r.ends) > 0 && (len(r.seen) >= clearRun || len(r.seen) >= fewRun && support(r.ends[0]) > 1) {
			fact := r.ends[0]
			r.seen[len(r.seen)-1].fact = &fact
			polls = append(polls, r)
		}
	}
	return polls
}

// endings returns the values that only the last answer has, in the order of their
// selectors. A value that was another in each answer, such as a time, is none.
func (r *run) endings() []model.Fact {
	last := len(r.seen) - 1
	final := states(r.steps[last].Flow, r.seen[last])
	before := map[string]map[string]bool{}
	for i := range last {
		for selector, value := range states(r.steps[i].Flow, r.seen[i]) {
			if before[selector] == nil {
				before[selector] = map[string]bool{}
			}
			before[selector][value] = true
		}
	}
	var facts []model.Fact
	for _, selector := range slices.SortedFunc(maps.Keys(final), func(a, b string) int { return cmp.Or(len(a)-len(b), cmp.Compare(a, b)) }) {
		others := before[selector]
		if len(others) > 0 && !others[final[selector]] && (last == 1 || len(others) < last) {
			facts = append(facts, model.Fact{Selector: selector, Value: strings.Clone(final[selector])})
		}
	}
	return facts
}

// states returns the values of a JSON answer that can name a state: words and booleans
// outside of arrays, by selector.
func states(f *flow.Flow, s *seen) map[string]string {
	out := map[string]string{}
	d := content.New(f.Response)
	for _, feature := range s.features {
		path, ok := strings.CutSuffix(feature, ":string")
		if !ok {
			path, ok = strings.CutSuffix(feature, ":boolean")
		}
		path, under := strings.CutPrefix(path, "$.")
		if !ok || !under || strings.Contains(path, "[]") || strings.Contains(path, "{}") || len(out) >= maxPaths {
			continue
		}
		selector, err := content.ParseSelector("json:" + path)
		if err != nil {
			continue
		}
		if values := selector.Values(d); len(values) == 1 && namesState(values[0]) {
			out["json:"+path] = values[0]
		}
	}
	return out
}

// namesState reports whether a value is a word.
func namesState(s string) bool {
	if s == "" || len(s) > maxState || content.Kind(s) != "" {
		return false
	}
	return !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c >= '0' && c <= '9' })
}
