package route

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// learn adds "METHOD PATH PRINT" lines, each so many times, and returns the trie.
func learn(times int, lines ...string) *Trie {
	b := NewBuilder(map[string]string{"ada": "user"}, nil)
	for range times {
		for _, l := range lines {
			part := strings.Fields(l + " -")
			b.Add(Request{Method: part[0], Path: part[1]}, func() Answer { return Answer{Print: part[2]} })
		}
	}
	return b.Trie()
}

// template joins the names of the segments of a path.
func template(t *Trie, path string) string {
	var out []string
	for _, s := range t.Match(path) {
		out = append(out, s.Name+s.Matrix)
	}
	return strings.Join(out, "/")
}

func TestPartsOfSegmentsVary(t *testing.T) {
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"a hash in the name of a file", []string{"GET /s/app.3f2a9b1c.js", "GET /s/vendor.77aa01fe.js", "GET /s/logo.png"}, []string{"/s/app.{}.js", "/s/vendor.{}.js", "/s/logo.png"}},
		{"a number behind a word", []string{"GET /o/order-1", "GET /o/order-17", "GET /o/order-204", "GET /o/list"}, []string{"/o/order-{}", "/o/order-{}", "/o/order-{}", "/o/list"}},
		{"a number that is the name of a file", []string{"GET /d/12.pdf", "GET /d/7.pdf"}, []string{"/d/{}.pdf", "/d/{}.pdf"}},
		{"a UUID that is the name of a file", []string{"DELETE /c/7c5a11e3-d862-4a4b-9980-0d1f2a3b4c5d.ics"}, []string{"/c/{}.ics"}},
		{"a UUID within the name of a file", []string{"GET /o/order-7c5a11e3-d862-4a4b-9980-0d1f2a3b4c5d.final.pdf"}, []string{"/o/order-{}.final.pdf"}},
		{"a sign before names", []string{"GET /@zoe", "GET /@kim", "GET /@lou", "GET /@max", "GET /@ben", "GET /@ida", "GET /about"}, []string{"/@{}", "/@{}", "/@{}", "/@{}", "/@{}", "/@{}", "/about"}},
		{"matrix parameters", []string{"GET /cart;jsessionid=8A03.b;x"}, []string{"/cart;jsessionid={};x"}},
		{"coordinates", []string{"GET /map/48.1374,-11.5755"}, []string{"/map/{id}"}},
		{"a calendar", []string{"GET /log/2024/05/31", "GET /log/2024/05", "GET /log/1999/12/01"}, []string{"/log/{year}/{month}/{day}", "/log/{year}/{month}", "/log/{year}/{month}/{day}"}},
		{"a data value", []string{"GET /of/ada"}, []string{"/of/{user}"}},
		{"versions", []string{"GET /v1/a", "GET /v2/a", "GET /v2beta1/a"}, []string{"/v1/a", "/v2/a", "/v2beta1/a"}},
		{"scheme and host", []string{"GET http://a.test/x/1"}, []string{"http://a.test/x/{id}"}},
		{"anything", []string{"GET /{}/${x}/%zz/;/;;=", "GET //", "GET *"}, []string{"/{}/${x}/%zz/;/;;=", "//", "*"}},
	} {
		trie := learn(2, c.lines...)
		for i, l := range c.lines {
			path := strings.Fields(l)[1]
			if got := template(trie, path); got != c.want[i] {
				t.Errorf("%s: %s is %s, want %s", c.name, path, got, c.want[i])
			}
		}
	}
}

func TestAWordWithPathsOfItsOwnStaysARoute(t *testing.T) {
	var lines []string
	for i := range 40 {
		name := fmt.Sprintf("%c%cna", 'a'+i%26, 'a'+i/2)
		lines = append(lines, "GET /team/"+name+" page", "GET /team/"+name+"/plan plan", "GET /team/"+name+"/chat chat", "GET /team/shared/rules rules", "GET /team/shared/logos logos")
	}
	trie := learn(1, lines...)
	for path, want := range map[string]string{"/team/bcna/plan": "/team/{id}/plan", "/team/unseen/chat": "/team/{id}/chat", "/team/shared/rules": "/team/shared/rules"} {
		if got := template(trie, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestMoreRequestsDoNotChangeWhatIsKnown(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprintf("GET /who/%c%cla/posts posts", 'a'+i%26, 'c'+i/3), fmt.Sprintf("GET /who/%c%cla card", 'a'+i%26, 'c'+i/3))
	}
	lines = append(lines, "GET /home home", "GET /news news", "GET /news/old old")
	for _, times := range []int{1, 3, 50} {
		trie := learn(times, lines...)
		got := []string{template(trie, "/who/acla/posts"), template(trie, "/who/acla"), template(trie, "/home"), template(trie, "/news/old")}
		if want := []string{"/who/{id}/posts", "/who/{id}", "/home", "/news/old"}; !slices.Equal(got, want) {
			t.Errorf("%d times: %q, want %q", times, got, want)
		}
	}
}

func TestFewAnswersAreLookedAt(t *testing.T) {
	b := NewBuilder(nil, nil)
	looked := 0
	for i := range 5000 {
		b.Add(Request{Method: "GET", Path: fmt.Sprint("/items/", i)}, func() Answer { looked++; return Answer{} })
	}
	if looked > maxTried {
		t.Errorf("%d answers to one address were looked at, want at most %d", looked, maxTried)
	}
	for i := range maxRows + 5000 {
		b.Add(Request{Method: "GET", Path: fmt.Sprintf("/w%c%c%c%c", 'a'+i%26, 'a'+i/26%26, 'a'+i/676%26, 'a'+i/17576)}, func() Answer { return Answer{} })
	}
	if n := len(b.rows.list); n > maxRows {
		t.Errorf("%d rows, want at most %d", n, maxRows)
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("/a/1/b", "/a/{x}/;=/%zz")
	f.Fuzz(func(t *testing.T, a, b string) {
		trie := learn(2, "GET /"+strings.ReplaceAll(a, " ", ""), "GET /"+strings.ReplaceAll(b, " ", ""))
		if n := len(trie.Match(a)); n == 0 || n > maxParts {
			t.Errorf("%d segments of %q", n, a)
		}
	})
}
