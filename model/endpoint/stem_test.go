package endpoint

import "testing"

func TestStem(t *testing.T) {
	for in, want := range map[string]string{
		"cart.html": "cart", "doku.php": "doku", "index.aspx": "index", "cart": "cart", "v1.2": "v1.2", ".well-known": ".well-known",
		"a.b.js": "a.b", "": "", ".": ".", "end.": "end.",
	} {
		if got := Stem(in); got != want {
			t.Errorf("Stem(%q) = %q, want %q", in, got, want)
		}
	}
}
