package correlate

import "testing"

func TestATextIsAStateOfOneThatWasShownIfMostOfThatIsLeft(t *testing.T) {
	const card = "BEGIN:CARD\nVERSION:3\nUID:7f3a\nNAME:Ann\nCITY:Bern\nEND:CARD\n"
	for _, c := range []struct {
		name, shown, sent string
		want              bool
	}{
		{"more behind it", "A short note", "A short note, and more", true},
		{"another line", "one line\ntwo lines\nthree lines\n", "one line\n2 lines\nthree lines\n", true},
		{"two lines of a card", card, "BEGIN:CARD\nVERSION:3\nUID:7f3a\nNAME:Anne\nCITY:Basel\nEND:CARD\n", true},
		{"another card", card, "BEGIN:CARD\nVERSION:3\nUID:90bc\nNAME:Bob\nCITY:Bonn\nEND:CARD\n", false},
		{"a value", "2026-03-01", "2026-03-01 and later", false},
		{"the same", card, card, false},
		{"another text", "A short note", "Something else", false},
	} {
		if got := isEdited(c.shown, c.sent); got != c.want {
			t.Errorf("%s: %q is a state of %q: %v, want %v", c.name, c.sent, c.shown, got, c.want)
		}
	}
}
