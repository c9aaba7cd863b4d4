package lines

import (
	"bytes"
	"encoding/json"
	"errors"
)

// sealed is what stands in place of a text.
type sealed struct {
	Ops []Op `json:"~text"`
}

// Seal returns a body that holds the changes alone.
func Seal(ops []Op) ([]byte, error) {
	if ops == nil {
		ops = []Op{}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(sealed{ops}); err != nil {
		return nil, err
	}
	return bytes.TrimSpace(b.Bytes()), nil
}

// IsSealed reports whether a body holds changes alone.
func IsSealed(body []byte) bool { return bytes.HasPrefix(body, []byte(`{"~text":`)) }

// Open returns the body that Seal wrote, with the changes done to the live text, or ErrGone.
func Open(body, live []byte) ([]byte, error) {
	var s sealed
	if !IsSealed(body) {
		return nil, errors.New("the body changes no text: it has no ~text")
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return nil, err
	}
	text, ok := Apply(string(live), s.Ops)
	if !ok {
		return nil, ErrGone
	}
	return []byte(text), nil
}
