package patch

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/starling-load/starling/model/content/lines"
)

// list writes operations as their JSON text.
func list(ops []Op) string {
	n := &node{kind: '['}
	for i := range ops {
		n.children = append(n.children, ops[i].node())
	}
	return string(n.text())
}

// A document in a text is changed, and not written over: what the live one says stays.
func TestADocumentInATextIsChanged(t *testing.T) {
	quote := func(doc string) string { b, _ := json.Marshal(doc); return `{"id":7,"body":` + string(b) + `}` }
	const shown, live = `{"v":1,"parts":[{"k":"p","t":"One."},{"k":"p","t":"Two ways to go on."}]}`, `{"v":1,"parts":[{"k":"p","t":"Eins."},{"k":"p","t":"Zwei."}]}`
	tests := []struct{ name, sent, ops, want string }{
		{"a member", `{"v":2,"parts":[{"k":"p","t":"One."},{"k":"p","t":"Two ways to go on."}]}`, `[{"at":["v"],"set":2}]`, `{"v":2,"parts":[{"k":"p","t":"Eins."},{"k":"p","t":"Zwei."}]}`},
		{"words and a part at the end", `{"v":1,"parts":[{"k":"p","t":"One."},{"k":"p","t":"Two ways to go on. And so on."},{"k":"p","t":"End."}]}`,
			`[{"at":["parts",1,"t"],"after":" And so on."},{"at":["parts"],"add":{"k":"p","t":"End."}}]`, `{"v":1,"parts":[{"k":"p","t":"Eins."},{"k":"p","t":"Zwei. And so on."},{"k":"p","t":"End."}]}`},
	}
	for _, tt := range tests {
		ops, ok := Between([]byte(quote(shown)), []byte(quote(tt.sent)))
		if want := `[{"at":["body"],"within":` + tt.ops + `}]`; !ok || list(ops) != want {
			t.Errorf("%s: changes %s %v\nwant %s", tt.name, list(ops), ok, want)
			continue
		}
		sealed, err := Sealed([]byte("null"), nil, ops)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Open(sealed, []byte(quote(live))); err != nil || string(got) != quote(tt.want) {
			t.Errorf("%s: opened %s %v, want %s", tt.name, got, err, quote(tt.want))
		}
		if got, err := Open(sealed, []byte(`{"id":7,"body":"no document"}`)); err == nil {
			t.Errorf("%s: a text that is no document became %s", tt.name, got)
		}
	}
	for _, other := range []string{`{"v": 1,"parts":[]}`, `{"w":2}`, `words`} { // written otherwise, or another document
		if ops, ok := Between([]byte(quote(shown)), []byte(quote(other))); !ok || strings.Contains(list(ops), "within") {
			t.Errorf("%s: changes %s %v", other, list(ops), ok)
		}
	}
}

