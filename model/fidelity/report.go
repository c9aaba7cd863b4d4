package fidelity

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
)

// A Report says how far traffic is from a recording. Its JSON keys are stable.
type Report struct {
	Fidelity float64  `json:"fidelity"` // 0 to 100
	Worst    []string `json:"worst"`    // the names of at most three metrics that differ, the worst first
	Recorded Size     `json:"recorded"`
	Other    Size     `json:"other"`
	Halvings int      `json:"halvings"`
	Metrics  []Metric `json:"metrics"`

	// Missing names the metrics that could not be measured, with the reason.
	Missing []string `json:"missing"`

	// More is how many sessions more must be recorded for all floors to be low enough to
	// show what matters, and MoreFor the metric that asks for the most. 0: none.
	More    int    `json:"more_sessions"`
	MoreFor string `json:"more_sessions_for,omitempty"`

	Notes  []string `json:"notes"`
	Curves []Curve  `json:"curves"`
}

// A Size is how much traffic there is.
type Size struct {
	Sessions int     `json:"sessions"`
	Users    int     `json:"users"`
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"` // from the first start of a session to the last
}

// A Metric is one thing in which traffic may differ from a recording. Its figures are
// those of its greatest part.
type Metric struct {
	Name string `json:"name"`
	Part
	Reason string `json:"reason,omitempty"` // in which way it differs
	Advice string `json:"advice,omitempty"` // what to do about it
	Parts  []Part `json:"parts"`
}

// A Part is a distance with its floor.
type Part struct {
	Name       string  `json:"part"`
	Value      float64 `json:"value"`       // on the whole traffic
	Limit      float64 `json:"limit"`       // of the value, up to which it does not matter
	Floor      float64 `json:"floor"`       // the distance of two halves of the recording
	Ratio      float64 `json:"ratio"`       // of the distance at that size to the floor
	RatioLimit float64 `json:"ratio_limit"` // of the ratio
	Low        float64 `json:"low"`         // 95 % interval of the ratio
	High       float64 `json:"high"`
	Differs    bool    `json:"differs"`
	Excess     float64 `json:"excess"`                  // ln(ratio/limit) if it differs, else 0
	More       int     `json:"more_sessions,omitempty"` // that bring the floor down to three times the limit
}

// add adds a part of a metric.
func (r *Report) add(metric string, p Part) {
	if n := len(r.Metrics); n > 0 && r.Metrics[n-1].Name == metric {
		r.Metrics[n-1].Parts = append(r.Metrics[n-1].Parts, p)
		return
	}
	r.Metrics = append(r.Metrics, Metric{Name: metric, Parts: []Part{p}})
}

// judge sums up the metrics.
func (r *Report) judge(half int) {
	total := 0.0
	for i := range r.Metrics {
		m := &r.Metrics[i]
		m.Part = slices.MaxFunc(m.Parts, func(a, b Part) int {
			return cmp.Or(cmp.Compare(a.Excess, b.Excess), cmp.Compare(a.Ratio/a.RatioLimit, b.Ratio/b.RatioLimit))
		})
		total += m.Excess
		if !m.Differs {
			m.Reason, m.Advice = "", ""
		}
		for _, p := range m.Parts {
			if p.More > r.More {
				r.More, r.MoreFor = p.More, m.Name+", "+p.Name
			}
		}
	}
	r.Fidelity = 100 * math.Exp(-total/float64(len(r.Metrics)))
	order := slices.Clone(r.Metrics)
	slices.SortStableFunc(order, func(a, b Metric) int { return cmp.Compare(b.Excess, a.Excess) })
	r.Worst = []string{}
	for _, m := range order[:min(3, len(order))] {
		if m.Differs {
			r.Worst = append(r.Worst, m.Name)
		}
	}
	const fewSessions = 30
	if half < fewSessions {
		r.Notes = append(r.Notes, fmt.Sprintf("halves of %d sessions differ much by chance: only gross differences show", half))
	}
}

// Metric returns the metric of a name, or nil if it was not measured.
func (r *Report) Metric(name string) *Metric {
	for i := range r.Metrics {
		if r.Metrics[i].Name == name {
			return &r.Metrics[i]
		}
	}
	return nil
}

// Times says how far m is from the recording, in a few words.
func (m *Metric) Times() string {
	if m.Name == TellingApart || m.Name == Punctuality {
		return figure(m.Ratio) + " times the limit"
	}
	return figure(m.Ratio) + " times what chance makes of the recording"
}

// Text writes the report for people. The error is that of w.
func (r *Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "fidelity %.0f of 100: %s\n", math.Floor(r.Fidelity), r.verdict())
	fmt.Fprintf(&b, "recording: %s; compared: %s\n", r.Recorded, r.Other)
	for i, name := range r.Worst {
		m := r.Metric(name)
		fmt.Fprintf(&b, "\n%d. %s: %s", i+1, m.Name, m.Times())
		if m.Reason != "" {
			fmt.Fprintf(&b, "\n   %s", m.Reason)
		}
		if m.Advice != "" {
			fmt.Fprintf(&b, "\n   → %s", m.Advice)
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprint(t, "metric\tratio\tinterval\tlimit\tdistance\t\n")
	for _, m := range r.Metrics {
		for i, p := range m.Parts {
			name := m.Name
			if i > 0 {
				name = ""
			}
			fmt.Fprintf(t, "%s\t%s\t%s – %s\t%s\t%s\t%s%s\n", name, figure(p.Ratio), figure(p.Low), figure(p.High), figure(p.RatioLimit), figure(p.Value), p.Name, mark(p))
		}
	}
	t.Flush() // into memory
	b.WriteString("\nA ratio of 1 is the distance of two halves of the recording from each other. A metric\ndiffers (✗) above its limit and beyond chance.\n")
	for _, line := range r.Remarks() {
		fmt.Fprintf(&b, "note: %s\n", line)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Remarks are what the figures alone do not say, in sentences.
func (r *Report) Remarks() []string {
	var list []string
	if r.More > 0 {
		list = append(list, fmt.Sprintf("floor too high: record %d more sessions to see small differences (%s)", r.More, r.MoreFor))
	}
	for _, why := range r.Missing {
		list = append(list, "not measured: "+why)
	}
	return append(list, r.Notes...)
}

func mark(p Part) string {
	if p.Differs {
		return "  ✗"
	}
	return ""
}

// verdict is the report in a few words.
func (r *Report) verdict() string {
	differ := 0
	for _, m := range r.Metrics {
		if m.Differs {
			differ++
		}
	}
	switch differ {
	case 0:
		return fmt.Sprintf("like the recording in all %d metrics", len(r.Metrics))
	case 1:
		return fmt.Sprintf("1 of %d metrics differs", len(r.Metrics))
	}
	return fmt.Sprintf("%d of %d metrics differ", differ, len(r.Metrics))
}

// String returns the size in a few words.
func (s Size) String() string {
	return fmt.Sprintf("%d sessions of %d users, %d requests in %s", s.Sessions, s.Users, s.Requests, seconds(s.Seconds))
}

// figure writes a number with three digits.
func figure(x float64) string {
	switch a := math.Abs(x); {
	case a == 0:
		return "0"
	case a >= 100:
		return fmt.Sprintf("%.0f", x)
	case a >= 10:
		return fmt.Sprintf("%.1f", x)
	case a >= 0.01:
		return fmt.Sprintf("%.2f", x)
	case a >= 0.0001:
		return fmt.Sprintf("%.4f", x)
	}
	return "<0.0001"
}
