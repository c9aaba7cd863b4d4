package filter

import (
	"errors"
	"fmt"
	"math"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/starling-load/starling/record/flow"
)

// A field is a property of a flow that an expression can name.
type field struct {
	ops     string                                    // for people
	is      func(*flow.Flow) bool                     // the field alone, without operator; nil: not possible
	compare func(op, value string) (condition, error) // op is one of = != ~ !~ < <= > >=
}

const (
	textOps   = "= != ~ !~"
	numberOps = "= != < <= > >="
	timeOps   = "< <= > >="
)

// fieldNames are the fields of findField that have no name behind a dot.
var fieldNames = [...]string{"method", "scheme", "host", "authority", "path", "query", "target", "url", "protocol",
	"status", "error", "complete", "time", "duration", "size", "request.size", "response.size", "messages", "number",
	"conn", "session"}

// dottedFields end in the name of a header field or cookie.
var dottedFields = [...]string{"header.", "request.header.", "response.header.", "cookie."}

func findField(name string) (*field, error) {
	for _, prefix := range dottedFields {
		if rest, ok := strings.CutPrefix(name, prefix); ok && rest != "" {
			return dottedField(prefix, rest), nil
		}
	}
	switch name {
	case "method":
		return exactField(func(f *flow.Flow) string { return f.Request.Method }, func(c *condition, s string) { c.method = s }), nil
	case "scheme":
		return textField(func(f *flow.Flow) string { return f.Scheme }), nil
	case "host":
		return hostField(), nil
	case "authority":
		return textField(func(f *flow.Flow) string { return f.Request.Authority }), nil
	case "path":
		return exactField(func(f *flow.Flow) string { return f.Request.Path() }, func(c *condition, s string) { c.path = s }), nil
	case "query":
		return textField(func(f *flow.Flow) string { return f.Request.Query() }), nil
	case "target":
		return textField(func(f *flow.Flow) string { return f.Request.Target }), nil
	case "url":
		return textField((*flow.Flow).URL), nil
	case "protocol":
		return textField(func(f *flow.Flow) string { return f.Protocol }), nil
	case "error":
		e := textField(func(f *flow.Flow) string { return f.Error })
		e.is = func(f *flow.Flow) bool { return f.Error != "" }
		return e, nil
	case "complete":
		return &field{ops: "none", is: (*flow.Flow).Complete, compare: func(string, string) (condition, error) {
			return condition{}, errors.New("stands alone, as in: complete, or: not complete")
		}}, nil
	case "status":
		return statusField(), nil
	case "time":
		return &field{ops: timeOps, compare: compareTime}, nil
	case "duration":
		return numberField(func(f *flow.Flow) int64 { return int64(f.Done) }, parseLength), nil
	case "size":
		return numberField(allBytes, parseSize), nil
	case "request.size":
		return numberField(func(f *flow.Flow) int64 { return f.Request.Body.Size }, parseSize), nil
	case "response.size":
		return numberField(responseSize, parseSize), nil
	case "messages":
		return numberField(func(f *flow.Flow) int64 { return int64(len(f.Messages)) }, parseCount), nil
	case "number":
		return &field{ops: numberOps, compare: compareNumber}, nil
	case "conn":
		return &field{ops: "= !=", compare: compareConn}, nil
	case "session":
		return &field{ops: "= !=", compare: compareSession}, nil
	}
	return nil, unknownField(name)
}

func unknownField(name string) error {
	names := slices.Concat(fieldNames[:], dottedFields[:])
	nearest := slices.MinFunc(names, func(a, b string) int { return edits(name, a) - edits(name, b) })
	hint := ""
	if edits(name, nearest) <= 2 {
		hint = fmt.Sprintf("; did you mean %s?", nearest)
	}
	return fmt.Errorf("%.40q is no field%s; there are %s, header.NAME, request.header.NAME, response.header.NAME and cookie.NAME",
		name, hint, strings.Join(fieldNames[:], ", "))
}

