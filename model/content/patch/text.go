package patch

import (
	"encoding/json"
	"fmt"
)

// BetweenTexts returns what a client did to the text shown before it sent it back, in the
// form that [OpenText] reads. ok is false if that is not told by parts of the text.
func BetweenTexts(shown, sent string) (changes string, ok bool) {
	a, b := &node{scalar: shown}, &node{scalar: sent}
	ops, ok := between(a, b)
	if !ok || len(ops) == 1 && ops[0].Kind == Set {
		return "", false
	}
	sealed, err := Sealed([]byte("null"), nil, ops)
	return string(sealed), err == nil
}

// OpenText does the changes that [BetweenTexts] found to another state of the text. The error
// is that of [Apply].
func OpenText(changes, live string) (string, error) {
	doc, err := json.Marshal(live)
	if err != nil {
		return "", err
	}
	out, err := Open([]byte(changes), doc)
	if err != nil {
		return "", err
	}
	var text string
	if err := json.Unmarshal(out, &text); err != nil {
		return "", fmt.Errorf("the changes of a text give no text: %w", err)
	}
	return text, nil
}
