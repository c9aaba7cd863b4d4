package text

import (
	"bufio"
	"errors"
	"fmt"
	"regexp"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/flow"
)

// A Format reads the text form of recordings, which "starling flow cat" prints.
type Format struct{}

var mark = regexp.MustCompile(`^(#.*\n|[ \t]*\r?\n)*(flow \d+|conn \d+|loss at=\S+|info \w+=\S+)( |\r?\n)`)

// Recognize looks for the line of a record.
func (Format) Recognize(head []byte) convert.Certainty {
	if mark.Match(head) {
		return convert.Sure
	}
	return convert.No
}

// Import reads records of all kinds as they stand there.
func (Format) Import(r *bufio.Reader, s *convert.Sink) error {
	for rec, err := range flow.Parse(r) {
		var wrong *flow.ParseError
		switch {
		case errors.As(err, &wrong):
			err = s.Skip(fmt.Sprintf("line %d", wrong.Line), wrong.Err)
		case err != nil:
			return err
		default:
			err = s.Put(rec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
