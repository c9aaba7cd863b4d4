package loose

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Text is text, where a writer may have put something else: a number becomes its
// digits, null becomes empty, other JSON stays as it is written.
type Text string

// UnmarshalJSON never fails on JSON.
func (t *Text) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, (*string)(t))
	}
	if string(b) != "null" {
		*t = Text(b)
	}
	return nil
}

// A Number is a number that may stand in quotes, or be missing.
type Number struct {
	Value float64
	Known bool
}

// UnmarshalJSON never fails on JSON.
func (n *Number) UnmarshalJSON(b []byte) error {
	v, err := strconv.ParseFloat(strings.Trim(string(b), `" `), 64)
	*n = Number{Value: v, Known: err == nil && v == v}
	return nil
}

// MarshalJSON writes the number alone.
func (n Number) MarshalJSON() ([]byte, error) { return json.Marshal(n.Value) }

// Positive returns the number if it is known and above 0, otherwise 0. The result is
// less than 2^53.
func (n Number) Positive() float64 {
	if !n.Known || n.Value <= 0 {
		return 0
	}
	return min(n.Value, 1<<53)
}

// A List is a list, where a writer may have put null, text or an object. Elements of
// another type are left out.
type List[T any] []T

// UnmarshalJSON never fails on JSON.
func (l *List[T]) UnmarshalJSON(b []byte) error {
	var raw []json.RawMessage
	if json.Unmarshal(b, &raw) != nil {
		return nil
	}
	for _, r := range raw {
		var v T
		if json.Unmarshal(r, &v) == nil {
			*l = append(*l, v)
		}
	}
	return nil
}

// Object reads an object into v. What is no object, as the [] that PHP writes for an
// empty one, leaves v as it is.
func Object(b []byte, v any) error {
	if len(b) == 0 || b[0] != '{' {
		return nil
	}
	return json.Unmarshal(b, v)
}

// Fault says what is wrong with JSON without repeating any of it.
func Fault(err error) string {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Sprintf("the JSON is broken at its byte %d", syntax.Offset)
	case errors.As(err, &kind):
		return fmt.Sprintf("%q holds a %s", kind.Field, kind.Value)
	}
	return "the JSON is broken"
}

// Base64 decodes both alphabets, with or without padding and line ends.
func Base64(text string) ([]byte, error) {
	clean := strings.NewReplacer("\r", "", "\n", "", " ", "", "-", "+", "_", "/").Replace(text)
	return base64.RawStdEncoding.DecodeString(strings.TrimRight(clean, "="))
}
