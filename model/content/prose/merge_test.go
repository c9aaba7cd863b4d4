package prose

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestWordsThatTheUserLeftStayAsTheyAreLive(t *testing.T) {
	tests := []struct{ name, shown, sent, live, want string }{
		{"a word more", "The plan of room 15.\n", "The great plan of room 15.\n", "The plan of room 18.\n", "The great plan of room 18.\n"},
		{"a word less", "The great plan of room 15.", "The plan of room 15.", "The great plan of room 18.", "The plan of room 18."},
		{"a word in place of another", "The plan of room 15.", "The map of room 15.", "The plan of room 18.", "The map of room 18."},
		{"changes in two places", "The plan of room 15, new.", "A plan of room 15, old.", "The plan of room 18, new.", "A plan of room 18, old."},
		{"the word that differs", "Item 4 of 7", "Item 5 of 7", "Item 9 of 7", "Item 5 of 7"},
		{"a name of more words", "The plan of Ann.", "The great plan of Ann.", "The plan of Ann Lee.", "The great plan of Ann Lee."},
		{"behind a name of more words", "Ann will come", "Ann will not come", "Ann Lee will come", "Ann Lee will not come"},
		{"a line more", "Room 15:\n", "Room 15:\n* a chair\n", "Room 18:\n", "Room 18:\n* a chair\n"},
		{"a day in place of another", "On 2026-03-01 at 10:00.", "On 2026-03-02 at 10:00.", "On 2026-04-07 at 11:30.", "On 2026-03-02 at 11:30."},
		{"words that are not there", "a b c d", "a b x c d", "one", "a b x c d"},
		{"a letter of a long name", "Straße 15 größer", "Straße 15 viel größer", "Straße 16 größer", "Straße 16 viel größer"},
	}
	for _, tt := range tests {
		if got := Merge(tt.shown, tt.sent, tt.live); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestAMergeWithWhatWasShownIsWhatWasSent(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{" ", "a", "b", "c", "\n", ".", "é"}), 0, 12).Draw(t, "parts"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		shown, sent := text.Draw(t, "shown"), text.Draw(t, "sent")
		if got := Merge(shown, sent, shown); got != sent {
			t.Fatalf("%q to %q, merged with the same: %q", shown, sent, got)
		}
		if got := strings.Join(words(shown), ""); got != shown {
			t.Fatalf("the words of %q are those of %q", shown, got)
		}
		if live := text.Draw(t, "live"); Merge(shown, shown, live) != live && len(words(shown)) == len(words(live)) {
			t.Fatalf("%q unchanged, done to %q: %q", shown, live, Merge(shown, shown, live))
		}
	})
}
