package model

import (
	"strconv"

	"github.com/starling-load/starling/model/problem"
)

// sessions checks the recorded sessions. A place names a line of a table:
// ["sessions", "3"] is the third session, ["acts", "17"] is the seventeenth act,
// counted through all sessions.
func (v *validator) sessions() {
	behaviors, browsers := map[string]map[string]bool{}, map[string]bool{}
	for i := range v.m.Behaviors {
		steps := map[string]bool{}
		for k := range v.m.Behaviors[i].Steps {
			steps[v.m.Behaviors[i].Steps[k].ID] = true
		}
		behaviors[v.m.Behaviors[i].Name] = steps
	}
	for i := range v.m.Browsers {
		browsers[v.m.Browsers[i].Name] = true
	}
	acts := 0
	for i := range v.m.Sessions {
		s := &v.m.Sessions[i]
		p := v.at("sessions", strconv.Itoa(i+1))
		switch {
		case s.Start < 0:
			p.addf("the start is negative")
		case i > 0 && s.Start < v.m.Sessions[i-1].Start:
			p.addf("starts before the session above: the sessions are in the order of their start")
		}
		if s.Behavior != "" && behaviors[s.Behavior] == nil {
			p.unknown("behavior", s.Behavior, len(v.m.Behaviors), func(i int) string { return v.m.Behaviors[i].Name })
		}
		if s.Browser != "" && !browsers[s.Browser] {
			p.unknown("browser", s.Browser, len(v.m.Browsers), func(i int) string { return v.m.Browsers[i].Name })
		}
		for _, f := range s.Account {
			if _, _, ok := FindColumn(v.m.Data, f.Ref); !ok {
				p.addf("the account has %s, and there is no such column of a data file", problem.Quote(f.Ref))
			}
		}
		if len(s.Acts) == 0 {
			p.addf("has no acts")
		}
		for k := range s.Entry {
			acts++
			v.act(acts, s.Entry, k)
			if a := &s.Entry[k]; a.Step != "" || a.Poll != 0 || len(a.Echoes) > 0 {
				v.at("acts", strconv.Itoa(acts)).addf("an act of the entry begins no step, polls nothing and shows nothing")
			}
		}
		v.polls(acts+1, s.Acts)
		for k := range s.Acts {
			acts++
			v.act(acts, s.Acts, k)
			if step := s.Acts[k].Step; step != "" && !behaviors[s.Behavior][step] {
				v.at("acts", strconv.Itoa(acts)).addf("there is no step %s in behavior %s", problem.Quote(step), problem.Quote(s.Behavior))
			}
		}
	}
}

// act checks act k of a session. n is its number, counted through all sessions.
func (v *validator) act(n int, acts []Act, k int) {
	a := &acts[k]
	bad := func(format string, args ...any) { v.at("acts", strconv.Itoa(n)).addf(format, args...) }
	variant := v.variantOf(n, a)
	for i, w := range a.After {
		if w < 0 || w >= k {
			bad("act %d cannot wait for act %d: it waits for earlier ones", k+1, w+1)
		} else if i > 0 && w <= a.After[i-1] {
			bad("the acts to wait for must be in ascending order")
		}
	}
	if a.Delay < 0 || a.Delay > MaxThink {
		bad("the delay %v is not from 0 to %v", a.Delay, MaxThink)
	}
	if a.Conn < 0 {
		bad("the number of the connection is negative")
	}
	if a.Status != 0 && (a.Status < 100 || a.Status > 599) {
		bad("%d is not a status", a.Status)
	}
	if e := v.endpoints[a.Endpoint]; e != nil && a.Outcome != "" && e.Outcome(a.Outcome) == nil {
		v.at("acts", strconv.Itoa(n), a.Endpoint).unknown("outcome", a.Outcome, len(e.Outcomes), func(i int) string { return e.Outcomes[i].Name })
	}
	if why := badName(a.Strand); a.Strand != "" && why != "" {
		bad("%s cannot be the name of a strand: %s", problem.Quote(a.Strand), why)
	}
	for _, e := range a.Echoes {
		if e.Act < 0 || e.Act >= k {
			bad("act %d cannot show what act %d sent: it shows what earlier ones did", k+1, e.Act+1)
		} else if e.Place == "" || e.Room < 0 {
			bad("what it shows of act %d needs a place of that request, and room from 0 on", e.Act+1)
		}
	}
	if variant == nil {
		return
	}
	if a.Row < 0 || a.Row > len(variant.Rows) {
		bad("there is no row %d: %s has %d", a.Row, problem.Shorten(a.Endpoint), len(variant.Rows))
	}
	v.takes(bad, acts, k, variant)
}

