package faithful

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize"
)

// A Supply says whether the rows of a data file, such as accounts, are as many as the
// users of a run. Its JSON keys are stable.
type Supply struct {
	File     string `json:"file"`           // without .csv
	With     string `json:"with,omitempty"` // the kind of rows, such as "role=admin"; "": all
	Needed   uint64 `json:"needed"`
	Supplied uint64 `json:"supplied"`

	// Sessions is how many sessions begin that use such a row. InUse is how many of
	// them have that of another user who is there at the same time, by the recorded
	// times and if answers take none.
	Sessions uint64 `json:"sessions"`
	InUse    uint64 `json:"in_use"`
}

// String says what is needed and what is there.
func (s Supply) String() string {
	rows := s.File
	if s.With != "" {
		rows += " with " + s.With
	}
	if s.Supplied == 0 {
		return fmt.Sprintf("needs %s %s, none supplied", humanize.Comma(int64(s.Needed)), rows)
	}
	return fmt.Sprintf("needs %s %s, %s supplied", humanize.Comma(int64(s.Needed)), rows, humanize.Comma(int64(s.Supplied)))
}

// Short reports whether there are fewer rows than users.
func (s Supply) Short() bool { return s.Supplied < s.Needed }

// supplies judges how many sessions had what another user had at the same time: a
// target may then let only one of them go on, and both change the same things.
func (j *judge) supplies() {
	j.out.Supplies = append([]Supply{}, j.rec.Supplies...)
	j.out.Varieties = slices.Clone(j.rec.Varieties)
	for _, s := range j.rec.Supplies {
		clash := share(s.InUse, s.Sessions)
		j.find(level(clash, inUsePartly, 1), clash/2, "%s of %s sessions had a row of %s.csv that another user had at the same time: %s",
			humanize.Comma(int64(s.InUse)), humanize.Comma(int64(s.Sessions)), s.File, s)
	}
}