func TestAChangeIsDoneToTheLiveDocument(t *testing.T) {
	const shown = `{"id":7,"name":"Trip","rev":"1-a","tags":["x","y"],"stops":[{"id":1,"at":"Bonn","km":0},{"id":2,"at":"Kiel","km":500}],"text":"one\ntwo\nthree\n"}`
	const live = `{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":["y","z"],"stops":[{"id":3,"at":"Ulm","km":9},{"id":2,"at":"Kiel","km":501}],"text":"zero\ntwo\n"}`
	tests := []struct{ name, sent, ops, want string }{
		{"nothing", shown, `[]`, live},
		{"a member", `{"id":7,"name":"Journey","rev":"1-a","tags":["x","y"],"stops":[{"id":1,"at":"Bonn","km":0},{"id":2,"at":"Kiel","km":500}],"text":"one\ntwo\nthree\n"}`,
			`[{"at":["name"],"set":"Journey"}]`,
			`{"id":9,"name":"Journey","rev":"4-d","new":true,"tags":["y","z"],"stops":[{"id":3,"at":"Ulm","km":9},{"id":2,"at":"Kiel","km":501}],"text":"zero\ntwo\n"}`},
		{"a member of one element, another element, a tag", `{"id":7,"name":"Trip","rev":"1-a","tags":["x","y","w"],"stops":[{"id":1,"at":"Bonn","km":0},{"id":2,"at":"Lund","km":500},{"at":"Oslo","km":900}],"text":"one\ntwo\nthree\n"}`,
			`[{"at":["tags"],"add":"w"},{"at":["stops",{"id":2},"at"],"set":"Lund"},{"at":["stops"],"add":{"at":"Oslo","km":900}}]`,
			`{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":["y","z","w"],"stops":[{"id":3,"at":"Ulm","km":9},{"id":2,"at":"Lund","km":501},{"at":"Oslo","km":900}],"text":"zero\ntwo\n"}`},
		{"an element and a tag less", `{"id":7,"name":"Trip","rev":"1-a","tags":["x"],"stops":[{"id":1,"at":"Bonn","km":0}],"text":"one\ntwo\nthree\n"}`,
			`[{"at":["tags",{"~":"y"}],"drop":true},{"at":["stops",{"id":2}],"drop":true}]`,
			`{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":["z"],"stops":[{"id":3,"at":"Ulm","km":9}],"text":"zero\ntwo\n"}`},
		{"another order", `{"id":7,"name":"Trip","rev":"1-a","tags":["y","x"],"stops":[{"id":2,"at":"Kiel","km":500},{"id":1,"at":"Bonn","km":0}],"text":"one\ntwo\nthree\n"}`,
			`[{"at":["tags"],"by":"~","order":["y","x"]},{"at":["stops"],"by":"id","order":[2,1]}]`,
			`{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":["y","z"],"stops":[{"id":2,"at":"Kiel","km":501},{"id":3,"at":"Ulm","km":9}],"text":"zero\ntwo\n"}`},
		{"a line of a text", `{"id":7,"name":"Trip","rev":"1-a","tags":["x","y"],"stops":[{"id":1,"at":"Bonn","km":0},{"id":2,"at":"Kiel","km":500}],"text":"one\n2\nthree\n"}`,
			`[{"at":["text"],"find":"two\n","replace":"2\n"}]`,
			`{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":["y","z"],"stops":[{"id":3,"at":"Ulm","km":9},{"id":2,"at":"Kiel","km":501}],"text":"zero\n2\n"}`},
		{"a part of the document, and of each element", `{"id":7,"name":"Trip","stops":[{"id":1,"at":"Bonn"},{"id":2,"at":"Kiel"}]}`,
			`[{"at":["rev"],"drop":true},{"at":["tags"],"drop":true},{"at":["text"],"drop":true},{"at":["stops",{},"km"],"drop":true}]`,
			`{"id":9,"name":"Tour","new":true,"stops":[{"id":3,"at":"Ulm"},{"id":2,"at":"Kiel"}]}`},
		{"a small part of the document", `{"id":7,"name":"Trap","mine":[1]}`,
			`[{"at":[],"keep":["id","name"]},{"at":["name"],"set":"Trap"},{"at":["mine"],"set":[1]}]`,
			`{"id":9,"name":"Trap","mine":[1]}`},
		{"an empty list", `{"id":7,"name":"Trip","rev":"1-a","tags":[],"stops":[{"id":1,"at":"Bonn","km":0},{"id":2,"at":"Kiel","km":500}],"text":"one\ntwo\nthree\n"}`,
			`[{"at":["tags"],"set":[]}]`,
			`{"id":9,"name":"Tour","rev":"4-d","new":true,"tags":[],"stops":[{"id":3,"at":"Ulm","km":9},{"id":2,"at":"Kiel","km":501}],"text":"zero\ntwo\n"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ops, ok := Between([]byte(shown), []byte(tt.sent))
			if !ok || list(ops) != tt.ops {
				t.Fatalf("changes %s %v\nwant    %s", list(ops), ok, tt.ops)
			}
			if got, err := Apply([]byte(live), ops); err != nil || string(got) != tt.want {
				t.Errorf("applied to the live document\n%s %v, want\n%s", got, err, tt.want)
			}
			sealed, err := Sealed([]byte(`{"data":[`+tt.sent+`],"force":true}`), []string{"data", "0"}, ops)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := Open(sealed, []byte(live)); err != nil || string(got) != `{"data":[`+tt.want+`],"force":true}` {
				t.Errorf("sealed %s\nopened %s %v, want %s", sealed, got, err, tt.want)
			}
		})
	}
}

func TestAChangeNeedsAPlace(t *testing.T) {
	const shown = `{"id":7,"tags":["x","y"],"owner":{"name":"ann","at":1},"stops":[{"id":1,"at":"Bonn"},{"id":2,"at":"Kiel"}],"rows":[{"n":1},{"n":2}],"text":"one\ntwo\nthree\nfour\nfive\nsix\n"}`
	change := func(old, new string) string { return strings.Replace(shown, old, new, 1) }
	tests := []struct{ name, sent, live, want string }{ // want is empty where the change has no place
		{"a member of an element that is gone", change("Kiel", "Lund"), `{"id":9,"stops":[{"id":1,"at":"Ulm"}]}`, ``},
		{"a member of an element that is gone with its list", change("Kiel", "Lund"), `{"id":9}`, ``},
		{"a member of an element behind the end", change(`{"n":2}`, `{"n":3}`), `{"id":9,"rows":[{"n":1}]}`, ``},
		{"a member of an object that is gone", change("ann", "bob"), `{"id":9,"owner":null}`, ``},
		{"a member of what is no object any more", change("ann", "bob"), `{"id":9,"owner":"ann"}`, ``},
		{"a member that is gone", change(`"id":7`, `"id":8`), `{"rows":[]}`, `{"rows":[],"id":8}`},
		{"an element of a list that is gone", change(`"y"`, `"y","w"`), `{"id":9}`, `{"id":9,"tags":["w"]}`},
		{"an element of a list without a value", change(`"y"`, `"y","w"`), `{"tags":null}`, `{"tags":["w"]}`},
		{"an element of what is no list any more", change(`"y"`, `"y","w"`), `{"tags":"x,y"}`, ``},
		{"an element of a list in an object that is gone", strings.Replace(`{"a":{"tags":["x"]},"id":7}`, `"x"`, `"x","y"`, 1), `{"id":9}`, ``},
		{"text behind one that is gone", change(`six\n`, `six\nmore\n`), `{"id":9}`, `{"id":9,"text":"more\n"}`},
		{"text behind what is no text", change(`six\n`, `six\nmore\n`), `{"text":["six"]}`, ``},
		{"lines that are gone", change(`two\nthree\nfour\nfive\nsix`, `2\nthree\nfour\nfive\n6`), `{"text":"one\nthree\nsix\n"}`, ``},
		{"lines of a text that is gone", change(`two\nthree\nfour\nfive\nsix`, `2\nthree\nfour\nfive\n6`), `{"id":9}`, ``},
		{"lines of a text without a value", change(`two\nthree\nfour\nfive\nsix`, `2\nthree\nfour\nfive\n6`), `{"text":null}`, ``},
		{"an element less that is gone", change(`,{"id":2,"at":"Kiel"}`, ``), `{"stops":[{"id":1,"at":"Ulm"}]}`, `{"stops":[{"id":1,"at":"Ulm"}]}`},
		{"a member less that is gone", change(`"tags":["x","y"],`, ``), `{"id":9}`, `{"id":9}`},
		{"a member of every element less, of none", strings.ReplaceAll(shown, `"at":"`, `"to":"`), `{"stops":[]}`, ``},
		{"most members less", `{"id":7}`, `{"id":9,"a":1}`, `{"id":9}`},
		{"another order of what is gone", change(`"x","y"`, `"y","x"`), `{"id":9}`, `{"id":9}`},
		{"a line less that is gone", change(`two\n`, ``), `{"id":9}`, `{"id":9}`},
	}
	for _, tt := range tests {
		from := shown
		if strings.HasPrefix(tt.sent, `{"a"`) {
			from = `{"a":{"tags":["x"]},"id":7}`
		}
		ops, ok := Between([]byte(from), []byte(tt.sent))
		if !ok || len(ops) == 0 {
			t.Fatalf("%s: no changes from %s to %s", tt.name, from, tt.sent)
		}
		sealed, err := Sealed([]byte(`{"data":[`+tt.sent+`]}`), []string{"data", "0"}, ops)
		if err != nil {
			t.Fatal(err)
		}
		body, err := Open(sealed, []byte(tt.live))
		if want := `{"data":[` + tt.want + `]}`; tt.want != "" && (err != nil || string(body) != want) {
			t.Errorf("%s: opened on %s: %s %v, want %s: %s", tt.name, tt.live, body, err, want, sealed)
		}
		if tt.want == "" && !errors.Is(err, lines.ErrGone) {
			t.Errorf("%s: opened on %s: %s %v, want an error: %s", tt.name, tt.live, body, err, sealed)
		}
	}
}

func TestKeptCountsWhatWasLeftAlone(t *testing.T) {
	tests := []struct {
		shown, sent string
		kept, all   int
	}{
		{`{"a":1,"b":"x"}`, `{"b":"x","a":1}`, 2, 2},
		{`{"a":1,"b":"x"}`, `{"a":"1","b":"x","c":null}`, 1, 3},
		{`[{"id":1,"n":"a"},{"id":2,"n":"b"}]`, `[{"id":2,"n":"b"},{"id":3,"n":"a"}]`, 2, 4},
		{`["x","y"]`, `["y","z"]`, 1, 2},
	}
	for _, tt := range tests {
		shown, errA := parse([]byte(tt.shown))
		sent, errB := parse([]byte(tt.sent))
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if kept, all := count(shown, sent), sent.leaves(); kept != tt.kept || all != tt.all {
			t.Errorf("of %s, %s kept %d of %d, want %d of %d", tt.shown, tt.sent, kept, all, tt.kept, tt.all)
		}
	}
}

func TestADocumentIsFoundByItsIdentityOrItsAddress(t *testing.T) {
	const list = `{"page":1,"items":[{"id":4,"name":"a","n":1,"on":true},{"id":5,"name":"b","n":2,"on":true}]}`
	tests := []struct {
		name, shown, sent string
		same              bool
		path              string
		match             int
		way               string
	}{
		{"the whole at its address", `{"name":"a","n":1,"on":true}`, `{"name":"b","n":1,"on":true,"x":2}`, true, "none", 0, ""},
		{"the whole at its address, mostly kept", `{"name":"a","n":1,"on":true,"x":0}`, `{"name":"b","n":1,"on":true,"x":0}`, true, "", 0, ""},
		{"not at another address", `{"name":"a","n":1,"on":true,"x":0}`, `{"name":"b","n":1,"on":true,"x":0}`, false, "none", 0, ""},
		{"an element of a list", list, `{"id":5,"name":"c","n":2,"on":true}`, false, "items[]", 1, ""},
		{"an element of a list, wrapped", list, `{"force":1,"data":{"id":5,"name":"c","n":2,"on":true}}`, false, "items[]", 1, "data"},
		{"a list", list, `[{"id":4,"name":"a","n":1,"on":true},{"id":5,"name":"c","n":2,"on":true}]`, false, "items", 0, ""},
		{"no record of another identity", list, `{"id":6,"name":"b","n":2,"on":true}`, false, "none", 0, ""},
		{"no few members", list, `{"id":5,"name":"b","z":1}`, false, "none", 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			shown, err := Parse([]byte(tt.shown))
			if err != nil {
				t.Fatal(err)
			}
			sent, err := Parse([]byte(tt.sent))
			if err != nil {
				t.Fatal(err)
			}
			c, ok := sent.Find(shown, tt.same, 0)
			if most := shown.Scalars().Common(sent.Scalars()); most < c.Kept {
				t.Errorf("%d scalars in common, %d kept", most, c.Kept)
			}
			if again, more := sent.Find(shown, tt.same, c.Kept); ok && more {
				t.Errorf("more than %d kept: %d", c.Kept, again.Kept)
			}
			if !ok {
				c.Path = "none"
			}
			if c.Path != tt.path || c.Match != tt.match || strings.Join(c.Sent, ".") != tt.way {
				t.Errorf("in %s, %s is %q %d at %q, want %q %d at %q", tt.shown, tt.sent, c.Path, c.Match, c.Sent, tt.path, tt.match, tt.way)
			}
		})
	}
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	for _, body := range []string{``, `{`, `{"~document":1}`, `{"~document":[{"set":1}]}`, `{"~document":[{"at":[1.5],"set":1}]}`, `{"~document":[{"at":["a"]}]}`, `{"~document":[{"at":[],"drop":true}]}`, `{"a":1}`} {
		if got, err := Open([]byte(body), []byte(`{"a":1}`)); err == nil {
			t.Errorf("%s is opened as %s", body, got)
		}
	}
}

// document draws JSON documents that share members and identities.
func document(depth int) *rapid.Generator[any] {
	return rapid.Custom(func(t *rapid.T) any {
		kinds := []string{"word", "number", "null", "text"}
		if depth > 0 {
			kinds = append(kinds, "object", "object", "array", "records")
		}
		switch rapid.SampledFrom(kinds).Draw(t, "kind") {
		case "word":
			return rapid.SampledFrom([]string{"", "a", "b", "a longer text here", "a longer text here and more"}).Draw(t, "word")
		case "text":
			return rapid.SampledFrom([]string{"one\ntwo\n", "one\nthree\ntwo\n", "one\n2\n", "one\ntwo\nthree\nfour\nfive\n", "one\n2\nthree\nfour\nfive\nsix\n"}).Draw(t, "text")
		case "number":
			return rapid.IntRange(0, 3).Draw(t, "number")
		case "array":
			return rapid.SliceOfN(document(depth-1), 0, 4).Draw(t, "array")
		case "object":
			return rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c", "id"}), document(depth-1), 0, 4).Draw(t, "object")
		case "records":
			out := []any{}
			for _, id := range rapid.SliceOfNDistinct(rapid.IntRange(1, 6), 0, 5, rapid.ID).Draw(t, "ids") {
				r := rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), document(depth-1), 0, 3).Draw(t, "record")
				if id < 6 {
					r["id"] = id
				}
				out = append(out, r)
			}
			return out
		}
		return nil
	})
}

func TestChangesLeadFromOneDocumentToTheOther(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := json.Marshal(document(3).Draw(t, "shown"))
		b, _ := json.Marshal(document(3).Draw(t, "sent"))
		d := &differ{}
		x, errA := parse(a)
		y, errB := parse(b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		d.value(nil, x, y)
		got, err := Apply(a, d.ops)
		if err != nil {
			t.Fatal(err)
		}
		if z, err := parse(got); err != nil || !equal(z, y) {
			t.Fatalf("from %s to %s by %s gives %s", a, b, list(d.ops), got)
		}
	})
}

func TestNoMoreIsKeptThanThereIsInCommon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, _ := json.Marshal(document(3).Draw(t, "shown"))
		b, _ := json.Marshal(document(3).Draw(t, "sent"))
		x, errA := Parse(a)
		y, errB := Parse(b)
		if errA != nil || errB != nil {
			t.Fatal(errA, errB)
		}
		if kept, most := count(x.top, y.top), x.Scalars().Common(y.Scalars()); kept > most {
			t.Fatalf("%d scalars of %s are kept in %s, which have %d in common", kept, a, b, most)
		}
		if all := count(x.top, x.top); all != len(x.Scalars()) {
			t.Fatalf("%d of %d scalars of %s are in itself", all, len(x.Scalars()), a)
		}
	})
}

// BenchmarkFind looks for 40 documents, each changed in one place, in the 30 that were shown
// before it.
func BenchmarkFind(b *testing.B) {
	const size = 256 << 10
	state := func(rev, note int) []byte {
		text := fmt.Appendf(nil, `{"rev":%d,"items":[{"id":0}`, rev)
		for i := 1; len(text) < size; i++ {
			title := ""
			if i == note {
				title = fmt.Sprint("note ", rev)
			}
			text = fmt.Appendf(text, `,{"id":%d,"name":"thing %d","on":true,"size":%d,"tags":["a","b"],"title":%q}`, i, i, i%13, title)
		}
		return append(text, "]}"...)
	}
	var shown, sent [][]byte
	for rev := range 40 {
		shown, sent = append(shown, state(rev, 0)), append(sent, state(rev, 1+rev))
	}
	b.SetBytes(int64(len(sent) * size))
	b.ReportAllocs()
	for b.Loop() {
		var known []Scalars
		for i := range sent {
			doc, err := Parse(sent[i])
			if err != nil {
				b.Fatal(err)
			}
			own, kept := doc.Scalars(), 0
			for k := i; k >= max(0, i-30); k-- {
				if k == len(known) {
					d, _ := Parse(shown[k])
					known = append(known, d.Scalars())
				}
				if known[k].Common(own) <= kept {
					continue
				}
				d, err := Parse(shown[k])
				if err != nil {
					b.Fatal(err)
				}
				if c, ok := doc.Find(d, true, kept); ok {
					kept = c.Kept
				}
			}
			if kept != len(own)-1 {
				b.Fatalf("%d of %d scalars are kept", kept, len(own))
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{`{}`, `[]`, ` { "a" : [ 1 , -2.50e+3,"x\\\u0041\"" , {"":null}, true,false ] } `, `"\ud800"`, "\"\xff\"", `7`, `{"a":1,"a":2}`, `[1,]`, `{"a"}`, `01`, `1 2`, ``} {
		f.Add([]byte(s))
	}
	decode := func(b []byte) (v any, err error) {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		err = d.Decode(&v)
		return v, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := parse(b)
		if (err == nil) != json.Valid(b) && !errors.Is(err, errDepth) {
			t.Fatalf("%q: %v, valid %v", b, err, json.Valid(b))
		}
		if err != nil {
			return
		}
		want, _ := decode(b)
		if got, err := decode(n.text()); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is read as %s, %v", b, n.text(), err)
		}
	})
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte(`{"~document":[{"at":["a",{"id":1},0,{}],"set":1},{"at":[],"keep":["a"]},{"at":["a"],"order":[1,null],"by":"id"}]}`), []byte(`{"a":[{"id":1}]}`))
	f.Add([]byte(`{"~document":[{"at":["a"],"lines":[{"find":"x: 1\n","by":1},{"put":"z","after":"y","nth":-1},{"ends":"\r\n"}]}]}`), []byte(`{"a":"x: 4\ny\nz"}`))
	f.Fuzz(func(t *testing.T, sealed, live []byte) {
		if body, err := Open(sealed, live); err == nil && !json.Valid(body) {
			t.Errorf("%q on %q gives %q", sealed, live, body)
		}
	})
}

// Elements without identities are known by a text that the client left alone.
func TestAnElementWithoutIdentityIsFoundByItsTexts(t *testing.T) {
	const shown = `{"id":7,"todo":[{"label":"water","done":false},{"label":"paint","done":false},{"label":"paint","done":false},{"label":"sweep","done":false}]}`
	const live = `{"id":9,"todo":[{"label":"sweep","done":false},{"label":"water","done":false},{"label":"cook","done":false}]}`
	tests := []struct{ name, sent, ops, want string }{
		{"one is done", `{"id":7,"todo":[{"label":"water","done":false},{"label":"paint","done":false},{"label":"paint","done":false},{"label":"sweep","done":true}]}`,
			`[{"at":["todo",{"label":"sweep"},"done"],"set":true}]`, `{"id":9,"todo":[{"label":"sweep","done":true},{"label":"water","done":false},{"label":"cook","done":false}]}`},
		{"one has another name", `{"id":7,"todo":[{"label":"drink","done":false},{"label":"paint","done":false},{"label":"paint","done":false},{"label":"sweep","done":false}]}`,
			`[{"at":["todo",0,"label"],"set":"drink"}]`, `{"id":9,"todo":[{"label":"drink","done":false},{"label":"water","done":false},{"label":"cook","done":false}]}`},
		{"one of two that are alike", `{"id":7,"todo":[{"label":"water","done":false},{"label":"paint","done":false},{"label":"paint","done":true},{"label":"sweep","done":false}]}`,
			`[{"at":["todo",2,"done"],"set":true}]`, `{"id":9,"todo":[{"label":"sweep","done":false},{"label":"water","done":false},{"label":"cook","done":true}]}`},
	}
	for _, tt := range tests {
		ops, ok := Between([]byte(shown), []byte(tt.sent))
		if !ok || list(ops) != tt.ops {
			t.Errorf("%s: changes %s %v, want %s", tt.name, list(ops), ok, tt.ops)
		}
		if got, err := Apply([]byte(live), ops); err != nil || string(got) != tt.want {
			t.Errorf("%s: applied to the live document\n%s %v, want\n%s", tt.name, got, err, tt.want)
		}
	}
	const few, more = `{"id":7,"todo":[{"label":"water","done":false},{"label":"paint","done":false}]}`, `{"id":7,"todo":[{"label":"water","done":true},{"label":"paint","done":false},{"label":"sweep","done":false}]}`
	ops, ok := Between([]byte(few), []byte(more))
	const want = `[{"at":["todo",{"label":"water"},"done"],"set":true},{"at":["todo"],"add":{"label":"sweep","done":false}}]`
	if !ok || list(ops) != want {
		t.Errorf("one more: changes %s %v, want %s", list(ops), ok, want)
	}
}

func TestATextThatChangedInSeveralPlacesIsTheLiveOne(t *testing.T) {
	quoted := func(s string) []byte {
		b, _ := json.Marshal(map[string]string{"id": "n1", "text": s})
		return b
	}
	shown, sent := quoted("rev: 3\n# Note\n\none\ntwo\nthree\n"), quoted("rev: 4\n# Note\n\none\n2\nthree\nfour\n")
	ops, ok := Between(shown, sent)
	if !ok {
		t.Fatal("no changes")
	}
	sealed, err := Sealed(sent, nil, ops)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Open(sealed, quoted("rev: 9\n# Note\nby all\n\none\ntwo\nthree\nlast\n"))
	if want := quoted("rev: 10\n# Note\nby all\n\none\n2\nthree\nfour\nlast\n"); err != nil || string(got) != string(want) {
		t.Errorf("got %s, %v, want %s: %s", got, err, want, sealed)
	}
}

func TestATextIsToldByItsChanges(t *testing.T) {
	const shown = "first line\nsecond line\nthird line\n"
	for _, c := range []struct{ name, sent, live, want string }{
		{"more at the end", shown + "fourth\n", "another line\n", "another line\nfourth\n"},
		{"a line that is another", "first line\n2nd line\nthird line\n", "own line\nsecond line\n", "own line\n2nd line\n"},
		{"nothing", shown, "own line\n", "own line\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changes, ok := BetweenTexts(shown, c.sent)
			if !ok {
				t.Fatalf("the changes from %q to %q are not told", shown, c.sent)
			}
			for live, want := range map[string]string{shown: c.sent, c.live: c.want} {
				if got, err := OpenText(changes, live); got != want || err != nil {
					t.Errorf("%s makes %q, %v of %q, want %q", changes, got, err, live, want)
				}
			}
		})
	}
	if changes, ok := BetweenTexts(shown, "something else\n"); ok {
		t.Errorf("a new text is told by %s", changes)
	}
	if got, err := OpenText("no changes", shown); err == nil {
		t.Errorf("no changes make %q", got)
	}
}
