package fidelity

import (
	"fmt"
	"math"
	"time"

	"github.com/starling-load/starling/model/fidelity/distance"
)

// explain says of each metric in which way the traffic differs, what to do about it, and
// which metrics are not there.
func (r *Report) explain(s *scheme, a, b *profile, tells string) {
	reasons := s.reasons(a, b)
	reasons[TellingApart] = "a classifier tells which traffic a session is from, most by " + tells
	for i := range r.Metrics {
		m := &r.Metrics[i]
		m.Reason, m.Advice = reasons[m.Name], advice(m.Name)
	}
	r.Missing, r.Notes = []string{}, []string{}
	if !s.clock.comparable {
		r.Missing = append(r.Missing, fmt.Sprintf("%s, %s, %s and %s: sessions start over %s in the recording, and over %s in the other traffic",
			Burstiness, Correlation, Concurrency, Rate, seconds(r.Recorded.Seconds), seconds(r.Other.Seconds)))
	}
	for _, other := range []struct{ name, why string }{
		{Duration, "sessions have one step"},
		{ThinkTime, "sessions have one step"},
		{Pace, "too few sessions have several think times"},
		{Types, "the model has one type of user, or the types of the sessions are not known"},
		{Punctuality, "only a run knows when requests were due"},
	} {
		if r.Metric(other.name) == nil {
			r.Missing = append(r.Missing, other.name+": "+other.why)
		}
	}
}

// reasons says in which way b differs from a, by metric.
func (s *scheme) reasons(a, b *profile) map[string]string {
	of := map[string]string{
		Length: fmt.Sprintf("sessions have %s requests on average, %s at the 95 %% point; recorded: %s and %s",
			figure(s.length.Mean(b.length)), figure(s.length.Typical(b.length, 0.95)), figure(s.length.Mean(a.length)), figure(s.length.Typical(a.length, 0.95))),
		Duration: fmt.Sprintf("the middle session lasts %s; recorded: %s", seconds(s.duration.Typical(b.duration, 0.5)), seconds(s.duration.Typical(a.duration, 0.5))),
		ThinkTime: fmt.Sprintf("users think for %s in the middle, %s on average; recorded: %s and %s",
			seconds(s.think.Typical(b.think, 0.5)), seconds(s.think.Mean(b.think)), seconds(s.think.Typical(a.think, 0.5)), seconds(s.think.Mean(a.think))),
		Pace: fmt.Sprintf("think times of one session go together by %.2f; recorded: %.2f", b.together(), a.together()),
		Memory: fmt.Sprintf("the next step is open by %.2f bits, once the two before are known; recorded: %.2f bits",
			s.uncertainty(b), s.uncertainty(a)),
		Concurrency: fmt.Sprintf("at most %.3f users at once for each session; recorded: %.3f", peak(b.active), peak(a.active)),
		Rate:        "requests come at other times than recorded, see the curve",
		Burstiness:  s.burstReason(a, b),
		Correlation: "a second with many requests says something else of the seconds after it than recorded",
		Bytes: fmt.Sprintf("a request sends %s bytes and gets %s; recorded: %s and %s", figure(b.sentTotal/b.requests), figure(b.receivedTotal/b.requests),
			figure(a.sentTotal/a.requests), figure(a.receivedTotal/a.requests)),
		Data: fmt.Sprintf("%.0f different values are asked for, the commonest 100 in %.1f %% of the requests, and a cache of a tenth has %.1f %%; recorded: %.0f, %.1f %% and %.1f %%",
			b.distinct, 100*b.top, 100*b.cached[1], a.distinct, 100*a.top, 100*a.cached[1]),
		Types:   s.typeReason(a, b),
		Answers: "answers have another class of status than those of the same endpoint in the recording, or did not come",

		Punctuality: "requests were sent later than they were due",
	}
	if list := s.changes(a, b); len(list) > 0 {
		c := list[0]
		of[Mix] = fmt.Sprintf("%s is %.1f %% of the requests; recorded: %.1f %%", c.Endpoint, 100*c.Other, 100*c.Recorded)
		of[Shares] = of[Mix]
	}
	of[Transitions] = s.pairReason(a, b)
	return of
}

// pairReason names the pair of steps whose share differs most.
func (s *scheme) pairReason(a, b *profile) string {
	na, nb := max(1, distance.Sum(a.pairs)), max(1, distance.Sum(b.pairs))
	worst, most := -1, 0.0
	for i := range a.pairs {
		if d := math.Abs(a.pairs[i]/na - b.pairs[i]/nb); d > most {
			worst, most = i, d
		}
	}
	for key, i := range s.pairs.numbers {
		if int(i) == worst {
			return fmt.Sprintf("%s, then %s: %.1f %% of all steps; recorded: %.1f %%", s.place(key[0]), s.place(key[1]), 100*b.pairs[i]/nb, 100*a.pairs[i]/na)
		}
	}
	return ""
}

// place names a step, or an end of the session.
func (s *scheme) place(e int32) string {
	switch e {
	case outside:
		return "the start"
	case over:
		return "the end"
	}
	return s.names[e]
}

// burstReason names the window in which the traffic is most unlike.
func (s *scheme) burstReason(a, b *profile) string {
	x, y := s.clock.dispersion(a.counts), s.clock.dispersion(b.counts)
	text, most := "", 0.0
	for i, w := range s.clock.widths() {
		if x[i] <= 0 || y[i] <= 0 {
			continue
		}
		if d := math.Abs(math.Log(x[i] / y[i])); d > most {
			most, text = d, fmt.Sprintf("requests in windows of %s vary by %s times their mean; recorded: %s times", seconds(w), figure(y[i]), figure(x[i]))
		}
	}
	return text
}

func (s *scheme) typeReason(a, b *profile) string {
	na, nb := max(1, distance.Sum(a.types)), max(1, distance.Sum(b.types))
	text, most := "", 0.0
	for i, name := range s.types {
		if d := math.Abs(a.types[i]/na - b.types[i]/nb); d > most {
			most, text = d, fmt.Sprintf("%s is %.1f %% of the sessions; recorded: %.1f %%", name, 100*b.types[i]/nb, 100*a.types[i]/na)
		}
	}
	return text
}

// advice says what to do where a metric differs.
func advice(metric string) string {
	switch metric {
	case Mix, Shares, Answers:
		return "see \"starling report\" of the run, or \"starling model check\", for requests that are skipped or refused"
	case Transitions, Memory:
		return "play the recorded sessions (--paths recorded); odds that people pinned differ from the recorded ones"
	case Length, TellingApart:
		return "look for sessions that break off: values that are missing, a login that was lost, bots among the users"
	case Duration, ThinkTime, Pace:
		return "look for pinned think times, for --speed, and for a target whose answers take much longer than in the recording"
	case Burstiness, Correlation, Concurrency, Rate:
		return "replay the recorded arrivals (--scale) instead of --users or --rate"
	case Bytes:
		return "look for other contents at the target: less data, no compression, error pages"
	case Data:
		return "give more rows of data (--data), and see which values the model draws anew"
	case Types:
		return "look at the weights of the model (\"starling model show\"), which people may have pinned"
	case Punctuality:
		return "use a machine with more free CPU, or more replayers: \"starling doctor\" says what it can hold"
	}
	return ""
}

// seconds writes a time.
func seconds(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(10 * time.Millisecond).String()
	}
	return d.Round(10 * time.Microsecond).String()
}
