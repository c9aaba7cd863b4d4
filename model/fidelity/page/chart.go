package page

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/starling-load/starling/model/fidelity"
)

// The measures of a chart, in the units of its drawing.
const (
	width  = 480.0
	height = 220.0
	left   = 48.0
	right  = 12.0
	top    = 10.0
	bottom = 34.0
)

// A chart is a curve made ready to draw.
type chart struct {
	Metric, Title, Text string
	Band                string // the path of what halves of the recording make of it; "": none
	Recorded, Other     string // paths
	X, Y                []tick
}

// A tick is a mark of an axis.
type tick struct {
	At    float64
	Label string
}

// newChart draws a curve.
func newChart(c *fidelity.Curve) chart {
	x := newAxis(c.X, c.Log, left, width-right)
	all := append(append(append([]float64{0}, c.Recorded...), c.Other...), c.High...)
	y := newAxis(all, false, height-bottom, top)
	out := chart{Metric: c.Metric, Title: c.Title, Recorded: line(x, y, c.X, c.Recorded), Other: line(x, y, c.X, c.Other)}
	if len(c.Low) == len(c.X) && len(c.High) == len(c.X) {
		out.Band = band(x, y, c.X, c.Low, c.High)
	}
	for _, v := range x.ticks() {
		out.X = append(out.X, tick{x.place(v), label(v, c.Unit)})
	}
	for _, v := range y.ticks() {
		out.Y = append(out.Y, tick{y.place(v), number(v)})
	}
	out.Text = fmt.Sprintf("%s: %s. The recording goes from %s to %s, the other traffic from %s to %s.", c.Metric, c.Title,
		number(c.Recorded[0]), number(c.Recorded[len(c.Recorded)-1]), number(c.Other[0]), number(c.Other[len(c.Other)-1]))
	return out
}

// line is the path of a curve.
func line(x, y axis, at, values []float64) string {
	var b strings.Builder
	for i, v := range values {
		fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(i, 1)], x.place(at[i]), y.place(v))
	}
	return b.String()
}

// band is the path around two curves.
func band(x, y axis, at, low, high []float64) string {
	var b strings.Builder
	b.WriteString(line(x, y, at, high))
	for i := len(low) - 1; i >= 0; i-- {
		fmt.Fprintf(&b, "L%.1f %.1f", x.place(at[i]), y.place(low[i]))
	}
	return b.String() + "Z"
}

// An axis places values between two ends.
type axis struct {
	log      bool
	min, max float64
	from, to float64
}

func newAxis(values []float64, log bool, from, to float64) axis {
	a := axis{log: log, min: math.Inf(1), max: math.Inf(-1), from: from, to: to}
	for _, v := range values {
		if !log || v > 0 {
			a.min, a.max = math.Min(a.min, v), math.Max(a.max, v)
		}
	}
	switch {
	case a.min > a.max:
		a.min, a.max, a.log = 0, 1, false
	case a.min == a.max && log:
		a.max *= 2
	case a.min == a.max:
		a.max++
	}
	// Six decades are enough: what is below them is drawn at the end.
	if a.log {
		a.min = math.Max(a.min, a.max/1e6)
	}
	return a
}

// place is where a value stands.
func (a axis) place(v float64) float64 {
	v = math.Min(math.Max(v, a.min), a.max)
	share := (v - a.min) / (a.max - a.min)
	if a.log {
		share = math.Log(v/a.min) / math.Log(a.max/a.min)
	}
	return a.from + share*(a.to-a.from)
}

// ticks are round values within the axis: at most six.
func (a axis) ticks() []float64 {
	var list []float64
	if a.log {
		for v := math.Pow(10, math.Ceil(math.Log10(a.min)-1e-9)); v <= a.max*1.001; v *= 10 {
			list = append(list, v)
		}
		if len(list) >= 2 {
			return list
		}
		list = nil
	}
	const most = 6 // ticks, about
	decade := math.Pow(10, math.Floor(math.Log10((a.max-a.min)/most)))
	step := decade
	for _, f := range []float64{2, 5, 10} {
		if (a.max-a.min)/step > most-1+1e-9 {
			step = f * decade
		}
	}
	for k := math.Ceil(a.min/step - 1e-9); k*step <= a.max*1.0001; k++ {
		list = append(list, k*step)
	}
	return list
}

// label is a value of the horizontal axis with its unit.
func label(v float64, unit string) string {
	switch {
	case unit == "s" && v >= 1:
		text := time.Duration(v * float64(time.Second)).Round(time.Second).String()
		if short, whole := strings.CutSuffix(text, "m0s"); whole {
			text = short + "m"
		}
		if short, whole := strings.CutSuffix(text, "h0m"); whole {
			text = short + "h"
		}
		return text
	case unit == "s":
		return time.Duration(v * float64(time.Second)).Round(time.Microsecond).String()
	case unit == "bytes" && v >= 1e6:
		return number(v/1e6) + " MB"
	case unit == "bytes" && v >= 1e3:
		return number(v/1e3) + " kB"
	}
	return number(v)
}

// number is a value in few digits.
func number(v float64) string {
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	return fmt.Sprintf("%.3g", v)
}
