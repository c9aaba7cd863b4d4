package content

import (
	"strings"
	"testing"
)

func TestCellsAreTheTextsOfARow(t *testing.T) {
	tests := []struct{ name, media, body, of, place, want string }{
		{"a class", "text/html", `<tr><td>Ann<a href=/f/31>x</a><div class="mail x"> a@b </div><tr><td>Bob<a href=/f/32>x</a><div class="mail y">c@d</div>`, "link:/f/{}#0", "div.mail", "a@b; c@d"},
		{"an empty element counts", "text/html", `<tr><td><td><b>1</b><td>Ann<a href=/f/31>x</a><tr><td>q<td>2<td>Bob<a href=/f/32>x</a>`, "link:/f/{}#0", "td#3", "Ann; Bob"},
		{"an empty text", "text/html", `<li><i class=a></i><a href=/f/31>x</a><li><i class=a>5</i><a href=/f/32>x</a>`, "link:/f/{}#0", "i.a", "; 5"},
		{"a row without it", "text/html", `<li><a href=/f/31>x</a><li><i class=a>5</i><a href=/f/32>x</a>`, "link:/f/{}#0", "i.a", "lacks ; 5"},
		{"a field and marks", "text/html", `<li><a href=/f/31>x</a><input name=who value="A&amp;B"><li><a href=/f/32>x</a><textarea name=who class=z>
C &lt;D</textarea>`, "link:/f/{}#0", "input.who", "A&B; lacks "},
		{"a data attribute", "text/html", `<li><a data-who=Ann href=/f/31>x</a><li><a data-who=Bob href=/f/32>x</a>`, "link:/f/{}#0", "@data-who", "Ann; Bob"},
		{"one row alone", "text/html", `<p class=who>no</p><table><tr><td><a href=/f/31>x</a><td><i class=who>Ann</i></table>`, "link:/f/{}#0", "i.who", "Ann"},
		{"a row with several links", "text/html", `<tr><td><a href=/f/31>x</a><a href=/f/41>y</a><i class=who>Ann</i><tr><td><a href=/f/32>x</a><a href=/f/42>y</a><i class=who>Bob</i>`, "link:/f/{}#0", "i.who", "Ann; Ann; Bob; Bob"},
		{"JSON", "application/json", `[{"id":31,"who":"Ann","of":{"who":"x"}},{"id":32,"who":" Bob"}]`, "json:[].id", "who", "Ann; Bob"},
		{"JSON, the second of a name", "application/json", `[{"id":31,"who":"Ann","of":{"who":"x"}},{"id":32,"who":"Bob","of":{"who":"y"}}]`, "json:[].id", "who#2", "x; y"},
		{"XML", "text/xml", `<l><e k="1"><n>Ann</n></e><e k="2"><n>Bob</n></e></l>`, "xml:l/e@k", "n", "Ann; Bob"},
		{"JSON within JSON", "application/json", `{"s":"[{\"id\":31,\"who\":\"Ann\"},{\"id\":32,\"who\":\"Bob\"}]"}`, "json:s|json:[].id", "who", "Ann; Bob"},
		{"text", "text/plain", `/f/31 Ann`, "link:/f/{}#0", "who", ""},
	}
	for _, tt := range tests {
		selector := CellSelector(tt.of, tt.place)
		s, err := ParseSelector(selector)
		if err != nil {
			t.Fatal(err)
		}
		d := doc(tt.media, tt.body)
		var got, values []string
		for _, e := range s.Elements(d) {
			values = append(values, e.Value)
			if e.Lacks {
				e.Value = "lacks " + e.Value
			}
			got = append(got, e.Value)
		}
		if strings.Join(got, "; ") != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
		if all := s.Values(d); strings.Join(all, "; ") != strings.Join(values, "; ") {
			t.Errorf("%s: Values are %q, Elements have %q", tt.name, all, values)
		}
		of, err := ParseSelector(tt.of)
		if err != nil {
			t.Fatal(err)
		}
		for i, cells := range of.Cells(d) {
			if text, ok := textAt(cells, tt.place); ok && text != values[i] {
				t.Errorf("%s: cell %d is %q, the selector finds %q", tt.name, i, text, values[i])
			}
		}
	}
	if _, err := ParseSelector("json:[].id|cell:who|base64"); err == nil {
		t.Error("a cell is followed by a step")
	}
}
