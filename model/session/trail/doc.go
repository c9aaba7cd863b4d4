// Package trail finds out which trails of pages one reader made whom nothing names.
//
//	site := trail.Site{Pace: func(int64, bool) float64 { return 1 }, Idle: 100}
//	before := trail.Join(trails, site)
//	fmt.Println(before)
//
// A trail is a run of requests that surely have one sender. A reader who types an address
// on new connections begins another one, and nothing in that request says which trail it
// goes on. The rest of both trails may: what a browser keeps it does not fetch again, what
// it did not fetch it had, pages that requests come from were loaded, and who still reads
// on one trail did not go on to another. How long readers look at a page decides among
// those that are left.
//
// Each trail goes on at most one other. The pairs for which most speaks are joined first.
// A pair is joined if it is likelier that one reader went on than that one left and
// another one came.
package trail
