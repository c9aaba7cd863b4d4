package codec

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// writable are the kinds that write any value, and whose text is the same when it is
// written again.
var writable = []Kind{Raw, Percent, Plus, JSON, XML, CRLF, Base64, Base64URL, Hex, Frame}

func TestTextsThatClientsWrite(t *testing.T) {
	for _, c := range []struct {
		name, chain string
		value       string
		text        string
	}{
		{"Go and browsers encode with capital digits", "plus", "a b/é+~", "a+b%2F%C3%A9%2B~"},
		{"some libraries use small digits", "percent-lower", "a b/é", "a%20b%2f%c3%a9"},
		{"links by hand leave what a query may hold", "percent[,-./:?_~]", "http://h.test/a?b,c", "http://h.test/a?b,c"},
		{"forms of browsers escape the tilde", "plus[*-._]", "~*", "%7E*"},
		{"JSON of JavaScript", "json", "a\"\\\n/é\x01", `a\"\\\n/é\u0001`},
		{"JSON of PHP", "json-ascii-slash", "/é😀", `\/\u00e9\ud83d\ude00`},
		{"JSON of .NET", "json-ascii-upper[\"&'+<>]", "é+\"<", `\u00E9\u002B\u0022\u003C`},
		{"XML", "xml", `a<b>&"c"`, `a&lt;b&gt;&amp;"c"`},
		{"XML with quotes", `xml["&'<>]`, `"'`, "&quot;&apos;"},
		{"text areas", "crlf|plus", "a\nb", "a%0D%0Ab"},
		{"Base64", "base64", "ab?>", "YWI/Pg=="},
		{"Base64 for addresses", "base64url-bare", "ab?>", "YWI_Pg"},
		{"hexadecimal", "hex-upper", "jk", "6A6B"},
		{"JSON in Base64 in a form", "json|base64|plus", `"é`, "XCLDqQ%3D%3D"},
		{"a JSON string in a JSON string", "json|json", `"`, `\\\"`},
		{"JSON in a form field", "json|plus", `"`, "%5C%22"},
		{"nothing", "raw", "a b", "a b"},
		{"a message in a frame", "protobuf|grpc", `1:"key" 2:7`, "\x00\x00\x00\x00\x07\x0a\x03key\x10\x07"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain, err := Parse(c.chain)
			if err != nil {
				t.Fatal(err)
			}
			if got := chain.Encode(c.value); got != c.text {
				t.Errorf("%s writes %q as %q, want %q", c.chain, c.value, got, c.text)
			}
			if got, ok := chain.Decode(c.text); got != c.value || !ok {
				t.Errorf("%s reads %q as %q, %v, want %q", c.chain, c.text, got, ok, c.value)
			}
			if chain.String() != c.chain {
				t.Errorf("%s prints as %s", c.chain, chain)
			}
			var kinds []Kind
			for _, one := range chain {
				kinds = append(kinds, one.Kind)
			}
			fit, values, ok := Fit(kinds, []string{c.text})
			if !ok || values[0] != c.value || fit.Encode(c.value) != c.text {
				t.Errorf("Fit(%v, %q) = %s, %q, %v", kinds, c.text, fit, values, ok)
			}
		})
	}
}

