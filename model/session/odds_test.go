package session

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/starling-load/starling/model/session/identity"
	"github.com/starling-load/starling/record/flow"
)

func TestHabitsTellWhatComesAfterWhat(t *testing.T) {
	h := newHabits()
	const list, item, cart = identity.Mark(1), identity.Mark(2), identity.Mark(3)
	for range 50 {
		h.add(nothing, list)
		h.add(list, item)
		h.add(item, cart)
	}
	for _, c := range []struct {
		before, shape identity.Mark
		want          float64
	}{{nothing, list, 1}, {list, item, 1}, {item, cart, 1}, {nothing, cart, rarely}, {item, list, rarely}, {list, 9, 0}, {9, list, 0}} {
		if got := h.lift(c.before, c.shape); math.Abs(got-c.want) > 0.1 {
			t.Errorf("%d after %d: %.2f, want %.2f", c.shape, c.before, got, c.want)
		}
	}
	for k := range 2 * maxHabits {
		h.add(identity.Mark(k), list)
	}
	if len(h.pairs) > maxHabits || len(h.before) > maxHabits {
		t.Errorf("%d pairs", len(h.pairs))
	}
}

// Two clients with the same program send all over two connections that others use, too.
func TestWhoAsksOnSharedConnectionsIsChosenByWhatSpeaksForEach(t *testing.T) {
	const ua, page = " User-Agent:a", " referer:http://shop.test/"
	others := []string{"0 1 x User-Agent:x", "0 2 x User-Agent:x", "0 1 y User-Agent:y", "0 2 y User-Agent:y"}
	named := func(n int) string { return " auth=" + value("t", n) }
	// Both look at the form at once. first and second are who has looked at a and b.
	login := func(first, second int) []string {
		sid := func(n int) string { return "sid=" + value("s", n) }
		return []string{"1 1 a html", "1 1 a.png kept" + page + "a", "2 2 b html", "2 2 b.png kept" + page + "b", "4 1 in html" + page + "a", "4 2 in html" + page + "b",
			"8 1 in set=" + sid(1) + page + "in", "8 2 in set=" + sid(2) + page + "in",
			"12 1 a.png kept cookie=" + sid(first) + " If-None-Match:x" + page + "x", "12 2 b.png kept cookie=" + sid(second) + " If-None-Match:x" + page + "x",
			"13 1 x html cookie=" + sid(first), "13 2 x html cookie=" + sid(second)}
	}
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"a password that a browser asks for comes from who was refused",
			[]string{"1 1 a html", "2 2 b html", "4 1 a/in html status=401" + page + "a", "5 2 b/more html" + page + "b", "7 2 a/in html" + page + "a auth=YW5uOktpdGVzLTI3"},
			[]string{"u5: a a/in a/in", "u6: b b/more"}},
		{"a picture comes with what is asked for at the same time",
			[]string{"1 1 app html", "2 1 in" + page + "app gives=" + value("t", 1), "3 2 app html", "4 2 in" + page + "app gives=" + value("t", 2),
				"8 1 me" + page + "app" + named(1), "8 2 p.png kept" + page + "app", "12 2 q.png kept" + page + "app", "12 2 me" + page + "app" + named(2)},
			[]string{"u5: app in me p.png", "u6: app in q.png me"}},
		{"who logs in is known by what it had before", login(1, 2), []string{"u5: a a.png in in a.png x", "u6: b b.png in in b.png x"}},
		{"or the other one", login(2, 1), []string{"u5: a a.png in in a.png x", "u6: b b.png in in b.png x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			lines := append([]string(nil), others...)
			for _, l := range c.lines {
				lines = append(lines, l+ua)
			}
			flows := table(lines...)
			for _, f := range flows {
				if f.Response.Status == 401 {
					f.Response.Headers = append(f.Response.Headers, flow.Header{Name: "Www-Authenticate", Value: `Basic realm="x"`})
				}
			}
			sessions, err := Split(all(flows), Options{})
			if diff := cmp.Diff(c.want, describe(sessions)[4:]); diff != "" || err != nil {
				t.Errorf("error %v (-want +got)\n%s", err, diff)
			}
		})
	}
}
