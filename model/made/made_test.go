package made

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var begin = time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC)

func source(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }

// valuesOf makes n values, one for each of n requests that come a second apart.
func valuesOf(n int, of func(i int, r *rand.Rand, at time.Time) string) []Value {
	r := source(7)
	var out []Value
	for i := range n {
		at := begin.Add(time.Duration(i) * time.Second)
		out = append(out, Value{of(i, r, at), at})
	}
	return out
}

func TestFormsThatClientsMakeAreRecognised(t *testing.T) {
	for _, tt := range []struct {
		form string
		n    int
		want string // "": form
		how  Strength
	}{
		{form: "{uuid4}", n: 1, how: Sure},
		{form: "{UUID4}", n: 3, how: Sure},
		{form: "{uuid7}", n: 1, how: Sure},
		{form: "{uuid4hex}", n: 4, how: Sure},
		{form: "{ulid}", n: 1, how: Sure},
		{form: "{objectid}", n: 2, how: Sure},
		{form: "order/{uuid4}.json", n: 2, how: Sure},
		{form: "ord_{hex 20}", n: 6, how: Random},
		{form: "req{hex 20}", n: 6, how: Random},
		{form: "{HEX 24}", n: 6, how: Random},
		{form: "{base62 22}", n: 6, how: Random},
		{form: "{base64url 21}", n: 6, how: Random},
		{form: "ver_{base64url 24}", n: 8, how: Random},
		{form: "{base36 13}", n: 6, how: Random},
		{form: "_{base36 9-12}", n: 12, how: Random},
		{form: "{base64 18}", n: 6, how: Random},
		{form: "{hex 32}", n: 6, how: Digest},
		{form: "{hex 64}", n: 3, how: Digest},
		{form: "{base64url 43}", n: 6, how: Digest},
		{form: "{base64 32}", n: 6, how: Digest},
		{form: "{ms}-{base36 6}", n: 8, how: Sure},
		{form: "GA1.1.{digits 9-10}.{s}", n: 8, how: Sure},
		{form: "0.{digits 15-17}", n: 8, how: Sure},
		{form: "{ms36}-{base36 8}", n: 8, how: Sure},
		{form: "00-{hex 32}-{hex 16}-01", n: 5, how: Sure},
	} {
		t.Run(tt.form, func(t *testing.T) {
			f, err := Parse(tt.form)
			if err != nil {
				t.Fatal(err)
			}
			values := valuesOf(tt.n, func(_ int, r *rand.Rand, at time.Time) string { return f.Make(r, at) })
			for _, v := range values {
				if !f.Matches(v.Text) {
					t.Errorf("%q does not match", v.Text)
				}
			}
			got, how := Recognise(values)
			if how != tt.how || got.String() != tt.form {
				t.Errorf("Recognise(%q…) = %q, %v; want %v", values[0].Text, got, how, tt.how)
			}
		})
	}
}

