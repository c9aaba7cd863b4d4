package faithful

import (
	"fmt"

	"github.com/dustin/go-humanize"
)

// A Variety says how many different things the users of a run ask an endpoint for, such as
// the articles that they open. Copies of recorded users ask for the recorded ones. More
// users would also ask for others, which no recording names. Its JSON keys are stable.
type Variety struct {
	Endpoint string `json:"endpoint"`
	Recorded uint64 `json:"recorded"` // different ones in the recording, all that is sent
	Expected uint64 `json:"expected"` // of as many users as those of the run, about
}

// String says what is sent, and what would be.
func (v Variety) String() string {
	return fmt.Sprintf("%s: the %s that were recorded; so many users would ask for about %s, or for all there are: caches see too few",
		v.Endpoint, humanize.Comma(int64(v.Recorded)), humanize.Comma(int64(v.Expected)))
}
