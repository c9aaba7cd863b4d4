package problem

import (
	"errors"
	"fmt"
	"testing"
)

func TestDistance(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"cart", "cart", 0}, {"crat", "cart", 1}, {"csfr", "csrf", 1}, {"kitten", "sitting", 3}, {"odd", "odds", 1}} {
		if got := distance(tt.a, tt.b); got != tt.want {
			t.Errorf("distance(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestProblemsLookIntoErrors(t *testing.T) {
	a, b := &Problem{Text: "a"}, &Problem{File: "model.yaml", Line: 3, Column: 7, Place: []string{"mix", "x\x1b[0m"}, Text: "b"}
	err := fmt.Errorf("read: %w", errors.Join(a, fmt.Errorf("deep: %w", b), errors.New("other")))
	if got := All(err); len(got) != 2 || got[0] != a || got[1] != b {
		t.Errorf("All(%v) = %v", err, got)
	}
	if got, want := b.Error(), `model.yaml:3:7: mix: "x\x1b[0m": b`; got != want {
		t.Errorf("Error() = %s, want %s", got, want)
	}
}
