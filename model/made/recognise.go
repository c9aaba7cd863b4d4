package made

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Value is a value that a request carried, new in this request.
type Value struct {
	Text string
	At   time.Time // when the request began
}

// A Strength says how much the look of values proves.
type Strength int

// The strengths, the weakest first.
const (
	Unknown Strength = iota // the values have no form that a generator makes
	Digest                  // hexadecimal digits or base64 of the length of a hash: made up, or computed
	Random                  // long, random and of one length: made up, or a key that was given to the user
	Sure                    // nobody but a generator of clients has this form
)

func (s Strength) String() string {
	return [...]string{"unknown", "digest", "random", "sure"}[s]
}

// near is how far a time in a value may lie from its request.
const near = 10 * time.Minute

// few is how many values it takes to see that characters are random.
const few = 3

// maxValues is how many values are looked at.
const maxValues = 200

// Recognise returns the form of values that a client made, one for each request. All
// values must have the form. Unknown comes with an empty form.
func Recognise(values []Value) (Form, Strength) {
	if len(values) == 0 || len(values[0].Text) > maxLength {
		return Form{}, Unknown
	}
	if len(values) > maxValues {
		values = values[:maxValues]
	}
	if strings.ContainsAny(values[0].Text, " \t\r\n") { // people write sentences
		return Form{}, Unknown
	}
	for _, whole := range []bool{false, true} {
		if f, how := recognise(values, whole); how != Unknown {
			return f, how
		}
	}
	return Form{}, Unknown
}

// recognise cuts the values into tokens and finds out how each is made. With whole set,
// what follows the common beginning is one token of base64.
func recognise(values []Value, whole bool) (Form, Strength) {
	rows := make([][]string, len(values))
	if whole {
		n := commonStart(values)
		for i, v := range values {
			rows[i] = []string{v.Text[:n], v.Text[n:]}
		}
	} else {
		for i, v := range values {
			if rows[i] = tokens(v.Text); len(rows[i]) != len(rows[0]) {
				return Form{}, Unknown
			}
		}
	}
	return ofTokens(values, rows, whole)
}

// A proof collects what the parts of a form prove.
type proof struct {
	weakest    Strength // of the parts that are random characters
	identifier bool     // a part carries proof of its own
	clock      bool     // a part is the time
	random     int      // random characters beside it
}

// ofTokens makes a form of the columns of rows. Where the time stands in one column,
// fewer random characters will do in the others.
func ofTokens(values []Value, rows [][]string, whole bool) (Form, Strength) {
	columns := make([][]Value, len(rows[0]))
	of := proof{weakest: Sure}
	for k := range columns {
		for i := range values {
			columns[k] = append(columns[k], Value{rows[i][k], values[i].At})
		}
		of.clock = of.clock || clockUnit(columns[k]) != ""
	}
	var f Form
	for k, column := range columns {
		if constant(column) {
			f.addText(rows[0][k])
			continue
		}
		prefix, p, how := recogniseToken(column, whole, of.clock)
		if how == Unknown {
			return Form{}, Unknown
		}
		f.addText(prefix)
		f.parts = append(f.parts, p)
		switch {
		case slices.Contains(clockUnits[:], p.kind):
		case fixed(p.kind) > 0:
			of.identifier = true
		default:
			of.random += p.min
			if p.kind != "digits" {
				of.weakest = min(of.weakest, how)
			}
		}
	}
	return f, of.verdict(f)
}

// fewRandom is how many random characters must stand beside a time.
const fewRandom = 4

// verdict says what the parts prove together. Random digits alone prove nothing: they
// may count something, or be the number of an account. Beside the time of the request,
// and as the fraction that a generator of random numbers gives, they do.
func (of *proof) verdict(f Form) Strength {
	digits := slices.ContainsFunc(f.parts, func(p part) bool { return p.kind == "digits" })
	switch {
	case !f.makes(), f.isTime():
		return Unknown
	case of.clock && of.random >= fewRandom, f.isFraction(), f.isTrace():
		return Sure
	case digits && !of.identifier:
		return Unknown
	}
	return of.weakest
}

// isTrace reports whether the form is that of the header traceparent (W3C Trace Context).
func (f Form) isTrace() bool {
	s, ok := strings.CutPrefix(f.String(), "00-{hex 32}-{hex 16}-0")
	return ok && len(s) == 1
}

// isTime reports whether nothing but times is made. That is a Clock.
func (f Form) isTime() bool {
	return !slices.ContainsFunc(f.parts, func(p part) bool {
		return p.kind != "" && !slices.Contains(clockUnits[:], p.kind)
	})
}

// isFraction reports whether the form is 0. and as many digits as a random number of
// double precision has.
func (f Form) isFraction() bool {
	return len(f.parts) == 2 && f.parts[0].text == "0." && f.parts[1].kind == "digits" && f.parts[1].min >= 14
}

// constant reports whether all texts are equal and stand for themselves. A UUID of one
// value only is no text.
func constant(column []Value) bool {
	for _, v := range column {
		if v.Text != column[0].Text {
			return false
		}
	}
	if len(column) > 1 {
		return true
	}
	_, how := identifier(column)
	return how == Unknown && clockUnit(column) == ""
}

// tokens cuts a value into UUIDs, runs of letters and digits, and what stands between.
func tokens(v string) []string {
	var out []string
	for at := 0; at < len(v); {
		end := at
		switch {
		case at+36 <= len(v) && (isUUID(v[at:at+36], '4') || isUUID(v[at:at+36], '7')):
			end = at + 36
		case isAlnum(v[at]):
			for end < len(v) && isAlnum(v[end]) {
				end++
			}
		default:
			for end < len(v) && !isAlnum(v[end]) {
				end++
			}
		}
		out = append(out, v[at:end])
		at = end
	}
	return out
}

