package lines

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestChangesOfLinesAreDoneToAnotherState(t *testing.T) {
	text := func(list ...string) string { return strings.Join(list, "\n") + "\n" }
	event := func(uid string, seq int, stamp, title string, more ...string) string {
		head := []string{"BEGIN:VEVENT", "UID:" + uid, fmt.Sprint("SEQUENCE:", seq), "DTSTAMP:" + stamp, "SUMMARY:" + title}
		return strings.Join(append(append(head, more...), "END:VEVENT"), "\r\n") + "\r\n"
	}
	for _, tt := range []struct{ name, shown, sent, live, want string }{
		{"nothing", text("a", "b", "c"), text("a", "b", "c"), text("x", "y"), text("x", "y")},
		{"a calendar", event("u1", 0, "20260301T120000Z", "Lunch"), event("u1", 1, "20260302T090000Z", "Lunch at two", "LOCATION:Roof"),
			event("u9", 7, "20260501T120000Z", "Lunch again", "PRIORITY:1"), event("u9", 8, "20260302T090000Z", "Lunch at two", "LOCATION:Roof", "PRIORITY:1")},
		{"a line goes", event("u1", 0, "1", "Lunch", "LOCATION:Roof"), event("u1", 0, "1", "Lunch"), event("u9", 7, "2", "x", "LOCATION:Cellar", "CLASS:PUBLIC"), event("u9", 7, "2", "x", "CLASS:PUBLIC")},
		{"settings", text("[a]", "size = 3", "name = x", "[b]", "size = 4"), text("[a]", "size = 3", "name = y", "[b]", "size = 9"),
			text("[a]", "size = 3", "name = z", "more = 1", "[b]", "size = 4"), text("[a]", "size = 3", "name = y", "more = 1", "[b]", "size = 9")},
		{"a note", text("# Note", "", "one", "two", "three"), text("# Note", "", "one", "two and a half", "three", "four"),
			text("# Note", "by another", "", "one", "two", "three", "three more"), text("# Note", "by another", "", "one", "two and a half", "three", "four", "three more")},
		{"what was changed already", text("# Note", "one", "two", "three"), text("# Note", "one", "2", "three"), text("# Note", "one", "2", "three"), text("# Note", "one", "2", "three")},
		{"what is gone already", text("# Note", "one", "two", "three"), text("# Note", "one", "three"), text("# Note", "three"), text("# Note", "three")},
		{"the line before is gone", text("# Note", "one", "two", "three"), text("# Note", "one", "and", "two", "three"), text("# Note", "two", "three"), text("# Note", "and", "two", "three")},
		{"the line before is gone, the one behind has another value", text("a", "b", "c: 1", "d"), text("a", "b", "+", "c: 1", "d"), text("a", "c: 7", "d"), text("a", "+", "c: 7", "d")},
		{"the last line is gone", text("a", "b", "c"), text("a", "b", "c", "d"), text("a", "b"), text("a", "b", "d")},
		{"equal lines", text("- x", "- y", "- x", "- x"), text("- x", "- y", "- x", "+", "- x"), text("- x", "- x", "- x"), text("- x", "- x", "+", "- x")},
		{"ends of lines", "a\r\nb\r\nc\r\n", "a\nb2\nc\n", "a\r\nb\r\nc\r\nd\r\n", "a\nb2\nc\nd\n"},
		{"no end at the last line", "a: 1\nb: 2\nc: 3", "a: 1\nb: 2\nc: 3\nd: 4", "a: 5\nb: 6\nc: 7", "a: 5\nb: 6\nc: 7\nd: 4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ops, _, ok := Between(tt.shown, tt.sent)
			if !ok {
				t.Fatalf("no changes from %q to %q", tt.shown, tt.sent)
			}
			if got, ok := Apply(tt.live, ops); got != tt.want || !ok {
				t.Errorf("got\n%q, %v, want\n%q: %+v", got, ok, tt.want, ops)
			}
			body, err := Seal(ops)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Open(body, []byte(tt.live)); string(got) != tt.want || err != nil {
				t.Errorf("opened %q, %v: %s", got, err, body)
			}
		})
	}
}

func TestWhatWasWrittenNeedsAPlace(t *testing.T) {
	text := func(list ...string) string { return strings.Join(list, "\n") + "\n" }
	for _, tt := range []struct{ name, shown, sent, live string }{
		{"the line", text("# Note", "one", "two", "three"), text("# Note", "one", "2", "three"), text("# Note", "one", "three")},
		{"the line with the key", text("a: 1", "b: 2", "c: 3"), text("a: 1", "b: x", "c: 3"), text("a: 1", "c: 3")},
		{"the only line with the key", text("a: 1", "b: 2", "c: 3"), text("a: 1", "b: x", "c: 3"), text("a: 1", "b: 3", "b: 4", "c: 3")},
		{"the count", text("a: 1", "b: 2", "c: 3"), text("a: 1", "b: 3", "c: 3"), text("a: 1", "b: none", "c: 3")},
		{"one of the lines", text("# Note", "one", "two", "three", "four"), text("# Note", "1 and 2", "three", "four"), text("# Note", "one", "three", "four")},
		{"the neighbourhood", text("# Note", "one", "two", "three"), text("# Note", "one", "and", "two", "three"), text("# Note", "three")},
		{"the only line behind", text("# Note", "one", "two", "three"), text("# Note", "one", "and", "two", "three"), text("# Note", "two", "two", "three")},
		{"everything", text("a", "b", "c"), text("a", "x", "b", "c"), ""},
	} {
		ops, _, ok := Between(tt.shown, tt.sent)
		if !ok {
			t.Fatalf("%s: no changes from %q to %q", tt.name, tt.shown, tt.sent)
		}
		if got, ok := Apply(tt.live, ops); ok || got != tt.live {
			t.Errorf("without %s: got %q, %v: %+v", tt.name, got, ok, ops)
		}
		body, _ := Seal(ops)
		if got, err := Open(body, []byte(tt.live)); !errors.Is(err, ErrGone) {
			t.Errorf("without %s: opened %q, %v: %s", tt.name, got, err, body)
		}
	}
}

func TestANewTextIsNoChangeOfLines(t *testing.T) {
	for _, c := range [][2]string{{"a\nb\n", "a\nc\n"}, {"a\nb\nc\nd\n", "x\ny\nz\nd\n"}, {"", ""}, {"a\nb\nc\n", "a"}, {"a\nb\n\xe4\nd\n", "a\nb\n\xe4\ne\n"}} {
		if ops, _, ok := Between(c[0], c[1]); ok {
			t.Errorf("between %q and %q there is %+v, want a text of its own", c[0], c[1], ops)
		}
	}
	if _, err := Open([]byte("a\nb\n"), nil); err == nil {
		t.Error("a body without changes was opened")
	}
}

func TestChangesLeadFromOneTextToTheOther(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"a\n", "b: 1\n", "b: 2\n", "c=x\n", "c=12\n", "\n", "  d\n", "e\r\n", "f"}), 0, 14).Draw(t, "lines"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		shown, sent := text.Draw(t, "shown"), text.Draw(t, "sent")
		ops, _, ok := Between(shown, sent)
		if got, fits := Apply(shown, ops); ok && (got != sent || !fits) {
			t.Fatalf("%q to %q is %+v, applied %q, %v", shown, sent, ops, got, fits)
		}
		Apply(text.Draw(t, "live"), ops)
	})
}