func TestWhatIsReadOnly(t *testing.T) {
	for _, c := range []struct {
		kind        Kind
		text, value string
		ok          bool
	}{
		{HTML, "a&#43;&#x2F;&amp;&eacute;", "a+/&é", true},
		{Script, `\x41\u{1F600}\u002b\/\'`, "A😀+/'", true},
		{Script, `a\`, `a\`, false},
		{Quotes, `"v1"`, "v1", true},
		{Quotes, `W/"v1"`, "v1", true},
		{Quotes, `v1`, "v1", false},
		{JWT, "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2ln", `{"sub":"42"}`, true},
		{JWT, "a.b.c", "a.b.c", false},
	} {
		if got, ok := Decode(c.kind, c.text); got != c.value || ok != c.ok {
			t.Errorf("Decode(%s, %q) = %q, %v, want %q, %v", c.kind, c.text, got, ok, c.value, c.ok)
		}
		if _, err := Parse(string(c.kind)); err == nil {
			t.Errorf("Parse(%s) allows to write through it", c.kind)
		}
	}
}

func TestTheNumberThatFollows(t *testing.T) {
	for text, want := range map[string]string{"42": "41", "1": "0", "0": "", "042": "", "+4": "", "v3": "", "99999999999999999999": ""} {
		if value, ok := Decode(Next, text); ok != (want != "") || ok && value != want {
			t.Errorf("the number before %s is %q, %v; want %q", text, value, ok, want)
		}
		if got := (Chain{New(Next)}).Encode(text); want != "" && got == text || want == "" && text != "0" && got != text {
			t.Errorf("behind %s follows %s", text, got)
		}
	}
}

func TestValuesInAnotherCase(t *testing.T) {
	for _, c := range []struct{ chain, value, text string }{
		{"capital", "courier-7", "Courier-7"},
		{"capital|percent", "émile b", "%C3%89mile%20b"},
		{"capital", "7up", "7up"},
		{"capital", "\xffa", "\xffa"},
		{"next", "41", "42"},
		{"next", "9223372036854775807", "9223372036854775807"},
		{"lower|plus", "Kim Lee", "kim+lee"},
		{"upper", "ab-12é", "AB-12É"},
	} {
		chain, err := Parse(c.chain)
		if err != nil {
			t.Fatal(err)
		}
		if got := chain.Encode(c.value); got != c.text || chain.String() != c.chain {
			t.Errorf("%s writes %q as %q, want %q", chain, c.value, got, c.text)
		}
		if value, ok := chain.Decode(c.text); !ok || chain.Encode(value) != c.text {
			t.Errorf("%s reads %q as %q, %v", chain, c.text, value, ok)
		}
	}
	if _, ok := Decode(Lower, "Kim"); ok {
		t.Error("a text with a capital is read as one in small letters")
	}
}

func TestSyntaxErrorsOfChains(t *testing.T) {
	for _, s := range []string{"rot13", "plus-upper", "json|", "plus[a", "base64[a]", "plus[%zz]", "plus[é]", strings.Repeat("json|", MaxDepth) + "json"} {
		if c, err := Parse(s); err == nil {
			t.Errorf("Parse(%q) = %s", s, c)
		}
	}
}

// Queries and forms that a program wrote with encodeURIComponent have no plus for a space.
func TestASpaceIsWrittenAsItWas(t *testing.T) {
	for text, want := range map[string]string{"openid%20profile": "a%20b%2Bc", "openid+profile": "a+b%2Bc", "openid": "a+b%2Bc", "open%20id*": "a%20b%2Bc"} {
		chain, _, ok := Fit([]Kind{Plus}, []string{text})
		if got := chain.Encode("a b+c"); !ok || got != want {
			t.Errorf("as in %q, %s writes %q, want %q", text, chain, got, want)
		}
	}
}

func TestTextsOfTwoStylesDoNotFit(t *testing.T) {
	for _, c := range []struct {
		kind  Kind
		texts []string
	}{
		{Plus, []string{"a+b", "a%20b"}},
		{Percent, []string{"%c3%A9"}},
		{Percent, []string{"a/b", "a%2Fb"}},
		{Percent, []string{"100%"}},
		{Percent, []string{"%61"}},
		{JSON, []string{`/`, `\/`}},
		{JSON, []string{`\ud800`}},
		{JSON, []string{`a"b`}},
		{XML, []string{`"`, `&quot;`}},
		{XML, []string{`&nbsp;`}},
		{CRLF, []string{"a\r\nb", "a\nb"}},
		{Base64, []string{"a-b_"}},
		{Base64, []string{"YWJj", "YWI"}}, // padded or not: a value of three bytes says nothing
		{Hex, []string{"6a6B"}},
	} {
		chain, values, ok := Fit([]Kind{c.kind}, c.texts)
		again := true
		for i, v := range values {
			again = again && chain.Encode(v) == c.texts[i]
		}
		if ok != again {
			t.Errorf("Fit(%s, %q) = %s, %v, but writing again gives the same: %v", c.kind, c.texts, chain, ok, again)
		}
		if ok && c.kind != Base64 {
			t.Errorf("Fit(%s, %q) = %s", c.kind, c.texts, chain)
		}
	}
}

// TestPositionsOfParts checks that a part of a value is where DecodeAt says.
func TestPositionsOfParts(t *testing.T) {
	for _, k := range writable {
		if !k.Keeps() {
			continue
		}
		value := "é/ <\"&\nend"
		text := Chain{New(k)}.Encode(value)
		got, at, ok := DecodeAt(k, text)
		if got != value || !ok {
			t.Errorf("DecodeAt(%s, %q) = %q, %v", k, text, got, ok)
			continue
		}
		if at == nil {
			continue
		}
		if len(at) != len(value)+1 || int(at[len(value)]) != len(text) {
			t.Errorf("%s: table of %d for %d bytes, end at %d of %d", k, len(at), len(value), at[len(at)-1], len(text))
		}
		i := strings.Index(value, "end")
		if part, _ := Decode(k, text[at[i]:]); part != "end" {
			t.Errorf("%s: the part %q is at %q", k, "end", text[at[i]:])
		}
	}
}

func TestContentCodingsAreReadAgain(t *testing.T) {
	value := strings.Repeat(`{"id":7}`, 1000)
	for _, k := range []Kind{Gzip, Deflate, Brotli, Zstd} {
		text := Chain{New(k)}.Encode(value)
		if got, ok := Decode(k, text); got != value || !ok {
			t.Errorf("%s: %d bytes read as %d, %v", k, len(text), len(got), ok)
		}
		if len(text) > len(value)/10 {
			t.Errorf("%s: %d bytes of %d", k, len(text), len(value))
		}
		if other := (Chain{New(k)}).Encode(value); other != text {
			t.Errorf("%s: the same value gives other bytes", k)
		}
		if _, ok := Decode(k, text[:len(text)/2]); ok {
			t.Errorf("%s: a cut text is read", k)
		}
	}
}

func TestInflateIsBounded(t *testing.T) {
	bomb := Chain{New(Gzip)}.Encode(strings.Repeat("\x00", 3*MaxText))
	body, whole := Inflate([]byte(bomb), "gzip")
	if len(body) != MaxText || whole {
		t.Errorf("%d bytes inflate to %d, whole: %v", len(bomb), len(body), whole)
	}
}

// TestEveryStyleIsFound writes values in random styles and asks for them back.
func TestEveryStyleIsFound(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	const chars = "aZ9 -._~/:+%&=\"'<>\\\n\x01é€😀"
	for range 3000 {
		var chain Chain
		var kinds []Kind
		for range 1 + r.IntN(3) {
			k := writable[r.IntN(len(writable))]
			c := New(k)
			for _, w := range styles[k].words {
				if r.IntN(2) == 0 {
					if c.words != "" {
						c.words += "-"
					}
					c.words += w
				}
			}
			chain, kinds = append(chain, c), append(kinds, k)
		}
		var texts []string
		for range 3 {
			var b strings.Builder
			for range r.IntN(12) {
				runes := []rune(chars)
				b.WriteRune(runes[r.IntN(len(runes))])
			}
			value := b.String()
			text := chain.Encode(value)
			if got, ok := chain.Decode(text); ok && got != value {
				t.Fatalf("%s writes %q as %q and reads %q", chain, value, text, got)
			} else if ok {
				texts = append(texts, text)
			}
		}
		fit, values, ok := Fit(kinds, texts)
		for i, v := range values {
			if !ok || fit.Encode(v) != texts[i] {
				t.Fatalf("Fit(%v, %q) = %s, %v; the texts were written by %s", kinds, texts, fit, ok, chain)
			}
		}
	}
}

// FuzzFit checks that a chain that fits writes what was there, and that chains print
// as they are read.
func FuzzFit(f *testing.F) {
	f.Add("%c3%a9+a", uint16(1), uint16(0))
	f.Add(`%7B%22a%22%3a%22\u00e9%22%7D`, uint16(2), uint16(3))
	f.Add("YWI_Pg", uint16(7), uint16(8))
	f.Fuzz(func(t *testing.T, text string, a, b uint16) {
		all := append(slices.Clone(writable), Protobuf)
		kinds := []Kind{all[int(a)%len(all)], all[int(b)%len(all)]}
		chain, values, ok := Fit(kinds, []string{text})
		if ok && chain.Encode(values[0]) != text {
			t.Errorf("Fit(%v, %q) = %s writes %q", kinds, text, chain, chain.Encode(values[0]))
		}
		again, err := Parse(chain.String())
		if err != nil || again.String() != chain.String() {
			t.Errorf("%s is read as %s, %v", chain, again, err)
		}
		for _, k := range kinds {
			value, at, ok := DecodeAt(k, text)
			if at != nil && ok && len(at) != len(value)+1 {
				t.Errorf("DecodeAt(%s, %q): table of %d for %d bytes", k, text, len(at), len(value))
			}
		}
		Decode(Script, text)
		Decode(HTML, text)
		Decode(JWT, text)
		Inflate([]byte(text), "gzip")
	})
}
