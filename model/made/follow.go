package made

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// RecogniseClock returns the clock that wrote the values, one of each request. Their
// times must follow the requests: a date that is near by accident stays when the
// requests come later. A single value must lie within seconds of its request.
func RecogniseClock(values []Value) (Clock, bool) {
	if len(values) == 0 || len(values[0].Text) < 6 || len(values[0].Text) > 64 {
		return Clock{}, false
	}
	if len(values) > maxValues {
		values = values[:maxValues]
	}
	for _, c := range clocksOf(values) {
		if found, ok := c.follows(values); ok {
			return found, true
		}
	}
	return Clock{}, false
}

// clocksOf returns the clocks that may have written the values.
func clocksOf(values []Value) []Clock {
	text := values[0].Text
	if only(text, digits) {
		out := []Clock{{layout: "ms"}, {layout: "s"}, {layout: "us"}, {layout: "ns"}}
		return append(out, Clock{layout: "20060102150405"}, Clock{layout: "20060102"}, Clock{layout: "200601021504"})
	}
	if whole, _, ok := strings.Cut(text, "."); ok && len(whole) == 10 && only(whole, digits) {
		n := 0
		for _, v := range values {
			_, fraction, _ := strings.Cut(v.Text, ".")
			n = max(n, len(fraction))
		}
		if n < 1 || n > 9 {
			return nil
		}
		return []Clock{{layout: "s." + string(rune('0'+n))}}
	}
	var out []Clock
	for _, layout := range layouts {
		for _, zone := range zones {
			c := Clock{layout: layout + zone}
			if _, ok := c.read(text); ok {
				out = append(out, c.as(values))
			}
		}
	}
	if c := (Clock{layout: "http"}); len(out) == 0 {
		if _, ok := c.read(text); ok {
			out = append(out, c)
		}
	}
	return out
}

// layouts are the ways in which programs write times as text, without their zone.
var layouts = [...]string{
	"2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02",
	"20060102T150405", "2006/01/02 15:04:05", "02/01/2006 15:04:05", "01/02/2006 15:04:05", "02.01.2006 15:04:05",
	"Mon Jan 02 2006 15:04:05 GMT", "Mon, 02 Jan 2006 15:04:05 ", "Mon Jan _2 15:04:05 2006",
}

// zones are the ways in which the zone follows.
var zones = [...]string{"", "Z07:00", "Z0700", "-07:00", "-0700"}

// as returns the clock with the fraction and the zone that the values have.
func (c Clock) as(values []Value) Clock {
	least, most := 10, 0
	for _, v := range values {
		n := 0
		if at := strings.LastIndexByte(v.Text, '.'); at >= 0 && strings.Contains(c.layout, "05") {
			for at+1+n < len(v.Text) && isDigit(v.Text[at+1+n]) {
				n++
			}
			if strings.Contains(c.layout, ".") && n >= 4 { // the year of 02.01.2006
				n = 0
			}
		}
		least, most = min(least, n), max(most, n)
	}
	if most > 0 && most < 10 {
		fraction := "." + strings.Repeat("0", most)
		if least < most {
			fraction = "." + strings.Repeat("9", most)
		}
		c.layout = strings.Replace(c.layout, "05", "05"+fraction, 1)
	}
	if t, ok := c.read(values[0].Text); ok {
		_, c.zone = t.Zone()
	}
	return c
}

// Limits of what follows the clock.
const (
	tight     = 10 * time.Second // of a time to its request, where requests come at once
	fixedSlip = 2 * time.Second  // between times that lie a fixed span from their requests
	quarter   = 15 * time.Minute // steps of zones of time
)

// follows reports whether the times of the values follow their requests, and adds the
// zone of local times and the span of times in the future or past.
func (c Clock) follows(values []Value) (Clock, bool) {
	offsets := make([]time.Duration, len(values))
	starts := make([]time.Duration, len(values))
	for i, v := range values {
		t, ok := c.read(v.Text)
		if !ok || c.unit() == 0 && c.Format(t) != v.Text {
			return c, false
		}
		offsets[i], starts[i] = t.Sub(v.At), v.At.Sub(values[0].At)
	}
	middle, slip := spread(offsets)
	_, apart := spread(starts)
	span := slices.Max(starts) - slices.Min(starts)
	resolution := c.resolution()
	if resolution > time.Second && (len(values) < few || span < 3*resolution) {
		return c, false
	}
	largest := max(slices.Max(offsets), -slices.Min(offsets))
	switch {
	case span < 2*tight && largest <= tight+resolution:
		return c, true
	case span >= 2*tight && largest <= near && 2*slip <= apart+resolution:
		return c, true
	case len(values) < few || span < tight || slices.Max(offsets)-slices.Min(offsets) > fixedSlip+resolution:
		return c, false
	}
	zone := middle.Round(quarter)
	if rest := middle - zone; c.isLocal() && -tight < rest && rest < tight && zone.Abs() <= 14*time.Hour {
		c.zone = int(zone / time.Second)
		return c, true
	}
	c.shift = middle.Round(time.Second)
	return c, c.shift.Abs() < 400*24*time.Hour
}

// isLocal reports whether the layout says nothing of the zone.
func (c Clock) isLocal() bool {
	return c.unit() == 0 && c.layout != "http" && !strings.Contains(c.layout, "07") && !strings.Contains(c.layout, "GMT")
}

// resolution is the least difference between two times that the clock writes.
func (c Clock) resolution() time.Duration {
	switch {
	case c.unit() > 0:
		return min(c.unit(), time.Second)
	case c.layout == "http" || c.layout == "rfc3339" || strings.Contains(c.layout, "05"):
		return time.Second
	case strings.Contains(c.layout, "04"):
		return time.Minute
	}
	return 24 * time.Hour
}

// spread returns the median of spans and the mean distance from it.
func spread(spans []time.Duration) (middle, mean time.Duration) {
	sorted := slices.Clone(spans)
	slices.SortFunc(sorted, func(a, b time.Duration) int { return cmp.Compare(a, b) })
	middle = sorted[len(sorted)/2]
	for _, d := range spans {
		mean += (d - middle).Abs() / time.Duration(len(spans))
	}
	return middle, mean
}
