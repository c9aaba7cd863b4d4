package endpoint

import (
	"path"
	"strings"
)

// Stem returns a segment of a path without the ending of a file name: "cart" of
// "cart.html", but "v1.2" of "v1.2".
func Stem(segment string) string {
	ending := path.Ext(segment)
	if len(ending) < 2 || len(ending) > 6 || len(ending) == len(segment) || ending[1] < 'A' {
		return segment
	}
	return strings.TrimSuffix(segment, ending)
}
