package http1_test

import (
	"testing"

	"github.com/starling-load/starling/record/http1"
)

func TestSplitTarget(t *testing.T) {
	for _, c := range []struct{ target, origin, authority, scheme string }{
		{"/", "/", "", ""},
		{"/a?b=http://c/d", "/a?b=http://c/d", "", ""},
		{"*", "*", "", ""},
		{"shop.test:443", "shop.test:443", "", ""},
		{"ftp://h/a", "ftp://h/a", "", ""},
		{"", "", "", ""},
		{"http://h", "/", "h", "http"},
		{"http://h?q", "/?q", "h", "http"},
		{"HTTP://h:1/a/b?c#d", "/a/b?c#d", "h:1", "HTTP"},
		{"https://u:p@h//x", "//x", "h", "https"},
	} {
		if origin, authority, scheme := http1.SplitTarget(c.target); origin != c.origin || authority != c.authority || scheme != c.scheme {
			t.Errorf("%q: %q, %q, %q", c.target, origin, authority, scheme)
		}
	}
}