// takes checks from where act k has its values.
func (v *validator) takes(bad func(format string, args ...any), acts []Act, k int, variant *Variant) {
	a := &acts[k]
	takers := variant.Takers()
	if len(a.Takes) > 0 && len(a.Takes) != len(takers) {
		bad("takes %d values, its request has %d that it could take", len(a.Takes), len(takers))
		return
	}
	for i := range a.Takes {
		t, value := &a.Takes[i], &variant.Values[takers[i]]
		switch {
		case t.Act == Latest:
		case t.Act == Own && !value.Own:
			bad("value %s has no recorded content of its own", problem.Quote(value.Name))
		case t.Act == Own && a.Row == 0:
			bad("value %s is the one in the row of the act, but the act names no row", problem.Quote(value.Name))
		case t.Act == Own:
		case t.Act < 0 || t.Act >= k:
			bad("act %d cannot take a value from act %d: it takes from earlier ones", k+1, t.Act+1)
		case value.Kind != Bound:
			bad("value %s is of kind %s: only bound values are taken from answers", problem.Quote(value.Name), value.Kind)
		default:
			v.take(bad, t, value.Ref, acts[t.Act].Endpoint)
		}
	}
}

// take checks that the binding has the source, and that it is at the endpoint.
func (v *validator) take(bad func(format string, args ...any), t *Take, binding, endpoint string) {
	b := v.bindings[binding]
	if b == nil {
		return // the value itself is wrong
	}
	sources := b.Sources
	switch {
	case t.Source < 0 || t.Source >= len(sources):
		bad("binding %s has no source %d", problem.Quote(binding), t.Source+1)
	case sources[t.Source].Endpoint != endpoint:
		bad("source %d of binding %s is not at %s", t.Source+1, problem.Quote(binding), problem.Shorten(endpoint))
	case t.Match < 0:
		bad("the number of the match is negative")
	case t.Element < 0 || t.Element > len(v.m.Elements):
		bad("there is no element %d: there are %d", t.Element, len(v.m.Elements))
	}
}

// variantOf returns the variant that an act sends, nil if the act names none that exists.
func (v *validator) variantOf(n int, a *Act) *Variant {
	e := v.endpoints[a.Endpoint]
	if e == nil {
		v.at("acts", strconv.Itoa(n)).endpoint(a.Endpoint)
		return nil
	}
	x := v.variants[[2]string{a.Endpoint, a.Variant}]
	if x == nil {
		v.at("acts", strconv.Itoa(n), a.Endpoint).unknown("variant", a.Variant, len(e.Variants), func(i int) string { return e.Variants[i].Name })
	}
	return x
}

// polls checks that the acts of a poll send one request. first is the number of the
// first act.
func (v *validator) polls(first int, acts []Act) {
	asks := map[int]string{}
	for k := range acts {
		a := &acts[k]
		p := v.at("acts", strconv.Itoa(first+k))
		if of, had := asks[a.Poll]; had && of != a.Endpoint {
			p.addf("poll %d asks %s and %s: the acts of a poll send one request", a.Poll, problem.Shorten(of), problem.Shorten(a.Endpoint))
		}
		switch {
		case a.Poll < 0:
			p.addf("the number of the poll is negative")
		case a.Poll > 0:
			asks[a.Poll] = a.Endpoint
		}
	}
}