// edits is the Levenshtein distance of two short names.
func edits(a, b string) int {
	if len(a) > 40 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(diagonal+cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

func textField(get func(*flow.Flow) string) *field {
	return exactField(get, func(*condition, string) {})
}

// exactField calls exact where the field must have one value, which an outline
// can rule out.
func exactField(get func(*flow.Flow) string, exact func(*condition, string)) *field {
	return &field{ops: textOps, compare: func(op, value string) (condition, error) {
		test, negated, err := textTest(op, value)
		if err != nil {
			return condition{}, err
		}
		c := anywhere(func(f *flow.Flow) bool { return test(get(f)) != negated })
		if op == "=" && !strings.Contains(value, "*") {
			exact(&c, value)
		}
		return c, nil
	}}
}

// hostField compares without port and without case.
func hostField() *field {
	return &field{ops: textOps, compare: func(op, value string) (condition, error) {
		if op == "=" || op == "!=" {
			value = strings.ToLower(value)
		}
		test, negated, err := textTest(op, value)
		if err != nil {
			return condition{}, err
		}
		return anywhere(func(f *flow.Flow) bool { return test(strings.ToLower(hostOf(f.Request.Authority))) != negated }), nil
	}}
}

func hostOf(authority string) string {
	if host, _, err := net.SplitHostPort(authority); err == nil {
		return host
	}
	return strings.TrimSuffix(strings.TrimPrefix(authority, "["), "]")
}

// dottedField holds if one of the named values does. "!=" and "!~" hold if no
// value is equal or found.
func dottedField(prefix, name string) *field {
	some := func(f *flow.Flow, test func(string) bool) bool {
		if prefix == "cookie." {
			return slices.ContainsFunc(cookies(f.Request.Headers, name), test)
		}
		if prefix != "response.header." && slices.ContainsFunc(f.Request.Headers.Values(name), test) {
			return true
		}
		return prefix != "request.header." && f.Response != nil && slices.ContainsFunc(f.Response.Headers.Values(name), test)
	}
	return &field{
		ops: textOps,
		is:  func(f *flow.Flow) bool { return some(f, func(string) bool { return true }) },
		compare: func(op, value string) (condition, error) {
			test, negated, err := textTest(op, value)
			if err != nil {
				return condition{}, err
			}
			return anywhere(func(f *flow.Flow) bool { return some(f, test) != negated }), nil
		},
	}
}

// cookies returns the values of the named cookie of a request.
func cookies(h flow.Headers, name string) (values []string) {
	for i := range h {
		if !strings.EqualFold(h[i].Name, "Cookie") {
			continue
		}
		for pair := range strings.SplitSeq(h[i].Value, ";") {
			if key, value, ok := strings.Cut(strings.TrimSpace(pair), "="); ok && key == name {
				values = append(values, value)
			}
		}
	}
	return values
}

func numberField(get func(*flow.Flow) int64, parse func(string) (int64, error)) *field {
	return &field{ops: numberOps, compare: func(op, value string) (condition, error) {
		test, err := numberTest(op, 0)
		if err != nil {
			return condition{}, err
		}
		want, err := parse(value)
		if err != nil {
			return condition{}, err
		}
		test, err = numberTest(op, want)
		return anywhere(func(f *flow.Flow) bool { return test(get(f)) }), err
	}}
}

// statusField knows classes too: "5xx". A flow without a response has status 0.
func statusField() *field {
	plain := numberField(status, func(s string) (int64, error) {
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil {
			return 0, fmt.Errorf("%.40q is no status; write a number such as 404, a class such as 5xx, or 0 for no response", s)
		}
		return n, nil
	})
	class := numberField(func(f *flow.Flow) int64 { return status(f) / 100 }, func(s string) (int64, error) { return int64(s[0] - '0'), nil })
	return &field{ops: numberOps, compare: func(op, value string) (condition, error) {
		if len(value) == 3 && value[0] >= '1' && value[0] <= '9' && strings.EqualFold(value[1:], "xx") {
			return class.compare(op, value)
		}
		return plain.compare(op, value)
	}}
}

func status(f *flow.Flow) int64 {
	if f.Response == nil {
		return 0
	}
	return int64(f.Response.Status)
}

func responseSize(f *flow.Flow) int64 {
	if f.Response == nil {
		return 0
	}
	return f.Response.Body.Size
}

// allBytes is the size of both bodies and all messages, as they were on the wire.
func allBytes(f *flow.Flow) int64 {
	n := f.Request.Body.Size + responseSize(f)
	for i := range f.Messages {
		n += f.Messages[i].Size
	}
	return n
}

// compareTime compares the start of a flow.
func compareTime(op, value string) (condition, error) {
	at, err := parseTime(value)
	nano := at.UnixNano() // parseTime keeps to years in which that is defined
	c := condition{from: math.MinInt64}
	switch op {
	case "<":
		c.match = func(f *flow.Flow) bool { return f.Start.Before(at) }
		c.may = func(o flow.Outline) bool { least, _ := o.Starts(); return least < nano }
	case "<=":
		c.match = func(f *flow.Flow) bool { return !f.Start.After(at) }
		c.may = func(o flow.Outline) bool { least, _ := o.Starts(); return least <= nano }
	case ">":
		c.match = func(f *flow.Flow) bool { return f.Start.After(at) }
		c.may = func(o flow.Outline) bool { _, greatest := o.Starts(); return greatest > nano }
		c.from = nano
	case ">=":
		c.match = func(f *flow.Flow) bool { return !f.Start.Before(at) }
		c.may = func(o flow.Outline) bool { _, greatest := o.Starts(); return greatest >= nano }
		c.from = nano
	default:
		err = errOperator
	}
	return c, err
}

// compareNumber compares the number of a flow.
func compareNumber(op, value string) (condition, error) {
	c, err := numberField(func(f *flow.Flow) int64 { return int64(min(f.Number, math.MaxInt64)) }, parseCount).compare(op, value)
	if err != nil || op == "!=" {
		return c, err
	}
	want, _ := parseCount(value) // was read just now
	c.may = func(o flow.Outline) bool {
		number, flows := o.Numbers()
		if number > math.MaxInt64-math.MaxUint32 {
			return true // Match takes all such numbers for the same
		}
		first := int64(number)
		last := first + int64(flows) - 1
		switch op {
		case "=":
			return first <= want && want <= last
		case "<", "<=":
			return first <= want
		}
		return last >= want
	}
	return c, nil
}

func compareConn(op, value string) (condition, error) {
	id, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		err = fmt.Errorf("%.40q is no number of a connection", value)
	}
	return among(op, flow.ConnHash(id), func(f *flow.Flow) bool { return f.Conn == id }, err)
}

// compareSession takes the number of a connection or, of 16 hexadecimal digits,
// the hash of an identity.
func compareSession(op, value string) (condition, error) {
	if len(value) != 16 {
		c, err := compareConn(op, value)
		if err != nil && err != errOperator {
			err = fmt.Errorf("%.40q is neither the number of a connection nor the 16 digits that \"flow cat --json\" shows as session", value)
		}
		return c, err
	}
	hash, err := strconv.ParseUint(value, 16, 64)
	if err != nil {
		err = fmt.Errorf("%.40q is not the 16 hexadecimal digits of a session", value)
	}
	return among(op, hash, func(f *flow.Flow) bool { return f.Identity().Hash == hash }, err)
}

// among is a condition on the session or connection that a hash names.
func among(op string, hash uint64, match func(*flow.Flow) bool, err error) (condition, error) {
	switch {
	case op != "=" && op != "!=":
		return condition{}, errOperator
	case err != nil:
		return condition{}, err
	case op == "!=":
		return not(anywhere(match)), nil
	}
	c := anywhere(match)
	c.may = func(o flow.Outline) bool { return o.MaySession(hash) }
	return c, nil
}