// people draws values that people and their papers have, of one form each.
func people() map[string]func(i int, r *rand.Rand, at time.Time) string {
	pick := func(r *rand.Rand, words string) string { w := strings.Fields(words); return w[r.IntN(len(w))] }
	names := "anna berta carl dora emil frieda gustav hanna ida jonas karl lena max nora otto paula"
	return map[string]func(i int, r *rand.Rand, at time.Time) string{
		"IBAN": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("DE%02d%018d", r.IntN(98), r.IntN(1e15))
		},
		"IBAN in groups": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("GB%02d WEST %04d %04d %04d", r.IntN(98), r.IntN(1e4), r.IntN(1e4), r.IntN(1e4))
		},
		"EAN": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("%013d", 4e12+r.Int64N(1e11)) },
		"ISBN": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("978-3-%06d-%02d-%d", r.IntN(1e6), r.IntN(100), r.IntN(10))
		},
		"card": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("4111%012d", r.Int64N(1e12)) },
		"date": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("2026-%02d-%02d", 1+r.IntN(12), 1+r.IntN(28))
		},
		"date and time": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("2026-%02d-%02dT%02d:%02d:00Z", 1+r.IntN(12), 1+r.IntN(28), r.IntN(24), r.IntN(60))
		},
		"date range": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("2026%02d%02d-2026%02d%02d", 1+r.IntN(12), 1+r.IntN(28), 1+r.IntN(12), 1+r.IntN(28))
		},
		"birthday as a number": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprint(300_000_000 + r.IntN(900_000_000)) },
		"phone":                func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("+4930%07d", r.IntN(1e7)) },
		"phone in groups": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("(%03d) %03d-%04d", r.IntN(1000), r.IntN(1000), r.IntN(1e4))
		},
		"name":      func(_ int, r *rand.Rand, _ time.Time) string { return pick(r, names) + " " + pick(r, names) },
		"user name": func(i int, r *rand.Rand, _ time.Time) string { return pick(r, names) + fmt.Sprint(1000+i) },
		"e-mail": func(i int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%s.%s%02d@shop.test", pick(r, names), pick(r, names), i)
		},
		"password": func(i int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("pw-%d-%06x", i, r.IntN(1<<24)) },
		"password of words": func(_ int, r *rand.Rand, _ time.Time) string {
			return pick(r, names) + "-" + pick(r, names) + fmt.Sprint(r.IntN(100))
		},
		"size": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%dx%d", 1000+r.IntN(3000), 1000+r.IntN(3000))
		},
		"coordinates": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%.6f,%.6f", 50+r.Float64(), 13+r.Float64())
		},
		"long coordinates": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("%.14f", 50+r.Float64()) },
		"price":            func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("%.2f", 1000*r.Float64()) },
		"colour":           func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("#%06x", r.IntN(1<<24)) },
		"version": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%d.%d.%d-rc%d", r.IntN(10), r.IntN(40), r.IntN(100), r.IntN(9))
		},
		"slug": func(i int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("how-%s-met-%s-%d", pick(r, names), pick(r, names), 2000+i)
		},
		"postcode": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("SW%dA %dAA", r.IntN(10), r.IntN(10))
		},
		"MAC address": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%02x:%02x:%02x:%02x:%02x:%02x", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(256))
		},
		"IPv6 address": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("2001:db8:%x::%x", r.IntN(1<<16), r.IntN(1<<16))
		},
		"VIN":    func(_ int, r *rand.Rand, _ time.Time) string { return string(draw([]byte("WVW"), crockford, 14, r)) },
		"ASIN":   func(_ int, r *rand.Rand, _ time.Time) string { return string(draw([]byte("B0"), digits+upper, 8, r)) },
		"parcel": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("1Z999AA1%010d", r.Int64N(1e10)) },
		"licence key": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%s-%s-%s", draw(nil, digits+upper, 5, r), draw(nil, digits+upper, 5, r), draw(nil, digits+upper, 5, r))
		},
		"wallet":            func(_ int, r *rand.Rand, _ time.Time) string { return "0x" + string(draw(nil, digits+"abcdef", 40, r)) },
		"short hash of git": func(_ int, r *rand.Rand, _ time.Time) string { return string(draw(nil, digits+"abcdef", 12, r)) },
		"video":             func(_ int, r *rand.Rand, _ time.Time) string { return string(draw(nil, digits+upper, 11, r)) },
		"search":            func(_ int, r *rand.Rand, _ time.Time) string { return pick(r, names) + " " + pick(r, names) + " 2026" },
		"sentence": func(i int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("Entry %d of %s: all is well.\nSigned %s", i, pick(r, names), pick(r, names))
		},
		"file": func(i int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("IMG_20260%03d_%06d.jpg", 101+r.IntN(200), r.IntN(240000))
		},
		"order number":     func(i int, _ *rand.Rand, _ time.Time) string { return fmt.Sprintf("ORD-2026-%04d", 17+i) },
		"counter":          func(i int, _ *rand.Rand, _ time.Time) string { return fmt.Sprint(4711 + i) },
		"number of digits": func(_ int, r *rand.Rand, _ time.Time) string { return fmt.Sprintf("%016d", r.Int64N(1e16)) },
		"UUID of version 1": func(_ int, r *rand.Rand, _ time.Time) string {
			return fmt.Sprintf("%08x-1dd2-11b2-8000-00163e5e6c00", r.IntN(1<<31))
		},
		"old ULID": func(_ int, r *rand.Rand, at time.Time) string {
			return string(appendULID(nil, r, at.AddDate(-1, 0, 0)))
		},
		"old UUID of version 7": func(_ int, r *rand.Rand, at time.Time) string { return uuid('7', r, at.AddDate(0, -2, 0)) },
		"camel case": func(i int, r *rand.Rand, _ time.Time) string {
			return "get" + strings.ToUpper(pick(r, names)) + "ById" + fmt.Sprint(i)
		},
		"bytes": func(_ int, r *rand.Rand, _ time.Time) string {
			return "\x89PNG\r\n" + string(draw(nil, "\x00\x01\xfe\xffabc", 40, r))
		},
		"nothing": func(int, *rand.Rand, time.Time) string { return "" },
	}
}

