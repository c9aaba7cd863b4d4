package prose

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAChangeIsToldByItsPart(t *testing.T) {
	const shown = "one\ntwo\nthree\n"
	tests := []struct {
		name, shown, sent string
		want              Change
		live, result      string
	}{
		{"text behind", shown, shown + "four\n", Change{After, "", "four\n"}, "1\n2\n", "1\n2\nfour\n"},
		{"text before", shown, "zero\n" + shown, Change{Before, "", "zero\n"}, "1\n", "zero\n1\n"},
		{"a sentence behind a sentence", "The first sentence.", "The first sentence. And one more.", Change{After, "", " And one more."}, "Else.", "Else. And one more."},
		{"a line of its own", shown, "one\n2\nthree\n", Change{Replaced, "two\n", "2\n"}, "zero\ntwo\n", "zero\n2\n"},
		{"a part of a line", shown, "one\ntwi\nthree\n", Change{Replaced, "two\n", "twi\n"}, "two\nmore\n", "twi\nmore\n"},
		{"a line between", shown, "one\nand\ntwo\nthree\n", Change{Replaced, "one\n", "one\nand\n"}, "one\nthree\n", "one\nand\nthree\n"},
		{"a line less", shown, "one\nthree\n", Change{Replaced, "two\n", ""}, "two\n", ""},
		{"a line that is gone", shown, "one\n2\nthree\n", Change{Replaced, "two\n", "2\n"}, "zero", "zero\n2\n"},
		{"a line with another number", "one\nItem 4 of 7\nthree\n", "one\nItem 5 of 7\nthree\n", Change{Replaced, "Item 4 of 7\n", "Item 5 of 7\n"}, "zero\nItem 9 of 7\n", "zero\nItem 5 of 7\n"},
		{"one of two like it", "one\nItem 4 of 7\nthree\n", "one\nItem 5 of 7\nthree\n", Change{Replaced, "Item 4 of 7\n", "Item 5 of 7\n"}, "Item 2 of 7\nItem 9 of 7\n", "Item 2 of 7\nItem 9 of 7\nItem 5 of 7\n"},
		{"the last line, without its end", "one\ntwo", "one\n2", Change{Replaced, "two", "2"}, "one\ntwo", "one\n2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := Between(tt.shown, tt.sent)
			if !ok || got != tt.want {
				t.Fatalf("between %q and %q: %q %v, want %q", tt.shown, tt.sent, got, ok, tt.want)
			}
			if again := got.Apply(tt.shown); again != tt.sent {
				t.Errorf("applied to the shown text %q, want %q", again, tt.sent)
			}
			if again := got.Apply(tt.live); again != tt.result {
				t.Errorf("applied to %q: %q, want %q", tt.live, again, tt.result)
			}
		})
	}
}

func TestANewTextIsNoChange(t *testing.T) {
	for _, c := range [][2]string{{"", "new"}, {"5", "51"}, {"same\n", "same\n"}, {"one\ntwo\nthree\n", "quite another text\n"}, {"a\na\nb\nb\nb\n", "a\nc\na\nb\nb\nb\n"}} {
		if got, ok := Between(c[0], c[1]); ok {
			t.Errorf("between %q and %q there is %q, want a text of its own", c[0], c[1], got)
		}
	}
}

func TestAChangeIsTheInverseOfBetween(t *testing.T) {
	text := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b b", "ccc", "\n", "\r\n", "dd\n", "ee\r\n"}), 0, 12).Draw(t, "parts"), "")
	})
	rapid.Check(t, func(t *rapid.T) {
		shown, sent := text.Draw(t, "shown"), text.Draw(t, "sent")
		if c, ok := Between(shown, sent); ok && c.Apply(shown) != sent {
			t.Fatalf("%q to %q is %q, applied %q", shown, sent, c, c.Apply(shown))
		}
	})
}
