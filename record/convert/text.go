package convert

import (
	"bufio"
	"errors"
	"fmt"

	"github.com/starling-load/starling/record/flow"
)

// importText reads the text form of recordings, which "starling flow cat" prints.
// Records of all kinds come as they stand there.
func importText(r *bufio.Reader, _ ImportOptions, s *sink) error {
	for rec, err := range flow.Parse(r) {
		var wrong *flow.ParseError
		switch {
		case errors.As(err, &wrong):
			err = s.skip(fmt.Sprintf("line %d", wrong.Line), wrong.Err)
		case err != nil:
			return err
		default:
			err = s.put(rec)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