func TestValuesOfPeopleAreNeverMadeUp(t *testing.T) {
	for name, of := range people() {
		for _, n := range []int{1, 3, 40} {
			values := valuesOf(n, of)
			if f, how := Recognise(values); how >= Random {
				t.Errorf("%d of %s such as %q: recognised as %q, %v", n, name, values[0].Text, f, how)
			}
			if c, ok := RecogniseClock(values); ok {
				t.Errorf("%d of %s such as %q: recognised as the time %q", n, name, values[0].Text, c)
			}
		}
	}
}

func TestHashesAreNoProofOfAGenerator(t *testing.T) {
	for name, of := range map[string]func([]byte) string{
		"SHA-1":     func(b []byte) string { s := sha1.Sum(b); return hex.EncodeToString(s[:]) },
		"SHA-256":   func(b []byte) string { s := sha256.Sum256(b); return "sha256:" + hex.EncodeToString(s[:]) },
		"base64":    func(b []byte) string { s := sha256.Sum256(b); return base64.StdEncoding.EncodeToString(s[:]) },
		"base64url": func(b []byte) string { s := sha256.Sum256(b); return base64.RawURLEncoding.EncodeToString(s[:]) },
		"subresource": func(b []byte) string {
			s := sha256.Sum256(b)
			return "sha256-" + base64.StdEncoding.EncodeToString(s[:])
		},
		"half of a hash": func(b []byte) string { s := sha256.Sum256(b); return hex.EncodeToString(s[:10]) + "x" },
	} {
		values := valuesOf(20, func(i int, _ *rand.Rand, _ time.Time) string { return of([]byte{byte(i)}) })
		if f, how := Recognise(values); how > Digest {
			t.Errorf("%s such as %q: %q, %v", name, values[0].Text, f, how)
		}
	}
}

func TestTimesThatFollowTheClock(t *testing.T) {
	for _, tt := range []struct {
		clock string
		want  string // "": clock
		value func(time.Time) string
	}{
		{clock: "s", value: func(at time.Time) string { return fmt.Sprint(at.Unix()) }},
		{clock: "ms", value: func(at time.Time) string { return fmt.Sprint(at.UnixMilli()) }},
		{clock: "us", value: func(at time.Time) string { return fmt.Sprint(at.UnixMicro()) }},
		{clock: "ns", value: func(at time.Time) string { return fmt.Sprint(at.UnixNano()) }},
		{clock: "s.3", value: func(at time.Time) string { return fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000) }},
		{clock: "2006-01-02T15:04:05.000Z07:00", value: func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000Z") }},
		{clock: "2006-01-02T15:04:05Z07:00", value: func(at time.Time) string { return at.Format("2006-01-02T15:04:05Z") }},
		{clock: "2006-01-02T15:04:05Z07:00 zone +05:30", value: func(at time.Time) string { return at.Add(330*time.Minute).Format("2006-01-02T15:04:05") + "+05:30" }},
		{clock: "2006-01-02T15:04:05-07:00", value: func(at time.Time) string { return at.Format("2006-01-02T15:04:05+00:00") }},
		{clock: "2006-01-02T15:04:05.000000", value: func(at time.Time) string { return at.Format("2006-01-02T15:04:05.000000") }},
		{clock: "2006-01-02 15:04:05 zone +02:00", value: func(at time.Time) string { return at.Add(2 * time.Hour).Format("2006-01-02 15:04:05") }},
		{clock: "20060102T150405Z07:00", value: func(at time.Time) string { return at.Format("20060102T150405Z") }},
		{clock: "20060102150405", value: func(at time.Time) string { return at.Format("20060102150405") }},
		{clock: "http", value: func(at time.Time) string { return at.Format("Mon, 02 Jan 2006 15:04:05 GMT") }},
		{clock: "Mon, 02 Jan 2006 15:04:05 -0700", value: func(at time.Time) string { return at.Format("Mon, 02 Jan 2006 15:04:05 +0000") }},
		{clock: "s plus 1h0m0s", value: func(at time.Time) string { return fmt.Sprint(at.Unix() + 3600) }},
		{clock: "ms", value: func(at time.Time) string { return fmt.Sprint(at.Add(-90 * time.Second).UnixMilli()) }}, // the clock of the client is slow
	} {
		t.Run(tt.clock, func(t *testing.T) {
			values := valuesOf(40, func(_ int, _ *rand.Rand, at time.Time) string { return tt.value(at) })
			got, ok := RecogniseClock(values)
			if !ok || got.String() != tt.clock {
				t.Fatalf("%q…: %q, %v", values[0].Text, got, ok)
			}
			back, err := ParseClock(tt.clock)
			if err != nil || back.String() != tt.clock {
				t.Errorf("ParseClock: %q, %v", back, err)
			}
			later := begin.Add(1000 * time.Hour)
			if now, want := got.Format(later), tt.value(later); now != want && !strings.HasPrefix(tt.value(begin), fmt.Sprint(begin.Add(-90*time.Second).UnixMilli())) {
				t.Errorf("at another time %q, want %q", now, want)
			}
		})
	}
}

