package made

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Clock is a way to write the time of sending.
type Clock struct {
	layout string        // a unit, a name, or a layout of package time
	zone   int           // seconds east of UTC
	shift  time.Duration // what is written lies so long after the time of sending
}

// httpDate is the layout of dates in header fields (RFC 9110, 5.6.7).
const httpDate = "Mon, 02 Jan 2006 15:04:05 GMT"

// ParseClock reads a clock: LAYOUT, LAYOUT zone +02:00, LAYOUT plus 1h0m0s, or both in
// this order, also with minus. LAYOUT is
//
//	s ms us ns     whole seconds and their parts since 1970
//	s.3            seconds since 1970 with three decimals
//	rfc3339        2006-01-02T15:04:05.999Z, with as many digits as needed
//	http           Mon, 02 Jan 2006 15:04:05 GMT
//
// or a layout of package time, such as 2006-01-02T15:04:05.000Z07:00.
func ParseClock(text string) (Clock, error) {
	c := Clock{layout: text}
	for _, sign := range []string{" plus ", " minus "} {
		if layout, span, ok := strings.Cut(c.layout, sign); ok {
			d, err := time.ParseDuration(span)
			if err != nil || d < 0 {
				return Clock{}, fmt.Errorf("%q is not a time span such as 1h30m", span)
			}
			if sign == " minus " {
				d = -d
			}
			c.layout, c.shift = layout, d
			break
		}
	}
	if layout, zone, ok := strings.Cut(c.layout, " zone "); ok {
		t, err := time.Parse("-07:00", zone)
		if err != nil {
			return Clock{}, fmt.Errorf("%q is not a time zone such as +02:00", zone)
		}
		_, c.zone = t.Zone()
		c.layout = layout
	}
	if !c.valid() {
		return Clock{}, fmt.Errorf("%q is no way to write a time: s, ms, us, ns, s.3, rfc3339, http, or a layout such as 2006-01-02T15:04:05Z07:00", c.layout)
	}
	return c, nil
}

// valid reports whether the layout writes times: different ones at different times.
func (c Clock) valid() bool {
	if c.unit() > 0 || c.layout == "rfc3339" || c.layout == "http" {
		return true
	}
	if strings.HasPrefix(c.layout, "s.") {
		return false
	}
	a := time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)
	return a.Format(c.layout) != a.AddDate(1, 1, 1).Add(time.Hour+time.Minute+time.Second).Format(c.layout)
}

// unit returns the unit of a number, or 0.
func (c Clock) unit() time.Duration {
	switch c.layout {
	case "s":
		return time.Second
	case "ms":
		return time.Millisecond
	case "us":
		return time.Microsecond
	case "ns":
		return time.Nanosecond
	}
	if c.decimals() > 0 {
		return time.Second
	}
	return 0
}

// decimals returns the number of decimals of seconds, or 0.
func (c Clock) decimals() int {
	n, err := strconv.Atoi(strings.TrimPrefix(c.layout, "s."))
	if err != nil || !strings.HasPrefix(c.layout, "s.") || n < 1 || n > 9 || strconv.Itoa(n) != c.layout[2:] {
		return 0
	}
	return n
}

// String writes the clock as ParseClock reads it.
func (c Clock) String() string {
	s := c.layout
	if c.zone != 0 {
		s += " zone " + time.Time{}.In(time.FixedZone("", c.zone)).Format("-07:00")
	}
	switch {
	case c.shift > 0:
		s += " plus " + c.shift.String()
	case c.shift < 0:
		s += " minus " + (-c.shift).String()
	}
	return s
}

// Format writes the time now.
func (c Clock) Format(now time.Time) string {
	now = now.Add(c.shift).In(time.FixedZone("", c.zone))
	switch unit := c.unit(); {
	case c.layout == "rfc3339":
		return now.UTC().Format(time.RFC3339Nano)
	case c.layout == "http":
		return now.UTC().Format(httpDate)
	case c.decimals() > 0:
		return strconv.FormatInt(now.Unix(), 10) + fmt.Sprintf(".%09d", now.Nanosecond())[:1+c.decimals()]
	case unit > 0:
		return strconv.FormatInt(now.UnixNano()/int64(unit), 10)
	}
	if c.zone == 0 {
		now = now.UTC()
	}
	return now.Format(c.layout)
}

// read reads a text that the clock wrote.
func (c Clock) read(text string) (time.Time, bool) {
	switch unit := c.unit(); {
	case c.decimals() > 0:
		whole, fraction, ok := strings.Cut(text, ".")
		s, err := strconv.ParseInt(whole, 10, 64)
		f, bad := strconv.ParseFloat("0."+fraction, 64)
		return time.Unix(s, int64(f*1e9)), ok && err == nil && bad == nil && fraction != "" && only(fraction, digits)
	case unit > 0:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || !only(text, digits) || len(text) < 10 {
			return time.Time{}, false
		}
		return time.Unix(0, 0).Add(time.Duration(n) * unit), n <= int64(1<<62)/int64(unit)
	case c.layout == "http":
		t, err := time.Parse(httpDate, text)
		return t, err == nil
	}
	t, err := time.ParseInLocation(c.layout, text, time.FixedZone("", c.zone))
	return t, err == nil
}