// commonStart returns the length of the text that all values begin with, up to a mark
// between words.
func commonStart(values []Value) int {
	first := values[0].Text
	n := len(first)
	for _, v := range values[1:] {
		k := 0
		for k < n && k < len(v.Text) && v.Text[k] == first[k] {
			k++
		}
		n = k
	}
	for n > 0 && !strings.ContainsRune(" .:/|=_-", rune(first[n-1])) {
		n--
	}
	return n
}

// recogniseToken finds out how a token that varies is made, with the text before it that
// never varies. clock says that the time stands beside it.
func recogniseToken(column []Value, whole, clock bool) (prefix string, p part, how Strength) {
	if whole {
		if p, how := base64Token(column); how != Unknown {
			return "", p, how
		}
		p, how := randomToken(column, "base64url", clock)
		return "", p, how
	}
	if p, how := identifier(column); how != Unknown {
		return "", p, how
	}
	if kind := clockUnit(column); kind != "" {
		return "", part{kind: kind}, Sure
	}
	if n := wordStart(column); n > 0 {
		prefix = column[0].Text[:n]
		column = slices.Clone(column)
		for i := range column {
			column[i].Text = column[i].Text[n:]
		}
	}
	for _, kind := range []string{"digits", "hex", "HEX", "base36", "base62"} {
		if p, how := randomToken(column, kind, clock); how != Unknown {
			return prefix, p, how
		}
	}
	return "", part{}, Unknown
}

// wordStart returns the length of the letters that all tokens begin with, if they are at
// least two and there are enough tokens to exclude chance.
func wordStart(column []Value) int {
	n := len(column[0].Text)
	for _, v := range column {
		k := 0
		for k < n && k < len(v.Text) && v.Text[k] == column[0].Text[k] && !isDigit(v.Text[k]) {
			k++
		}
		n = k
	}
	if n < 2 || len(column) < 5 {
		return 0
	}
	return n
}

// identifier recognises identifiers that carry proof of their origin: the version of a
// UUID, or the time of the request.
func identifier(column []Value) (part, Strength) {
	for _, kind := range []string{"uuid4", "UUID4", "uuid7", "UUID7", "uuid4hex", "ulid", "objectid"} {
		p := part{kind: kind}
		if all(column, func(v Value) bool { return p.matches(v.Text) == len(v.Text) && carriesTime(kind, v) }) &&
			(kind != "uuid4hex" || len(column) >= few) {
			return p, Sure
		}
	}
	return part{}, Unknown
}

// carriesTime reports whether the time within an identifier is that of its request. It
// is true for identifiers without a time.
func carriesTime(kind string, v Value) bool {
	var at time.Time
	switch kind {
	case "uuid7", "UUID7":
		ms, err := strconv.ParseInt(v.Text[:8]+v.Text[9:13], 16, 64)
		if err != nil {
			return false
		}
		at = time.UnixMilli(ms)
	case "ulid":
		ms := int64(0)
		for i := range 10 {
			ms = ms<<5 | int64(strings.IndexByte(crockford, v.Text[i]))
		}
		at = time.UnixMilli(ms)
	case "objectid":
		s, err := strconv.ParseInt(v.Text[:8], 16, 64)
		if err != nil {
			return false
		}
		at = time.Unix(s, 0)
	default:
		return true
	}
	return isNear(at, v.At)
}

func isNear(a, b time.Time) bool {
	d := a.Sub(b)
	return -near < d && d < near
}

func all(column []Value, f func(Value) bool) bool {
	return !slices.ContainsFunc(column, func(v Value) bool { return !f(v) })
}

// clockUnits are the units of times within values.
var clockUnits = [...]string{"ms", "us", "s", "ms36"}

// clockUnit returns the unit in which every token is the time of its request, or "".
func clockUnit(column []Value) string {
	for _, kind := range clockUnits {
		if isClock(column, kind) {
			return kind
		}
	}
	return ""
}

// isClock reports whether every token is the time of its request in a unit.
func isClock(column []Value, kind string) bool {
	p := part{kind: kind}
	base := 10
	if kind == "ms36" {
		base = 36
	}
	return all(column, func(v Value) bool {
		n, err := strconv.ParseInt(v.Text, base, 64)
		if err != nil || p.matches(v.Text) != len(v.Text) {
			return false
		}
		switch kind {
		case "s":
			return isNear(time.Unix(n, 0), v.At)
		case "us":
			return isNear(time.UnixMicro(n), v.At)
		}
		return isNear(time.UnixMilli(n), v.At)
	})
}

// base64Token recognises bytes in base64 with padding.
func base64Token(column []Value) (part, Strength) {
	size, marks := 0, false
	for i, v := range column {
		raw, err := base64.StdEncoding.DecodeString(v.Text)
		if err != nil || i > 0 && len(raw) != size {
			return part{}, Unknown
		}
		size = len(raw)
		marks = marks || strings.ContainsAny(v.Text, "+/=")
	}
	if !marks || size < 8 || len(column) < few || !random(trimmed(column), digits+upper+lower+"+/") {
		return part{}, Unknown
	}
	p := part{kind: "base64", min: size, max: size}
	if hashSize(size) {
		return p, Digest
	}
	return p, Random
}

// trimmed takes the padding of base64 away.
func trimmed(column []Value) []Value {
	column = slices.Clone(column)
	for i := range column {
		column[i].Text = strings.TrimRight(column[i].Text, "=")
	}
	return column
}

// hashSize reports whether hashes have so many bytes: MD5, SHA-1, SHA-2 and their kin.
func hashSize(bytes int) bool { return slices.Contains([]int{16, 20, 28, 32, 48, 64}, bytes) }