func TestDatesThatPeopleChooseDoNotFollowTheClock(t *testing.T) {
	for name, of := range map[string]func(i int, r *rand.Rand, at time.Time) string{
		"one evening of today": func(int, *rand.Rand, time.Time) string { return "2026-03-01T12:03:00Z" },
		"a slot within the hour": func(i int, r *rand.Rand, at time.Time) string {
			return begin.Add(time.Duration(r.IntN(60)-30) * time.Minute).Format("2006-01-02 15:04")
		},
		"today":             func(int, *rand.Rand, time.Time) string { return "2026-03-01" },
		"today as a number": func(int, *rand.Rand, time.Time) string { return "20260301" },
		"an hour ago, about": func(i int, r *rand.Rand, at time.Time) string {
			return fmt.Sprint(at.Unix() - 3600 + int64(r.IntN(900)))
		},
		"times of midnight": func(i int, _ *rand.Rand, _ time.Time) string { return fmt.Sprint(1772323200 + 86400*i) },
	} {
		values := valuesOf(60, of)
		if c, ok := RecogniseClock(values); ok {
			t.Errorf("%s, such as %q: %q", name, values[0].Text, c)
		}
	}
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"{uuid5}": "nothing is made by {uuid5}", "{hex}": "needs a length", "{hex 0}": "needs a length", "{hex 9-8}": "needs a length",
		"{uuid4 3}": "has its own length", "a{hex 3": "not closed", "{hex 99999}": "needs a length",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
	for _, text := range []string{"", "s.", "s.10", "yesterday", "s plus later", "ms zone Berlin"} {
		if c, err := ParseClock(text); err == nil {
			t.Errorf("ParseClock(%q) = %q", text, c)
		}
	}
}

func TestAnExampleIsMadeAnewWhereItHasDigits(t *testing.T) {
	for example, want := range map[string]string{
		"7f3a9c": "{hex 6}", "note 1234 & more": "note {digits 4} & more", "hello": "hello-{digits 6}", "a{{b": "a{{b-{digits 6}", "ORD-17-AbC9": "ORD-17-{base62 4}",
	} {
		f, err := Parse(example)
		if err != nil || f.String() != want {
			t.Errorf("Parse(%q) = %q, %v; want %q", example, f, err, want)
		}
	}
}

func TestMakeDependsOnItsArgumentsAlone(t *testing.T) {
	f, err := Parse("{uuid4} {uuid7} {ulid} {objectid} {hex 9} {base64 5} {ms}")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(f.Make(source(3), begin), f.Make(source(3), begin)); diff != "" {
		t.Error(diff)
	}
	if f.Make(source(3), begin) == f.Make(source(4), begin) {
		t.Error("another source makes the same value")
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"{uuid4}", "a{hex 3}b{{", "{", "}", "{digits 2-4}x", "0.{digits 15-17}", "{base64 3}{base64 3}", "plain 1234"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		form, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(form.String())
		if err != nil || again.String() != form.String() {
			t.Fatalf("%q prints as %q, which reads as %q, %v", text, form, again, err)
		}
		form.Make(source(1), begin)
	})
}

func FuzzRecognise(f *testing.F) {
	f.Add("ord_8b0e7153bf7c3706d85c", "ord_524e440066559a6656c9", "ord_0bd5482a90a29b9fa5ff")
	f.Add("1772366400123", "1772366401123", "1772366402123")
	f.Add("2026-03-01T12:00:00Z", "2026-03-01T12:00:01Z", "2026-03-01T12:00:02Z")
	f.Add("", "é", "\xff")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		values := []Value{{a, begin}, {b, begin.Add(time.Second)}, {c, begin.Add(2 * time.Second)}}
		if form, how := Recognise(values); how != Unknown {
			for _, v := range values {
				if !form.Matches(v.Text) {
					t.Errorf("%q, recognised in %q, does not match %q", form, values, v.Text)
				}
			}
		}
		if clock, ok := RecogniseClock(values); ok {
			if _, err := ParseClock(clock.String()); err != nil {
				t.Errorf("%q: %v", clock, err)
			}
		}
	})
}
